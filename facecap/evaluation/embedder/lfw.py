"""`facecap eval lfw`: embedders on pairs of Labelled Faces in the Wild, through the detector and alignment of
production.

Protocol: each fold is answered at the threshold that is best on the other folds (G. Huang et al., "Labeled
Faces in the Wild", 2007), with the folds that the pairs file has.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import Embedder, align_face
from facecap.conversion.model_source import as_model
from facecap.errors import FacecapError
from facecap.evaluation.classification import Floats, roc
from facecap.evaluation.curves import Curve, Panel, short_names
from facecap.evaluation.detector.scaled_detector import ScaledDetector
from facecap.evaluation.embedder.lfw_pairs import Pair, read_pairs
from facecap.evaluation.embedder.pair_pickle import read_pickled
from facecap.evaluation.embedder.verification import across_folds, cosines, mean_and_std, tar_at_far
from facecap.evaluation.report import Rows, aligned, number, print_json, write_results

FOLDER = "lfw_dev"
SIDE = 320  # px that the detector sees a picture of 250 at
LEAST_SCORE = 0.1
BATCH = 32
RATES = (1e-2, 1e-3)
ROC = "ROC"
PANELS = (
    Panel(
        ROC,
        "different pairs accepted",
        "same pairs accepted",
        logarithmic=True,
        x_limits=(3e-4, 1.0),
        y_limits=(0.0, 1.002),
    ),
)
COLUMNS = ("accuracy", "std", "threshold", "TAR at FAR 0.01", "TAR at FAR 0.001")

Crops = NDArray[np.uint8]


@dataclass(frozen=True)
class Faces:
    """Aligned faces (N, 112, 112, 3) BGR by the path of their picture; `missed` have no face."""

    crops: Crops
    place: dict[str, int]
    missed: list[str]


def main(args: argparse.Namespace) -> int:
    """Measure every model by the options of the command line and print; returns the exit code."""
    pairs, faces = read_set(args.data, args.detector)
    figures: dict[str, dict[str, Any]] = {}
    curves: dict[str, dict[str, Curve]] = {}
    rows: dict[str, Rows] = {}
    with tempfile.TemporaryDirectory() as made:
        for model in args.model:
            print(f"lfw: {model}", file=sys.stderr)
            embedder = Embedder(as_model(model, Path(made)), runtime=args.runtime, provider=args.provider)
            similarity = compare(embedder, faces, pairs, args.flip)
            figures[model] = {"path": str(embedder.info["path"]), **measure(similarity, pairs, faces)}
            curves[model] = {ROC: _curve(similarity, pairs, figures[model])}
            rows[model] = pair_rows(similarity, pairs, figures[model])
    if args.out is not None:
        write_results(args.out, "lfw", figures, PANELS, curves, rows)
    if args.json:
        print_json(figures)
    else:
        print(text(figures))
    return 0


def read_set(data: Path, detector: str | None = None) -> tuple[list[Pair], Faces]:
    """The pairs of `data`, or of its folder `lfw_dev`, and the faces of their pictures; of a file the pairs
    and aligned faces that it holds (`pair_pickle`), which no detector sees.

    Raises:
        FacecapError: folder or file has another shape, a picture cannot be read, or a detector is given for
            faces that are aligned.
    """
    if data.is_file():
        if detector is not None:
            raise FacecapError(f"--detector {detector}: the faces of {data} are aligned, nothing is detected")
        pairs, crops = read_pickled(data)
        print(f"lfw: {data}: {len(crops)} faces of 112x112, aligned already: no detector", file=sys.stderr)
        return pairs, Faces(crops, {str(number): number for number in range(len(crops))}, [])
    folder = data / FOLDER if (data / FOLDER).is_dir() else data
    pairs = read_pairs(_pairs_file(folder))
    scaled = ScaledDetector(detector, SIDE, score_threshold=LEAST_SCORE)
    return pairs, align_all(folder / "images", pairs, scaled)


def align_all(images: Path, pairs: Sequence[Pair], detector: ScaledDetector) -> Faces:
    """The face nearest to the middle of every picture that a pair names."""
    names = sorted({name for pair in pairs for name in (pair.first, pair.second)})
    crops: list[Crops] = []
    place: dict[str, int] = {}
    missed: list[str] = []
    for index, name in enumerate(names):
        image = cv2.imread(str(images / name), cv2.IMREAD_COLOR)
        if image is None:
            raise FacecapError(f"{images / name}: not a readable picture, but a pair names it")
        if index % 500 == 499:
            print(f"lfw: {index + 1} of {len(names)} pictures", file=sys.stderr)
        picture = np.asarray(image, np.uint8)
        landmarks = _central(detector, picture)
        if landmarks is None:
            missed.append(name)
        else:
            place[name] = len(crops)
            crops.append(align_face(picture, landmarks))
    if not crops:
        raise FacecapError(f"{images}: no face found in {len(names)} pictures")
    return Faces(np.stack(crops), place, missed)


def compare(embedder: Embedder, faces: Faces, pairs: Sequence[Pair], flip: bool = False) -> Floats:
    """Cosine of every pair (N,), NaN where a face was not found; `flip` adds vectors of mirrored faces."""
    vectors = np.concatenate([_embed(embedder, batch, flip) for batch in _batches(faces.crops)])
    known = [pair.first in faces.place and pair.second in faces.place for pair in pairs]
    found = [pair for pair, both in zip(pairs, known, strict=True) if both]
    similarity = np.full(len(pairs), np.nan)
    similarity[known] = cosines(
        vectors[[faces.place[pair.first] for pair in found]],
        vectors[[faces.place[pair.second] for pair in found]],
    )
    return similarity


def measure(similarity: Floats, pairs: Sequence[Pair], faces: Faces) -> dict[str, Any]:
    """Accuracy across folds, and true accept rates over all pairs with what they rest on."""
    same = np.array([pair.same for pair in pairs])
    folds = across_folds(similarity, same, np.array([pair.fold for pair in pairs]))
    mean, std = mean_and_std([fold.accuracy for fold in folds])
    figures: dict[str, Any] = {
        "accuracy": mean,
        "std": std,
        "threshold": float(np.mean([fold.threshold for fold in folds])),
        "folds": [{"accuracy": fold.accuracy, "threshold": fold.threshold} for fold in folds],
        "pairs": len(pairs),
        "faces not found": faces.missed,
    }
    for far in RATES:
        rate = tar_at_far(similarity, same, far)
        figures[f"TAR at FAR {far:g}"] = rate.tar
        figures[f"FAR {far:g}"] = {"threshold": rate.threshold, "different pairs accepted": rate.accepted}
    return figures


def pair_rows(similarity: Floats, pairs: Sequence[Pair], figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One row a pair: `picture`, `other`, `fold` from 1, `label` and `answer`, `same` or `different`, by the
    threshold of the fold, and `score`, the cosine; None for the last two where a face was not found."""
    words = {True: "same", False: "different"}
    thresholds = [fold["threshold"] for fold in figures["folds"]]
    return [
        {
            "picture": pair.first,
            "other": pair.second,
            "fold": pair.fold + 1,
            "label": words[pair.same],
            "answer": None if np.isnan(cosine) else words[bool(cosine >= thresholds[pair.fold])],
            "score": None if np.isnan(cosine) else round(float(cosine), 6),
        }
        for pair, cosine in zip(pairs, similarity, strict=True)
    ]


