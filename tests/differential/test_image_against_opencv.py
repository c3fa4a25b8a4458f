"""Crops and alignment against OpenCV on any sizes, boxes and points."""

from __future__ import annotations

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import facecap

TEMPLATE = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)


def picture(height: int, width: int, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (5, 5), 0)


@given(st.integers(2, 300), st.integers(2, 300), st.integers(1, 160), st.integers(0, 99))
@settings(max_examples=150)
def test_a_crop_is_what_opencv_makes_of_its_rectangle(width: int, height: int, size: int, seed: int) -> None:
    image = picture(height, width, seed)
    random = np.random.default_rng(seed)
    corners = np.sort(random.uniform(-0.2, 1.2, (2, 2)), axis=0) * [width, height]
    box = corners.reshape(4).astype(np.float32)
    try:
        left, top, right, bottom = facecap.crop_rect(box, (width, height), 0.15)
    except ValueError:
        return
    part = image[top:bottom, left:right]
    across, down = (
        cv2.INTER_AREA if size <= side else cv2.INTER_LINEAR for side in (right - left, bottom - top)
    )
    wanted = cv2.resize(
        cv2.resize(part, (size, bottom - top), interpolation=across), (size, size), interpolation=down
    )
    found = facecap.crop_face(image, box, size)
    # OpenCV rounds each axis to whole levels, the core once.
    assert np.abs(found.astype(int) - wanted).max() <= 1


@given(st.floats(0.4, 3), st.floats(-np.pi, np.pi), st.integers(20, 160), st.integers(0, 99))
@settings(max_examples=100)
def test_alignment_is_opencv_s_warp_by_the_least_squares_similarity(
    scale: float, angle: float, size: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    image = cv2.GaussianBlur(picture(300, 300, seed), (15, 15), 0)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (TEMPLATE - 56) @ turn.T + 150 + random.normal(0, 2, (5, 2))
    # x' = a x - b y + c, y' = b x + a y + d, by plain least squares.
    points32 = points.astype(np.float32).astype(float)
    rows = [row for x, y in points32 for row in ((x, -y, 1, 0), (y, x, 0, 1))]
    a, b, c, d = np.linalg.lstsq(np.array(rows), (TEMPLATE * size / 112).ravel(), rcond=None)[0]
    matrix = np.array([[a, -b, c], [b, a, d]])
    wanted = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR)
    found = facecap.align_face(image, points, size)
    # OpenCV takes positions to a thirty-second of a pixel; at the edge of the picture it blends with black.
    inverse = cv2.invertAffineTransform(matrix)
    v, u = np.mgrid[:size, :size]
    source = np.stack([u, v], -1) @ inverse[:, :2].T + inverse[:, 2]
    inside = ((source > 1) & (source < 298)).all(-1)
    assert np.abs(found.astype(int) - wanted)[inside].max(initial=0) <= 2
