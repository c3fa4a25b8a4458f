"""WIDER FACE by the official protocol: three subsets, ignored faces, a thousand thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap.evaluation.average_precision import Numbers, area_under, overlaps
from facecap.evaluation.detection import Detect, Found, detect_all, read_annotations, rows

SUBSETS = ("easy", "medium", "hard")
THRESHOLDS = 1000
IOU = 0.5


def evaluate(detect: Detect, data: Path) -> dict[str, float]:
    """`wider_easy`, `wider_medium`, `wider_hard`: average precision on the pictures of `detect/wider_dev`."""
    folder = data / "detect" / "wider_dev"
    entries = read_annotations(folder)
    found = normalized(detect_all(detect, folder, entries))
    return {f"wider_{subset}": score(entries, found, subset) for subset in SUBSETS}


def normalized(found: Sequence[Found]) -> list[Found]:
    """Scores stretched so that the lowest of all pictures is 0 and the highest 1."""
    scores = np.concatenate([f.scores for f in found]) if found else np.zeros(0, np.float32)
    if not len(scores):
        return list(found)
    low, span = scores.min(), max(float(scores.max() - scores.min()), 1e-12)
    return [Found(f.boxes, (f.scores - low) / np.float32(span)) for f in found]


def score(entries: Sequence[dict[str, Any]], found: Sequence[Found], subset: str) -> float:
    """Average precision of one subset; scores must span 0 to 1."""
    proposals, hits, faces = np.zeros(THRESHOLDS), np.zeros(THRESHOLDS), 0
    for entry, detections in zip(entries, found, strict=True):
        faces += len(entry[subset])
        boxes = rows(entry["boxes"])
        if not len(boxes) or not len(detections.scores):
            continue
        wanted = np.zeros(len(boxes), bool)
        wanted[entry[subset]] = True
        counted, recalled = _follow(overlaps(detections.boxes, boxes, pixel=1.0), wanted)
        last = _detections_from(detections.scores)
        some = last > 0
        proposals[some] += counted[last[some] - 1]
        hits[some] += recalled[last[some] - 1]
    precision = np.divide(hits, proposals, out=np.zeros(THRESHOLDS), where=proposals > 0)
    return area_under(hits / max(faces, 1), precision)


def _follow(overlap: Numbers, wanted: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Running counts, best detection first: detections that count, and faces of the subset that were found.

    A detection belongs to the face that it overlaps most. Where this face is not of the subset, the
    detection does not count; a second one on the same wanted face does, as a false one.
    """
    best, strength = overlap.argmax(1), overlap.max(1)
    found = np.zeros(len(wanted), bool)
    counts, recalled = np.ones(len(best), np.int64), np.zeros(len(best), np.int64)
    for i, face in enumerate(best):
        if strength[i] >= IOU:
            if wanted[face]:
                found[face] = True
            else:
                counts[i] = 0
        recalled[i] = found.sum()
    return np.cumsum(counts), recalled


def _detections_from(scores: NDArray[np.float32]) -> NDArray[np.int64]:
    """For thresholds 0.999, 0.998, ... 0: how many of the descending scores reach it."""
    thresholds = 1 - np.arange(1, THRESHOLDS + 1) / THRESHOLDS
    return np.searchsorted(-scores, -thresholds, side="right")
