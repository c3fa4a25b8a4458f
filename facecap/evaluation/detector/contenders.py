"""What a detection task compares: detectors behind one call, at one size or several, mirrored or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap._checks import LARGEST_INPUT
from facecap.errors import FacecapError
from facecap.evaluation.detector.average_precision import Floats, Scores, overlaps
from facecap.evaluation.detector.detection import LONG_SIDE, MAX_FACES, NMS_IOU, SCORE, Detect, Found

CANDIDATES = 5000  # of YuNet before suppression, its default
OPEN_SIZES = 8  # detectors kept where every picture has a size of its own


@dataclass(frozen=True)
class Views:
    """Longer sides in pixels that a picture is scaled to, 0 for its own, None for what the detector itself
    makes of it; with `flip` each also mirrored."""

    long_sides: tuple[int | None, ...] = (LONG_SIDE,)
    flip: bool = False


def looking(open_at: Callable[[int | None], Detect], views: Views) -> Detect:
    """A detector that sees a picture in all views; what several found is merged by `vote`.

    `open_at` gives the detector for a longer side, or with None for its own input.
    """
    at = lru_cache(OPEN_SIZES)(open_at)

    def detect(image: NDArray[np.uint8]) -> tuple[Floats, Scores]:
        found: list[Found] = []
        for side in views.long_sides:
            one = at(min(max(image.shape[:2]), LARGEST_INPUT) if side == 0 else side)
            found.append(Found(*one(image)))
            if views.flip:
                boxes, scores = one(np.ascontiguousarray(image[:, ::-1]))
                width = image.shape[1]
                mirrored = np.stack((width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]), 1)
                found.append(Found(mirrored, scores))
        if len(found) == 1:
            return found[0].boxes, found[0].scores
        merged = vote(np.concatenate([f.boxes for f in found]), np.concatenate([f.scores for f in found]))
        return merged.boxes, merged.scores

    return detect


def vote(boxes: Floats, scores: Scores) -> Found:
    """Box voting (Gidaris and Komodakis 2015) as RetinaFace tests on several scales (Deng et al. 2019).

    As in non-maximum suppression the best box takes those that overlap it by more than 0.4 with it, but its
    place becomes their mean, weighted by score; it keeps its own score.
    """
    order = np.argsort(-scores, kind="stable")
    boxes, scores = boxes[order], scores[order]
    left = np.arange(len(boxes))
    voted: list[Floats] = []
    best: list[float] = []
    while len(left) and len(voted) < MAX_FACES:
        near = overlaps(boxes[left[:1]], boxes[left])[0] > NMS_IOU
        near[0] = True
        voted.append(np.average(boxes[left[near]], axis=0, weights=scores[left[near]]))
        best.append(scores[left[0]])
        left = left[~near]
    return Found(np.array(voted, np.float32).reshape(-1, 4), np.array(best, np.float32))


def open_yunet(model: Path, long_side: int | None) -> Detect:
    """YuNet through OpenCV's FaceDetectorYN, for comparison: score, suppression and number as for ours.

    Raises:
        FacecapError: the file is no YuNet, or there is no longer side: OpenCV knows no input of the model's
            own.
    """
    if long_side is None:
        raise FacecapError("--yunet: OpenCV has no default input size: give --long-side PX")
    try:
        detector = cv2.FaceDetectorYN.create(
            str(model), "", (long_side, long_side), SCORE, NMS_IOU, CANDIDATES
        )
    except cv2.error as error:
        raise FacecapError(f"{model}: OpenCV cannot open it as a YuNet model ({error.err})") from error

    def detect(image: NDArray[np.uint8]) -> tuple[Floats, Scores]:
        height, width = image.shape[:2]
        scale = long_side / max(height, width)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        resized = image if size == (width, height) else cv2.resize(image, size, interpolation=method)
        detector.setInputSize(size)
        _, found = detector.detect(resized)
        faces = np.zeros((0, 15), np.float32) if found is None else np.asarray(found, np.float32)
        faces = faces[np.argsort(-faces[:, 14], kind="stable")][:MAX_FACES]
        corners = np.hstack((faces[:, :2], faces[:, :2] + faces[:, 2:4]))
        return (corners / np.tile(np.divide(size, (width, height)), 2)).astype(np.float32), faces[:, 14]

    return detect
