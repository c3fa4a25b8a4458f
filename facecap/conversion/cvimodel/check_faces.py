"""A mask classifier's figures on faces that nothing was trained on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap import MaskClassifier, crop_face
from facecap.conversion.cvimodel.answers import Arrays, Evaluation, answers_of, evenly, evenly_readable
from facecap.conversion.cvimodel.judge import Figures
from facecap.conversion.cvimodel.steps import Steps, hash_of
from facecap.conversion.equality import ConversionError
from facecap.evaluation.classification import average_precision
from facecap.training.mask.class_folders import ClassFolders, read_labelled
from facecap.training.mask.data import Face, Image, face_box, read_rgb

MASK = 0.5  # probability from which a face is called masked
Chances = NDArray[np.float64]


def check_faces(
    steps: Steps, models: Mapping[str, Path], faces: Sequence[Face], tell: Callable[[str], None]
) -> Evaluation:
    """AP, accuracy, and what each model keeps of the first one's answers to `faces`."""
    masked = np.array([face.masked for face in faces])
    wanted: Chances | None = None
    figures: dict[str, Figures] = {}
    for name, path in models.items():
        chunks = answers_of(steps, path, faces, _name, _answerer(path), tell)
        found = np.concatenate([chunk["chances"] for chunk in chunks]).astype(np.float64)
        wanted = found if wanted is None else wanted
        figures[name] = measure(wanted, found, masked)
    sources = sorted({face.source for face in faces})
    return Evaluation(f"val of {', '.join(sources)}: {int(masked.sum())} masked", len(faces), figures)


def draw_faces(manifest: Mapping[str, Any], data: Path, count: int, how: ClassFolders) -> list[Face]:
    """`count` faces of the split `val`, at least two: half masked and half bare, each half from its sources
    in turn; what cannot be read is named on standard error, and others stand in.

    Raises:
        FacecapError: there are no masked or no bare faces.
    """
    groups: dict[bool, dict[str, list[Face]]] = {False: {}, True: {}}
    for face in read_labelled(data, "val", how):
        groups[face.masked].setdefault(face.source, []).append(face)
    half = max(count // 2, 1)
    halves = [
        evenly_readable(list(sources.values()), half, lambda face: _crop(face, manifest) is not None)
        for sources in groups.values()
    ]
    if not all(halves):
        raise ConversionError(f"{data}: the split val wants masked and bare faces")
    return evenly(halves, 2 * half)


def measure(wanted: Chances, found: Chances, masked: NDArray[np.bool_]) -> Figures:
    """Figures of one model's probabilities; `wanted` are those of the float model."""
    error = _logit(found) - _logit(wanted)
    return {
        "AP": average_precision(found, masked),
        "accuracy": float(((found >= MASK) == masked).mean()),
        "sign agreement": float(((found >= MASK) == (wanted >= MASK)).mean()),
        "logit error": float(np.sqrt(np.mean(error**2))),
    }


def _answerer(path: Path) -> Callable[[Sequence[Face]], Arrays]:
    opened: list[MaskClassifier] = []

    def answer(faces: Sequence[Face]) -> Arrays:
        if not opened:
            opened.append(MaskClassifier(path))
        crops = []
        for face in faces:
            crop = _crop(face, opened[0].info["manifest"])
            if crop is None:
                raise ConversionError(f"{face.path}: not a readable picture")
            crops.append(crop)
        return {"chances": np.asarray(opened[0].predict(np.stack(crops), color="rgb"))}

    return answer


def _crop(face: Face, manifest: Mapping[str, Any]) -> Image | None:
    """As the pipeline cuts it; what cannot be cut is named on standard error and gives None."""
    image = read_rgb(face.path)
    if image is None:
        return None
    side, border = manifest["input"]["width"], manifest["classifier"]["crop_border"]
    try:
        return crop_face(image, face_box(face, image), side, border)
    except ValueError as error:
        print(f"facecap: left out {face.path}: {error}", file=sys.stderr)
        return None


def _name(face: Face) -> str:
    return f"{hash_of(face.path.read_bytes())} {face.box}"


def _logit(chances: Chances) -> Chances:
    inside = np.clip(chances, 1e-7, 1 - 1e-7)
    return np.asarray(np.log(inside / (1 - inside)))
