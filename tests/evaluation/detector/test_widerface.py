"""The WIDER FACE protocol on pictures made by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from facecap.evaluation.detector.average_precision import area_under
from facecap.evaluation.detector.detection import Found, PictureSet
from facecap.evaluation.detector.widerface import measure, normalized, precision_recall


def entry(boxes: list[list[float]], easy: list[int]) -> dict[str, Any]:
    return {"boxes": boxes, "easy": easy}


def found(*rows: tuple[float, float, float, float, float]) -> Found:
    array = np.array(rows, np.float32).reshape(-1, 5)
    return Found(array[:, :4], array[:, 4])


def average_precision(entries: list[dict[str, Any]], detections: list[Found]) -> float:
    return area_under(*precision_recall(entries, detections, "easy"))


FACE, OTHER = [10.0, 10.0, 30.0, 30.0], [100.0, 10.0, 130.0, 50.0]


def test_everything_found() -> None:
    assert average_precision([entry([FACE, OTHER], [0, 1])], [found((*FACE, 1.0), (*OTHER, 0.5))]) == 1.0


def test_half_found_and_a_false_alarm_in_between() -> None:
    detections = found((*FACE, 1.0), (200, 200, 240, 240, 0.8), (*OTHER, 0.5))
    assert average_precision([entry([FACE, OTHER], [0, 1])], [detections]) == pytest.approx((1 + 2 / 3) / 2)


def test_a_face_of_another_subset_neither_helps_nor_harms() -> None:
    detections = found((*OTHER, 1.0), (*FACE, 0.5))
    assert average_precision([entry([FACE, OTHER], [0])], [detections]) == 1.0


def test_a_second_detection_of_a_face_is_a_false_one() -> None:
    detections = found((*FACE, 1.0), (11, 10, 31, 30, 0.9), (*OTHER, 0.5))
    assert average_precision([entry([FACE, OTHER], [0, 1])], [detections]) == pytest.approx((1 + 2 / 3) / 2)


def test_pictures_without_detections_count_their_faces() -> None:
    entries = [entry([FACE], [0]), entry([OTHER], [0])]
    assert average_precision(entries, [found((*FACE, 1.0)), found()]) == 0.5


def test_the_rows_of_a_picture_count_by_the_subset_at_a_score_of_one_half() -> None:
    one = {**entry([FACE, OTHER], [0]), "file": "a.jpg", "medium": [0, 1], "hard": [1]}
    detections = found((*FACE, 0.9), (200, 200, 240, 240, 0.8), (*OTHER, 0.4))
    rows = measure(PictureSet(Path(), [one]), [detections]).rows
    assert rows == [
        {"set": "easy", "picture": "a.jpg", "faces": 1, "found": 1, "false_alarms": 1},
        {"set": "medium", "picture": "a.jpg", "faces": 2, "found": 1, "false_alarms": 1},
        {"set": "hard", "picture": "a.jpg", "faces": 1, "found": 0, "false_alarms": 1},
    ]


def test_scores_are_stretched_over_all_pictures() -> None:
    stretched = normalized([found((*FACE, 0.2)), found((*OTHER, 0.6), (*FACE, 0.4))])
    np.testing.assert_allclose(np.concatenate([f.scores for f in stretched]), [0.0, 1.0, 0.5], atol=1e-6)
    assert normalized([found()])[0].scores.size == 0
