"""FDDB and masked faces through files on disk, with a detector that is told what to find."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facecap.errors import FacecapError
from facecap.evaluation import fddb, masked
from facecap.evaluation.detection import Detect, detect_all


def write_set(data: Path, name: str, entries: list[dict[str, Any]]) -> None:
    folder = data / "detect" / name
    folder.mkdir(parents=True)
    for index, entry in enumerate(entries):
        entry.update(file=f"{index}.png", width=200, height=100, split=entry.get("split", "val"))
        cv2.imwrite(str(folder / entry["file"]), np.full((100, 200, 3), index, np.uint8))
    (folder / "annotations.json").write_text(json.dumps(entries))


def telling(*answers: list[tuple[list[float], float]]) -> Detect:
    """A detector that answers by the grey level of the picture."""

    def detect(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        answer = answers[int(image[0, 0, 0])]
        boxes = np.array([box for box, _ in answer], np.float32).reshape(-1, 4)
        return boxes, np.array([score for _, score in answer], np.float32)

    return detect


FACE, OTHER, FAR = [10.0, 10.0, 50.0, 60.0], [120.0, 20.0, 150.0, 70.0], [60.0, 60.0, 90.0, 95.0]


def test_fddb_clips_and_ignores_what_fddb_left_out(tmp_path: Path) -> None:
    beyond = {"box": [150.0, 60.0, 230.0, 140.0]}
    write_set(
        tmp_path,
        "fddb",
        [
            {"faces": [{"box": FACE}, beyond], "extra": [{"box": OTHER}]},
            {"faces": [{"box": FACE}], "extra": [], "split": "train"},
        ],
    )
    found = telling([(OTHER, 0.99), (FACE, 0.9), ([150.0, 60.0, 200.0, 100.0], 0.8), (FAR, 0.1)])
    assert fddb.evaluate(found, tmp_path)["fddb_ap"] == 1.0
    assert fddb.evaluate(telling([(FAR, 0.9), (FACE, 0.5)]), tmp_path)["fddb_ap"] == pytest.approx(0.25)


def test_masked_recall_and_false_alarms(tmp_path: Path) -> None:
    write_set(
        tmp_path,
        "rmfd",
        [{"faces": [{"box": FACE, "label": "mask"}, {"box": OTHER, "label": None}]}, {"faces": []}],
    )
    write_set(tmp_path, "fddb", [{"faces": [], "extra": [{"box": OTHER}]}, {"faces": [], "extra": []}])
    sure = telling([(FACE, 0.9), (OTHER, 0.9), (FAR, 0.4)], [(FAR, 0.6)])
    figures = masked.evaluate(sure, tmp_path)
    assert figures == {"masked_recall": 1.0, "masked_faces": 1, "false_alarms": 3}
    unsure = telling([(FACE, 0.49)], [])
    assert masked.evaluate(unsure, tmp_path)["masked_recall"] == 0.0


def test_a_missing_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(FacecapError, match=r"fddb.*annotations\.json"):
        fddb.evaluate(telling(), tmp_path)


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"no picture")
    with pytest.raises(FacecapError, match=r"0\.jpg"):
        detect_all(telling(), tmp_path, [{"file": "0.jpg"}])
