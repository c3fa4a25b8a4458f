"""Detections of annotated pictures, found through the same code that a user calls."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.errors import FacecapError
from facecap.evaluation.curves import Curve
from facecap.evaluation.detector.average_precision import Floats, Scores

LONG_SIDE = 640
SCORE = 0.02
NMS_IOU = 0.4
MAX_FACES = 750
ROW_SCORE = 0.5

Detect = Callable[[NDArray[np.uint8]], tuple[Floats, Scores]]


@dataclass(frozen=True)
class Found:
    """Detections of one picture, best first: boxes (N, 4) in its pixels, scores (N,)."""

    boxes: Floats
    scores: Scores


@dataclass(frozen=True)
class PictureSet:
    """Annotated pictures: each entry has `file`, relative to `folder`, and what its task measures by."""

    folder: Path
    entries: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Measured:
    """What one detector reached: figures by name, curves by the title of their panel, and a row a picture, at
    score `ROW_SCORE`: `set`, `picture`, `faces`, `found` among them, and `false_alarms`."""

    figures: dict[str, float]
    curves: dict[str, Curve]
    rows: list[dict[str, Any]]


def open_detector(
    model: str | Path | None, long_side: int | None = LONG_SIDE, runtime: str = "auto", provider: str = "cpu"
) -> Detect:
    """A detector for measuring: everything from score 0.02 on, the picture's longer side scaled to
    `long_side`, up or down; None leaves that to the model's own input. See `ScaledDetector`."""
    from facecap.evaluation.detector.scaled_detector import ScaledDetector

    detector = ScaledDetector(
        model,
        long_side,
        runtime=runtime,
        provider=provider,
        score_threshold=SCORE,
        nms_iou=NMS_IOU,
        max_faces=MAX_FACES,
    )

    def detect(image: NDArray[np.uint8]) -> tuple[Floats, Scores]:
        detections = detector.detect(image)
        return detections.boxes, detections.scores

    return detect


def read_annotations(folder: Path, *keys: str) -> list[dict[str, Any]]:
    """`annotations.json` of a set of the data pack, a list of objects that have the `keys`.

    Raises:
        FacecapError: there is no such file, or it has another form.
    """
    path = folder / "annotations.json"
    if not path.is_file():
        raise FacecapError(f"{path}: no such file; --data wants the folder that holds detect/")
    try:
        entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        for place, entry in enumerate(entries):
            missing = [key for key in keys if key not in entry]
            if missing:
                raise FacecapError(f"{path}: entry {place} lacks {', '.join(missing)}")
    except (ValueError, TypeError) as error:
        raise FacecapError(f"{path}: wanted a list of objects, one a picture: {error}") from error
    return entries


def detect_all(detect: Detect, pictures: PictureSet) -> list[Found]:
    """Detections of every picture of the set."""
    found = []
    for index, entry in enumerate(pictures.entries):
        path = pictures.folder / entry["file"]
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise FacecapError(f"{path}: not a readable picture")
        if index % 100 == 99:
            print(f"{pictures.folder.name}: {index + 1} of {len(pictures.entries)}", file=sys.stderr)
        found.append(Found(*detect(np.asarray(image, np.uint8))))
    return found


def rows(values: Sequence[Sequence[float]]) -> Floats:
    """Boxes of an annotation as an array (N, 4), also when there are none."""
    return np.array(values, np.float32).reshape(-1, 4)
