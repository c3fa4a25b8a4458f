"""A detector's figures on FDDB: its own, and what each model keeps of the float one's boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import Detector
from facecap.conversion.cvimodel.answers import Arrays, Evaluation, answers_of, evenly_readable
from facecap.conversion.cvimodel.judge import Figures
from facecap.conversion.cvimodel.steps import Steps, hash_of
from facecap.errors import FacecapError
from facecap.evaluation.detector import fddb
from facecap.evaluation.detector.average_precision import overlaps
from facecap.evaluation.detector.detection import MAX_FACES, NMS_IOU, SCORE, Found, PictureSet
from facecap.training.mask.class_folders import ClassFolders
from facecap.training.mask.data import read_rgb

FACE = 0.5  # score from which a box of the float model counts as a face
FIELDS = ("boxes", "scores", "landmarks")
Entry = Mapping[str, Any]


def check_detections(
    steps: Steps, models: Mapping[str, Path], pictures: PictureSet, tell: Callable[[str], None]
) -> Evaluation:
    """AP of `pictures` of FDDB, and the distance from the first model."""
    wanted: list[Arrays] | None = None
    figures: dict[str, Figures] = {}
    for name, path in models.items():
        chunks = answers_of(
            steps, path, pictures.entries, _namer(pictures.folder), _answerer(path, pictures.folder), tell
        )
        found = [picture for chunk in chunks for picture in _split(chunk)]
        wanted = found if wanted is None else wanted
        ap = fddb.measure(pictures, [Found(one["boxes"], one["scores"]) for one in found]).figures["fddb_ap"]
        figures[name] = {"AP": ap, **measure(wanted, found)}
    return Evaluation("FDDB fold 8", len(pictures.entries), figures)


def draw_pictures(manifest: Mapping[str, Any], data: Path, count: int, how: ClassFolders) -> PictureSet:
    """`count` pictures of FDDB's validation part; what cannot be read is named on standard error, and others
    stand in.

    Raises:
        FacecapError: FDDB is not there, or no picture can be read.
    """
    whole = fddb.read(data)
    entries = evenly_readable(
        [whole.entries], count, lambda entry: read_rgb(whole.folder / entry["file"]) is not None
    )
    if not entries:
        raise FacecapError(f"{whole.folder}: no picture of the validation part can be read")
    return PictureSet(whole.folder, entries)


def measure(wanted: Sequence[Arrays], found: Sequence[Arrays]) -> Figures:
    """Against the float model's faces: of its best box a picture the overlap with the other's best one, and
    with whichever overlaps it most; over all its faces from score 0.5 the overlap and the errors of scores
    and of landmarks (share of the box's width), and the share that the other model sees too."""
    top, nearest, same, scores, points, seen = [], [], [], [], [], []
    for right, other in zip(wanted, found, strict=True):
        faces = right["scores"] >= FACE
        if not faces.any():
            continue
        if not len(other["scores"]):
            top.append(0.0)
            nearest.append(0.0)
            seen += [False] * int(faces.sum())
            continue
        overlap = overlaps(right["boxes"], other["boxes"])
        top.append(float(overlap[right["scores"].argmax(), other["scores"].argmax()]))
        nearest.append(float(overlap[right["scores"].argmax()].max()))
        for face in np.flatnonzero(faces):
            partner = int(overlap[face].argmax())
            seen.append(bool(overlap[face, partner] >= FACE))
            if seen[-1]:
                same.append(float(overlap[face, partner]))
                scores.append(abs(float(right["scores"][face] - other["scores"][partner])))
                apart = np.linalg.norm(right["landmarks"][face] - other["landmarks"][partner], axis=-1).mean()
                points.append(float(apart / (right["boxes"][face, 2] - right["boxes"][face, 0])))
    if not top:
        raise FacecapError("the float detector finds no face in the evaluation pictures")
    return {
        "top-box IoU": _mean(nearest),
        "top-to-top IoU": _mean(top),
        "box IoU": _mean(same),
        "score error": _mean(scores),
        "landmark error": _mean(points),
        "faces kept": _mean(seen),
    }


def _answerer(path: Path, folder: Path) -> Callable[[Sequence[Entry]], Arrays]:
    opened: list[Detector] = []

    def answer(entries: Sequence[Entry]) -> Arrays:
        if not opened:
            opened.append(Detector(path, score_threshold=SCORE, nms_iou=NMS_IOU, max_faces=MAX_FACES))
        found = []
        for entry in entries:
            image = cv2.imread(str(folder / entry["file"]), cv2.IMREAD_COLOR)
            if image is None:
                raise FacecapError(f"{folder / entry['file']}: not a readable picture")
            found.append(opened[0].detect(np.asarray(image, np.uint8)))
        counts = np.array([len(one.scores) for one in found])
        return {"counts": counts, **{f: np.concatenate([getattr(o, f) for o in found]) for f in FIELDS}}

    return answer


def _split(chunk: Arrays) -> Iterator[Arrays]:
    """The pictures of a chunk."""
    ends = np.cumsum(chunk["counts"])[:-1]
    parts: list[list[NDArray[Any]]] = [np.split(chunk[field], ends) for field in FIELDS]
    for values in zip(*parts, strict=True):
        yield dict(zip(FIELDS, values, strict=True))


def _namer(folder: Path) -> Callable[[Entry], str]:
    def name(entry: Entry) -> str:
        picture = folder / entry["file"]
        return hash_of(picture.read_bytes()) if picture.is_file() else str(picture)

    return name


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
