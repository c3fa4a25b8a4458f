"""WIDER FACE by the official protocol: three subsets, ignored faces, a thousand thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap.evaluation.curves import Curve, Panel
from facecap.evaluation.detector.average_precision import Numbers, Scores, area_under, overlaps
from facecap.evaluation.detector.detection import (
    ROW_SCORE,
    Found,
    Measured,
    PictureSet,
    read_annotations,
    rows,
)

SUBSETS = ("easy", "medium", "hard")
THRESHOLDS = 1000
IOU = 0.5


PANELS = tuple(Panel(f"WIDER FACE {subset}", "recall", "precision", falling=True) for subset in SUBSETS)


def read(data: Path) -> PictureSet:
    """The pictures of a folder that has `annotations.json` itself, else of `detect/wider_dev` in it; an entry
    has `event`, `boxes` and the subsets as indices into them."""
    folder = data if (data / "annotations.json").is_file() else data / "detect" / "wider_dev"
    return PictureSet(folder, read_annotations(folder, "file", "event", "boxes", *SUBSETS))


def measure(pictures: PictureSet, found: Sequence[Found]) -> Measured:
    """`wider_easy`, `wider_medium`, `wider_hard`: average precision."""
    stretched = normalized(found)
    figures, curves = {}, {}
    for subset, panel in zip(SUBSETS, PANELS, strict=True):
        recall, precision = precision_recall(pictures.entries, stretched, subset)
        ap = figures[f"wider_{subset}"] = area_under(recall, precision)
        curves[panel.title] = Curve(recall, precision, f"AP {ap:.3f}")
    both = list(zip(pictures.entries, found, strict=True))
    return Measured(figures, curves, [_row(*one, subset) for subset in SUBSETS for one in both])


def _row(entry: Mapping[str, Any], found: Found, subset: str) -> dict[str, Any]:
    """By the rules of the subset, with scores as the detector gave them."""
    last = int((found.scores >= ROW_SCORE).sum())
    counted, recalled = _running(entry, Found(found.boxes[:last], found.scores[:last]), subset)
    right = int(recalled[-1]) if last else 0
    return {
        "set": subset,
        "picture": entry["file"],
        "faces": len(entry[subset]),
        "found": right,
        "false_alarms": int(counted[-1]) - right if last else 0,
    }


def normalized(found: Sequence[Found]) -> list[Found]:
    """Scores stretched so that the lowest of all pictures is 0 and the highest 1."""
    scores = np.concatenate([f.scores for f in found]) if found else np.zeros(0)
    if not len(scores):
        return list(found)
    low, high = float(scores.min()), float(scores.max())
    span = max(high - low, 1e-12)
    return [Found(f.boxes, (f.scores.astype(np.float64) - low) / span) for f in found]


def precision_recall(
    entries: Sequence[Mapping[str, Any]], found: Sequence[Found], subset: str
) -> tuple[Numbers, Numbers]:
    """Recall and precision (1000,) of one subset at the thresholds 0.999, 0.998, ... 0; scores must span 0
    to 1."""
    proposals, hits, faces = np.zeros(THRESHOLDS), np.zeros(THRESHOLDS), 0
    for entry, detections in zip(entries, found, strict=True):
        faces += len(entry[subset])
        if not len(entry["boxes"]) or not len(detections.scores):
            continue
        counted, recalled = _running(entry, detections, subset)
        last = _detections_from(detections.scores)
        some = last > 0
        proposals[some] += counted[last[some] - 1]
        hits[some] += recalled[last[some] - 1]
    precision = np.divide(hits, proposals, out=np.zeros(THRESHOLDS), where=proposals > 0)
    return hits / max(faces, 1), precision


def _running(
    entry: Mapping[str, Any], found: Found, subset: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Running counts of one picture, as of `_follow`; where nobody marked a face, every detection counts."""
    boxes = rows(entry["boxes"])
    if not len(boxes):
        return np.arange(1, len(found.scores) + 1), np.zeros(len(found.scores), np.int64)
    wanted = np.zeros(len(boxes), bool)
    wanted[entry[subset]] = True
    return _follow(overlaps(found.boxes, boxes, pixel=1.0), wanted)


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


def _detections_from(scores: Scores) -> NDArray[np.int64]:
    """For thresholds 0.999, 0.998, ... 0: how many of the descending scores reach it."""
    thresholds = 1 - np.arange(1, THRESHOLDS + 1) / THRESHOLDS
    return np.searchsorted(-scores, -thresholds, side="right")
