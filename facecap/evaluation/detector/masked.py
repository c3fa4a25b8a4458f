"""Masked faces found on RMFD's validation part, and false alarms there and on FDDB's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap.evaluation.curves import Curve, Panel
from facecap.evaluation.detector.average_precision import Floats, Scores, overlaps, touches
from facecap.evaluation.detector.detection import Found, Measured, PictureSet, read_annotations, rows

SCORE = 0.5
IOU = 0.5
NEAR = 0.3  # a detection that overlaps an annotated face by this much, or lies half in it, is no false alarm

PANELS = (
    Panel(
        "masked faces of RMFD val",
        "false alarms, RMFD val and FDDB val",
        "masked faces found",
        logarithmic=True,
        x_limits=None,
        y_limits=(0.5, 1.01),
    ),
)


def read(data: Path) -> PictureSet:
    """The validation parts of `detect/rmfd` and `detect/fddb`."""
    folder = data / "detect"
    entries = [
        {**entry, "set": name, "file": f"{name}/{entry['file']}"}
        for name in ("rmfd", "fddb")
        for entry in read_annotations(folder / name, "file", "split", "faces")
        if entry["split"] == "val"
    ]
    return PictureSet(folder, entries)


def measure(pictures: PictureSet, found: Sequence[Found]) -> Measured:
    """Recall of faces labelled `mask` at score 0.5, and how many detections of that score are near no face.

    `masked_recall` counts a face that some detection overlaps by 0.5. `false_alarms` counts detections of
    score 0.5 and more that touch neither an annotated face nor an area to ignore, on RMFD val and FDDB val
    together.
    """
    best: list[Scores] = [np.zeros(0)]
    alarms: list[Scores] = [np.zeros(0)]
    by_picture = []
    for entry, detections in zip(pictures.entries, found, strict=True):
        known = rows([face["box"] for face in [*entry["faces"], *entry.get("extra", [])]])
        alarms.append(detections.scores[~touches(detections.boxes, known, NEAR)])
        best.append(_best_scores(_masked(entry), detections) if entry["set"] == "rmfd" else np.zeros(0))
        by_picture.append(
            {
                "set": entry["set"],
                "picture": entry["file"],
                "faces": len(best[-1]),
                "found": int((best[-1] >= SCORE).sum()),
                "false_alarms": int((alarms[-1] >= SCORE).sum()),
            }
        )
    faces, false = np.concatenate(best), np.concatenate(alarms)
    recall = float((faces >= SCORE).sum() / max(len(faces), 1))
    count = int((false >= SCORE).sum())
    thresholds = np.unique(np.concatenate([faces[faces > 0], false]))[::-1]
    curve = Curve(
        np.maximum(_reaching(false, thresholds), 1).astype(np.float64),
        _reaching(faces, thresholds) / max(len(faces), 1),
        f"{recall:.3f} with {count} at score {SCORE:g}",
    )
    figures = {"masked_recall": recall, "masked_faces": len(faces), "false_alarms": count}
    return Measured(figures, {PANELS[0].title: curve}, by_picture)


def _masked(entry: Mapping[str, Any]) -> Floats:
    return rows([face["box"] for face in entry["faces"] if face["label"] == "mask"])


def _best_scores(faces: Floats, detections: Found) -> Scores:
    """For each face the best score among the detections that find it, 0 where none does."""
    finding = overlaps(faces, detections.boxes) >= IOU
    best: Scores = np.where(finding, detections.scores, 0.0).max(1, initial=0)
    return best


def _reaching(scores: Scores, thresholds: Scores) -> NDArray[np.int64]:
    """How many scores are at or above each threshold."""
    return len(scores) - np.searchsorted(np.sort(scores), thresholds, side="left")