def text(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """The table, and what its figures rest on."""
    names = short_names(list(figures))
    rows = [["model", *COLUMNS]]
    for model, row in figures.items():
        rows.append([names[model], *(number(row[column]) for column in COLUMNS)])
    one = next(iter(figures.values()))
    accepted = {far: one[f"FAR {far:g}"]["different pairs accepted"] for far in RATES}
    rests = ", ".join(f"FAR {far:g} lets {count}" for far, count in accepted.items())
    lines = [
        aligned(rows),
        "",
        f"{one['pairs']} pairs in {len(one['folds'])} folds, each at the threshold of the others; "
        "std is that of the folds",
        f"{rests} of the different pairs in: that few decide the threshold",
    ]
    if one["faces not found"]:
        lines.append(f"no face found, pairs counted as wrong: {', '.join(one['faces not found'])}")
    return "\n".join(lines)


def _pairs_file(folder: Path) -> Path:
    found = sorted(folder.glob("pairs*.txt"))
    if len(found) != 1:
        raise FacecapError(
            f"{folder}: found {len(found)} files pairs*.txt, wanted one, beside images/; --data wants that "
            f"folder, or the one that holds it as {FOLDER}/"
        )
    return found[0]


def _central(detector: ScaledDetector, picture: NDArray[np.uint8]) -> NDArray[np.float32] | None:
    """Landmarks (5, 2) of the face whose box lies nearest to the middle: LFW pictures are cut around it."""
    found = detector.detect(picture)
    if not len(found):
        return None
    height, width = picture.shape[:2]
    centres = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2
    landmarks: NDArray[np.float32] = found.landmarks[
        np.linalg.norm(centres - (width / 2, height / 2), axis=1).argmin()
    ]
    return landmarks


def _batches(crops: Crops) -> Iterator[Crops]:
    for start in range(0, len(crops), BATCH):
        yield crops[start : start + BATCH]


def _embed(embedder: Embedder, crops: Crops, flip: bool) -> NDArray[np.float32]:
    vectors = embedder.embed(crops)
    if not flip:
        return vectors
    summed = vectors + embedder.embed(np.ascontiguousarray(crops[:, :, ::-1]))
    return np.asarray(summed / np.linalg.norm(summed, axis=1, keepdims=True))


def _curve(similarity: Floats, pairs: Sequence[Pair], figures: Mapping[str, Any]) -> Curve:
    known = ~np.isnan(similarity)
    false, true = roc(similarity[known], np.array([pair.same for pair in pairs])[known])
    return Curve(false, true, f"accuracy {figures['accuracy']:.4f}")
