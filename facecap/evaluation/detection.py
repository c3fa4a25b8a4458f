"""Runs a detector over annotated pictures, through the same code that a user calls."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.errors import FacecapError
from facecap.evaluation.average_precision import Floats

LONG_SIDE = 640
SCORE = 0.02
NMS_IOU = 0.4
MAX_FACES = 750

Detect = Callable[[NDArray[np.uint8]], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Found:
    """Detections of one picture, best first: boxes (N, 4) in its pixels, scores (N,)."""

    boxes: Floats
    scores: Floats


def open_detector(model: str | Path | None, long_side: int = LONG_SIDE) -> Detect:
    """A detector for measuring: everything from score 0.02 on, the picture's longer side scaled to
    `long_side`."""
    import facecap

    detector = facecap.Detector(
        model,
        score_threshold=SCORE,
        nms_iou=NMS_IOU,
        max_faces=MAX_FACES,
        input_size=(long_side, long_side),
    )

    def detect(image: NDArray[np.uint8]) -> tuple[Floats, Floats]:
        detections = detector.detect(image)
        return detections.boxes, detections.scores

    return detect


def read_annotations(folder: Path) -> list[dict[str, Any]]:
    """`annotations.json` of a set of the data pack."""
    path = folder / "annotations.json"
    if not path.is_file():
        raise FacecapError(f"{path}: no such file; --data wants the folder that holds detect/")
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return entries


def detect_all(
    detect: Detect, folder: Path, entries: Sequence[dict[str, Any]], clip: bool = False
) -> list[Found]:
    """Detections of every entry's picture; `clip` cuts the boxes at its borders."""
    found = []
    for entry, image in _pictures(folder, entries):
        boxes, scores = detect(image)
        if clip:
            boxes = np.clip(boxes, 0, np.tile(np.array([entry["width"], entry["height"]], np.float32), 2))
        found.append(Found(boxes, scores))
    return found


def _pictures(
    folder: Path, entries: Sequence[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any], NDArray[np.uint8]]]:
    for index, entry in enumerate(entries):
        image = cv2.imread(str(folder / entry["file"]), cv2.IMREAD_COLOR)
        if image is None:
            raise FacecapError(f"{folder / entry['file']}: not a readable picture")
        if index % 100 == 99:
            print(f"{folder.name}: {index + 1} of {len(entries)} pictures", file=sys.stderr)
        yield entry, np.asarray(image, np.uint8)


def rows(values: Sequence[Sequence[float]]) -> Floats:
    """Boxes of an annotation as an array (N, 4), also when there are none."""
    return np.array(values, np.float32).reshape(-1, 4)
