"""FDDB, fold 8: average precision at an overlap of 0.5, and the discrete ROC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facecap.evaluation.curves import Curve, Panel
from facecap.evaluation.detector.average_precision import (
    Floats,
    Scores,
    Verdicts,
    average_precision,
    match,
    ranking,
)
from facecap.evaluation.detector.detection import (
    ROW_SCORE,
    Found,
    Measured,
    PictureSet,
    read_annotations,
    rows,
)

# What a face box lacks of FDDB's head box, in widths and heights.
HEAD = np.array([-0.042, -0.184, 0.057, 0.031], np.float32)
FALSE_POSITIVES = 100

PANELS = (
    Panel("FDDB fold 8", "recall", "precision", falling=True),
    Panel(
        "FDDB fold 8, discrete ROC",
        "false positives",
        "true positive rate",
        logarithmic=True,
        x_limits=(1, 1000),
        y_limits=(0.5, 1.01),
    ),
)


def read(data: Path) -> PictureSet:
    """The validation part of `detect/fddb`."""
    folder = data / "detect" / "fddb"
    entries = read_annotations(folder, "file", "split", "width", "height", "faces", "extra")
    return PictureSet(folder, [entry for entry in entries if entry["split"] == "val"])


def measure(pictures: PictureSet, found: Sequence[Found]) -> Measured:
    """`fddb_ap`, `fddb_ap_heads` with every box widened to FDDB's habit of bounding whole heads, and
    `fddb_tpr_100`, the share of faces found with 100 false positives on all pictures."""
    scores, verdicts, faces = judge(pictures.entries, found)
    ap = average_precision(scores, verdicts, faces)
    heads = average_precision(*judge(pictures.entries, [_as_heads(f) for f in found]))
    hits, misses = ranking(scores, verdicts)
    rate = hits / max(faces, 1)
    reached = float(rate[misses <= FALSE_POSITIVES].max(initial=0.0))
    precision = hits / np.maximum(hits + misses, 1)
    curves = (
        Curve(rate, precision, f"AP {ap:.3f}"),
        Curve(misses, rate, f"{reached:.3f} at {FALSE_POSITIVES}"),
    )
    return Measured(
        {"fddb_ap": ap, "fddb_ap_heads": heads, f"fddb_tpr_{FALSE_POSITIVES}": reached},
        {panel.title: curve for panel, curve in zip(PANELS, curves, strict=True)},
        [_row(entry, f) for entry, f in zip(pictures.entries, found, strict=True)],
    )


def _row(entry: Mapping[str, Any], found: Found) -> dict[str, Any]:
    scores, verdicts, faces = judge([entry], [found])
    sure = verdicts[scores >= ROW_SCORE]
    return {
        "set": "val",
        "picture": entry["file"],
        "faces": faces,
        "found": int((sure == 1).sum()),
        "false_alarms": int((sure == 0).sum()),
    }


def judge(
    entries: Sequence[Mapping[str, Any]], found: Sequence[Found], iou: float = 0.5
) -> tuple[Scores, Verdicts, int]:
    """Scores and verdicts of all detections, and the number of faces; boxes are clipped, faces that FDDB left
    out (`extra`) are not counted."""
    scores, verdicts, faces = [], [], 0
    for entry, detections in zip(entries, found, strict=True):
        boxes = _clipped(detections.boxes, entry)
        truth = _clipped(rows([face["box"] for face in entry["faces"]]), entry)
        verdicts.append(match(boxes, truth, rows([face["box"] for face in entry["extra"]]), iou))
        scores.append(detections.scores)
        faces += len(truth)
    return np.concatenate(scores), np.concatenate(verdicts), faces


def _clipped(boxes: Floats, entry: Mapping[str, Any]) -> Floats:
    return np.clip(boxes, 0, np.tile(np.array([entry["width"], entry["height"]], np.float32), 2))


def _as_heads(found: Found) -> Found:
    size = np.tile(found.boxes[:, 2:] - found.boxes[:, :2], 2)
    return Found((found.boxes + size * HEAD).astype(np.float32), found.scores)
