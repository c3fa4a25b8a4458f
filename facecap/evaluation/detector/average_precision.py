"""Matching of detections to annotated boxes, and the areas under their curves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Numbers = NDArray[np.float64]
Scores = NDArray[np.floating[Any]]
Verdicts = NDArray[np.int8]


def overlaps(a: Floats, b: Floats, pixel: float = 0.0) -> Numbers:
    """Intersection over union (N, M) of xyxy boxes; `pixel` 1 counts the last pixel as part of a box."""
    low = np.maximum(a[:, None, :2], b[None, :, :2]).astype(np.float64)
    high = np.minimum(a[:, None, 2:], b[None, :, 2:]).astype(np.float64)
    shared = np.prod(np.maximum(high - low + pixel, 0), axis=2)
    union = areas(a, pixel)[:, None] + areas(b, pixel)[None] - shared
    iou: Numbers = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return iou


def areas(boxes: Floats, pixel: float = 0.0) -> Numbers:
    """Areas (N,) of xyxy boxes."""
    area: Numbers = np.prod((boxes[:, 2:] - boxes[:, :2]).astype(np.float64) + pixel, axis=1)
    return area


def match(boxes: Floats, faces: Floats, ignored: Floats, iou: float = 0.5) -> Verdicts:
    """What each detection of one picture (best first) is: 1 a face found, 0 false, -1 not counted.

    Each detection goes to the face that it overlaps most among those not yet found. A detection that finds
    no face but overlaps an ignored area, or lies in it with more than half of its own area, is not counted.
    """
    verdict = np.zeros(len(boxes), np.int8)
    free = np.ones(len(faces), bool)
    overlap = overlaps(boxes, faces)
    for i in range(len(boxes)):
        candidates = np.where(free, overlap[i], -1.0)
        if len(faces) and candidates.max() >= iou:
            free[candidates.argmax()] = False
            verdict[i] = 1
    outside = verdict == 0
    verdict[outside & touches(boxes, ignored, iou)] = -1
    return verdict


def touches(boxes: Floats, regions: Floats, iou: float) -> NDArray[np.bool_]:
    """Which boxes overlap a region by `iou` or lie in one with more than half of their own area."""
    if not len(regions):
        return np.zeros(len(boxes), bool)
    low = np.maximum(boxes[:, None, :2], regions[None, :, :2]).astype(np.float64)
    high = np.minimum(boxes[:, None, 2:], regions[None, :, 2:]).astype(np.float64)
    inside = np.prod(np.maximum(high - low, 0), axis=2) / np.maximum(areas(boxes), 1e-9)[:, None]
    touching: NDArray[np.bool_] = ((overlaps(boxes, regions) >= iou) | (inside > 0.5)).any(1)
    return touching


def ranking(scores: Scores, verdicts: Verdicts) -> tuple[Numbers, Numbers]:
    """Running counts of faces found and of false detections, best score first."""
    counted = verdicts >= 0
    hit = verdicts[counted][np.argsort(-scores[counted], kind="stable")] == 1
    return np.cumsum(hit).astype(np.float64), np.cumsum(~hit).astype(np.float64)


def average_precision(scores: Scores, verdicts: Verdicts, faces: int) -> float:
    """Area under the precision-recall curve through all points, precision made monotone; nan without
    faces."""
    if not faces:
        return float("nan")
    hits, misses = ranking(scores, verdicts)
    return area_under(hits / faces, hits / (hits + misses))


def area_under(recall: Numbers, precision: Numbers) -> float:
    """Area under a curve given by rising recall, with precision replaced by its maximum from there on."""
    recall = np.concatenate([[0.0], recall, [1.0]])
    precision = np.concatenate([[0.0], precision, [0.0]])
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    return float(np.sum((recall[1:] - recall[:-1]) * precision[1:]))
