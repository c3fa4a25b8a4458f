"""A mask classifier's figures on faces that nothing was trained on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facecap import MaskClassifier, crop_face
from facecap.conversion.cvimodel.answers import Arrays, Evaluation, answers_of, evenly
from facecap.conversion.cvimodel.judge import Figures
from facecap.conversion.cvimodel.steps import Steps, hash_of
from facecap.conversion.equality import ConversionError
from facecap.evaluation.classification import average_precision
from facecap.training.mask.data import Face, face_box, read_faces, read_rgb

MASK = 0.5  # probability from which a face is called masked
Chances = NDArray[np.float64]


def check_faces(
    steps: Steps, models: Mapping[str, Path], data: Path, count: int, tell: Callable[[str], None]
) -> Evaluation:
    """AP, accuracy, and what each model keeps of the first one's answers, on `count` faces of the split
    `val`: half of them masked, the sources in turn."""
    faces = draw_faces(data, count)
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


def draw_faces(data: Path, count: int) -> list[Face]:
    """Half masked and half bare, each half from its sources in turn."""
    groups: dict[bool, dict[str, list[Face]]] = {False: {}, True: {}}
    for face in read_faces(data, "val"):
        groups[face.masked].setdefault(face.source, []).append(face)
    if not groups[True] or not groups[False]:
        raise ConversionError(f"{data}: the split val wants masked and bare faces")
    halves = [evenly(list(sources.values()), count // 2) for sources in groups.values()]
    return evenly(halves, count)


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
        manifest = opened[0].info["manifest"]
        side, border = manifest["input"]["width"], manifest["classifier"]["crop_border"]
        crops = []
        for face in faces:
            image = read_rgb(face.path)
            if image is None:
                raise ConversionError(f"{face.path}: not a readable picture")
            crops.append(crop_face(image, face_box(face, image), side, border))
        return {"chances": np.asarray(opened[0].predict(np.stack(crops), color="rgb"))}

    return answer


def _name(face: Face) -> str:
    return f"{hash_of(face.path.read_bytes())} {face.box}"


def _logit(chances: Chances) -> Chances:
    inside = np.clip(chances, 1e-7, 1 - 1e-7)
    return np.asarray(np.log(inside / (1 - inside)))
