"""Crops and alignment against OpenCV, and what is refused."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import facecap

TEMPLATE = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)


def texture(height, width, seed=0):
    """Noise with some structure, as photographs have."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.GaussianBlur(noise, (3, 3), 0)


def cut_by_rule(image, box, border):
    """docs/capture-flow.md, "Crop": whole pixels toward zero, clipped to the last pixel of the frame."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = box
    half_width, half_height = (0.5 + border) * int(x2 - x1), (0.5 + border) * int(y2 - y1)
    cx, cy = int((x1 + x2) / 2), int((y1 + y2) / 2)
    left, right = (int(np.clip(x, 0, width - 1)) for x in (cx - half_width, cx + half_width))
    top, bottom = (int(np.clip(y, 0, height - 1)) for y in (cy - half_height, cy + half_height))
    return image[top:bottom, left:right]


def resize_by_opencv(image, size):
    """Each axis by area where it shrinks and linear where it grows."""
    height, width = image.shape[:2]
    across, down = (cv2.INTER_AREA if size <= side else cv2.INTER_LINEAR for side in (width, height))
    return cv2.resize(
        cv2.resize(image, (size, height), interpolation=across), (size, size), interpolation=down
    )


@pytest.mark.parametrize("size", [1, 64, 112, 300])
@pytest.mark.parametrize(
    "box",
    [(100, 100, 300, 260), (100, 100, 160, 170), (3, 4, 890, 690), (50, 60, 90, 300), (800, 600, 950, 800)],
)
def test_crop_equals_opencv(box, size):
    image = texture(700, 900)
    wanted = resize_by_opencv(cut_by_rule(image, box, 0.15), size)
    # Twice rounded by OpenCV, an axis at a time, once here.
    assert np.abs(facecap.crop_face(image, box, size).astype(int) - wanted).max() <= 1


@pytest.mark.parametrize(("width", "height"), [(260, 208), (112, 112), (60, 80), (113, 500)])
def test_one_resize_is_within_one_level_of_opencv(width, height):
    image = texture(height + 1, width + 1)
    box = (0, 0, 2 * width, 2 * height)
    whole = image[:height, :width]
    mode = cv2.INTER_AREA if min(width, height) >= 112 else cv2.INTER_LINEAR
    found = facecap.crop_face(image, box, 112, border=0.0)
    assert np.abs(found.astype(int) - cv2.resize(whole, (112, 112), interpolation=mode)).max() <= 1


@given(
    st.lists(st.floats(-(2.0**127), 2.0**127, width=32), min_size=4, max_size=4),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.floats(0, 4),
)
@settings(max_examples=300)
def test_any_box_gives_a_crop_or_a_clear_error(box, shape, border):
    image = np.full((*shape, 3), 77, np.uint8)
    try:
        crop = facecap.crop_face(image, box, 8, border)
    except ValueError as error:
        assert "box" in str(error)
    else:
        assert crop.shape == (8, 8, 3)
        assert (crop == 77).all()


def test_align_undoes_a_similarity():
    image = texture(400, 500)
    points = TEMPLATE * 2.5 + [40, 30]
    wanted = cv2.warpAffine(
        image, np.array([[0.4, 0, -16], [0, 0.4, -12]]), (112, 112), flags=cv2.INTER_LINEAR
    )
    assert np.abs(facecap.align_face(image, points).astype(int) - wanted).max() <= 1


@given(st.floats(0.3, 3), st.floats(-np.pi, np.pi), st.floats(0, 255), st.floats(0, 255))
def test_aligned_pixels_come_from_where_the_points_say(scale, angle, x, y):
    # Blue says the column, green the row that a pixel came from.
    y_of, x_of = np.mgrid[:256, :256].astype(np.uint8)
    image = np.dstack([x_of, y_of, np.full_like(x_of, 255)])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    origin = np.array([x, y]) - turn @ [56, 56]
    aligned = facecap.align_face(image, TEMPLATE @ turn.T + origin)
    v, u = np.mgrid[:112, :112]
    source = np.stack([u, v], -1) @ turn.T + origin
    inside = ((source >= 0.5) & (source <= 254.5)).all(-1)
    assert np.abs(aligned[inside][:, :2] - source[inside]).max(initial=0) <= 0.6
    outside = ((source < -1) | (source > 256)).any(-1)
    assert not aligned[outside].any()


def test_align_is_black_outside_and_scales_with_the_size():
    image = np.full((100, 100, 3), 200, np.uint8)
    aligned = facecap.align_face(image, TEMPLATE - 60, 224)
    assert aligned.shape == (224, 224, 3)
    assert (aligned[:100, :100] == 0).all()
    assert (aligned[160:, 160:] == 200).all()


def test_channels_keep_their_order():
    image = np.zeros((50, 50, 3), np.uint8)
    image[:] = (10, 20, 30)
    assert facecap.crop_face(image, (10, 10, 40, 40))[50, 50].tolist() == [10, 20, 30]


def test_the_picture_is_left_alone():
    image = texture(60, 60)
    before = image.copy()
    facecap.crop_face(image, (5, 5, 40, 40))
    facecap.align_face(image, TEMPLATE)
    assert (image == before).all()


GOOD = np.zeros((20, 30, 3), np.uint8)


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (None, "image is NoneType, wanted a uint8 array height x width x 3: was the picture read"),
        ([[0]], "image is list"),
        (GOOD.astype(np.float32), "dtype float32, wanted uint8"),
        (GOOD[..., 0], r"shape \(20, 30\), wanted height x width x 3; cv2.cvtColor"),
        (np.zeros((20, 30, 4), np.uint8), "drops the alpha"),
        (GOOD[None], r"shape \(1, 20, 30, 3\)"),
        (GOOD[:0], "is empty"),
        (np.zeros((2**20 + 1, 1, 3), np.uint8), "wanted at most 1048576 pixels a side"),
        (GOOD[:, ::2], "strides .* C-contiguous"),
        (GOOD[..., ::-1], "strides .* C-contiguous"),
    ],
)
def test_other_images_are_refused(image, says):
    with pytest.raises(ValueError, match=says):
        facecap.crop_face(image, (1, 1, 10, 10))
    with pytest.raises(ValueError, match=says):
        facecap.align_face(image, TEMPLATE)


@pytest.mark.parametrize(
    ("box", "says"),
    [
        ((1, 2, 3), r"box has shape \(3,\), wanted \(4,\)"),
        ((5, 5, 5, 9), "x1 < x2"),
        ((1, 1, float("nan"), 9), "finite"),
        (("a", "b", "c", "d"), "dtype"),
        ((100, 100, 120, 120), "covers no pixel of the 30x20 picture"),
    ],
)
def test_other_boxes_are_refused(box, says):
    with pytest.raises(ValueError, match=says):
        facecap.crop_face(GOOD, box)


def test_other_points_sizes_and_borders_are_refused():
    with pytest.raises(ValueError, match="coincide"):
        facecap.align_face(GOOD, np.ones((5, 2)))
    with pytest.raises(ValueError, match=r"shape \(10,\), wanted \(5, 2\)"):
        facecap.align_face(GOOD, np.ones(10))
    with pytest.raises(ValueError, match="size is 0, wanted 1 to 4096"):
        facecap.crop_face(GOOD, (1, 1, 9, 9), size=0)
    with pytest.raises(TypeError, match=r"size is 1\.5"):
        facecap.crop_face(GOOD, (1, 1, 9, 9), size=1.5)
    with pytest.raises(ValueError, match="border is -1"):
        facecap.crop_face(GOOD, (1, 1, 9, 9), border=-1)
