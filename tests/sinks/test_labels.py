"""Labels hide neither a face nor each other."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from facecap.sinks import annotation
from facecap.sinks.annotation import draw_detections
from facecap.sinks.drawing import Pen
from facecap.sinks.labels import Labels

WHITE = (255, 255, 255)


def plates(image: np.ndarray, before: np.ndarray) -> np.ndarray:
    return np.asarray((image != before).any(2))


def crowd(columns: int, rows: int, step: int, size: int) -> np.ndarray:
    """Boxes (N, 4) in a grid."""
    corners = [(20 + step * x, 40 + step * y) for y, x in itertools.product(range(rows), range(columns))]
    return np.array([(x, y, x + size, y + size) for x, y in corners], np.float32)


@pytest.mark.parametrize("step", [14, 30, 60, 110])
def test_no_label_of_a_crowd_lies_on_a_face_or_on_another_label(step: int) -> None:
    boxes = crowd(5, 3, step, 12)
    image = np.zeros((480, 640, 3), np.uint8)
    labels = Labels(image, boxes, Pen.for_image(640, 480))
    covered = np.zeros((480, 640), int)
    for face in range(len(boxes)):
        before = image.copy()
        labels.put(face, ("no mask 0.02", "0.02"), WHITE)
        covered += plates(image, before)
    assert covered.max() == 1
    for x1, y1, x2, y2 in boxes.astype(int):
        assert not covered[y1:y2, x1:x2].any()


@pytest.mark.parametrize(("step", "room"), [(200, True), (14, False)])
def test_what_finds_no_room_is_not_written(step: int, room: bool) -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    labels = Labels(image, crowd(3, 3, step, 12), Pen.for_image(640, 480))
    assert labels.put(4, ("no mask 0.02", "0.02"), WHITE) == room
    assert image.any() == room


def test_a_label_stays_above_the_bar_and_inside_the_picture() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    boxes = np.array([(600, 0, 640, 460), (0, 300, 30, 449)], np.float32)
    labels = Labels(image, boxes, Pen.for_image(640, 480), bottom=450)
    assert labels.put(0, ("no mask 0.02",), WHITE) and labels.put(1, ("mask",), WHITE, below=True)
    assert not image[450:].any()


def face(x: float, y: float, size: float, **more: Any) -> dict[str, Any]:
    places = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.4, 0.8), (0.6, 0.8))
    points = [[x + size * u, y + size * v] for u, v in places]
    return {"box": [x, y, x + size, y + size], "landmarks": points, "score": 0.9, **more}


def test_a_crowd_has_a_legend_and_small_faces_stay_in_sight() -> None:
    answers = {"mask": "no_mask", "mask_prob": 0.1}
    faces = [face(float(x), float(y), 12.0, **answers) for x, y, _, _ in crowd(30, 20, 15, 12)]
    image = np.zeros((480, 640, 3), np.uint8)
    draw_detections(image, faces)
    x1, y1, x2, y2 = map(int, faces[0]["box"])
    assert not image[y1 + 1 : y2 - 1, x1 + 1 : x2 - 1].any()
    assert image[480 - annotation._bar_height(Pen.for_image(640, 480)) :].any()


def test_a_few_faces_need_no_legend() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    draw_detections(image, [face(100, 100, 120), face(400, 100, 120, mask="mask", mask_prob=0.9)])
    assert image[100:220, 100:220].any()
    assert not image[400:].any()
