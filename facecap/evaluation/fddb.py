"""FDDB, fold 8: average precision at an overlap of 0.5."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facecap.evaluation.average_precision import Floats, average_precision, match
from facecap.evaluation.detection import Detect, Found, detect_all, read_annotations, rows

# What a face box lacks of FDDB's head box, in widths and heights.
HEAD = np.array([-0.042, -0.184, 0.057, 0.031], np.float32)


def evaluate(detect: Detect, data: Path) -> dict[str, float]:
    """`fddb_ap`, and `fddb_ap_heads` with every box widened to FDDB's habit of bounding whole heads."""
    folder = data / "detect" / "fddb"
    entries = [entry for entry in read_annotations(folder) if entry["split"] == "val"]
    found = detect_all(detect, folder, entries)
    return {"fddb_ap": score(entries, found), "fddb_ap_heads": score(entries, [_as_heads(f) for f in found])}


def score(entries: list[dict[str, Any]], found: list[Found], iou: float = 0.5) -> float:
    """All-point average precision; boxes are clipped, faces that FDDB left out (`extra`) are not counted."""
    scores, verdicts, faces = [], [], 0
    for entry, detections in zip(entries, found, strict=True):
        boxes = _clipped(detections.boxes, entry)
        truth = _clipped(rows([face["box"] for face in entry["faces"]]), entry)
        verdicts.append(match(boxes, truth, rows([face["box"] for face in entry["extra"]]), iou))
        scores.append(detections.scores)
        faces += len(truth)
    return average_precision(np.concatenate(scores), np.concatenate(verdicts), faces)


def _clipped(boxes: Floats, entry: dict[str, Any]) -> Floats:
    return np.clip(boxes, 0, np.tile(np.array([entry["width"], entry["height"]], np.float32), 2))


def _as_heads(found: Found) -> Found:
    size = np.tile(found.boxes[:, 2:] - found.boxes[:, :2], 2)
    return Found((found.boxes + size * HEAD).astype(np.float32), found.scores)
