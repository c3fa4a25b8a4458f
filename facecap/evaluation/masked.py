"""Masked faces found on RMFD's validation part, and false alarms there and on FDDB's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facecap.evaluation.average_precision import overlaps, touches
from facecap.evaluation.detection import Detect, detect_all, read_annotations, rows

SCORE = 0.5
IOU = 0.5
NEAR = 0.3  # a detection that overlaps an annotated face by this much, or lies half in it, is no false alarm


def evaluate(detect: Detect, data: Path) -> dict[str, float]:
    """Recall of faces labelled `mask` at score 0.5, and how many detections of that score are near no face.

    `masked_recall` counts a face that some detection overlaps by 0.5. `false_alarms` counts detections of
    score 0.5 and more that touch neither an annotated face nor an area to ignore, on RMFD val and FDDB val
    together.
    """
    wanted = found = alarms = 0
    for name in ("rmfd", "fddb"):
        folder = data / "detect" / name
        entries = [entry for entry in read_annotations(folder) if entry["split"] == "val"]
        for entry, detections in zip(entries, detect_all(detect, folder, entries), strict=True):
            boxes = detections.boxes[detections.scores >= SCORE]
            alarms += int((~touches(boxes, _known(entry), NEAR)).sum())
            if name == "rmfd":
                masked = rows([face["box"] for face in entry["faces"] if face["label"] == "mask"])
                wanted += len(masked)
                found += int((overlaps(masked, boxes).max(1, initial=0) >= IOU).sum())
    return {"masked_recall": found / max(wanted, 1), "masked_faces": wanted, "false_alarms": alarms}


def _known(entry: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return rows([face["box"] for face in [*entry["faces"], *entry.get("extra", [])]])
