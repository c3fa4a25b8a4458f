"""Pose and quality through the public interface; the figures are golden values of docs/capture-flow.md."""

from __future__ import annotations

import math

import numpy as np
import pytest
from faces import canonical_face
from hypothesis import given
from hypothesis import strategies as st

import facecap

FULL_HD = (1920, 1080)
ANY_FLOAT = st.floats(width=32) | st.floats(0, 2000, width=32)


def quality(x: float, y: float, side: float, size: tuple[int, int] = FULL_HD) -> float:
    return facecap.face_quality(*canonical_face(x, y, side), size)


def test_frontal_face() -> None:
    yaw, pitch, roll = facecap.face_pose(canonical_face(800, 400, 200)[1])
    assert (yaw, roll) == (0, 0)
    assert math.radians(pitch) == pytest.approx(-0.052583, abs=2e-6)
    assert quality(800, 400, 200) == pytest.approx(1.358176, abs=1e-4)


@pytest.mark.parametrize(
    ("side", "wanted"),
    [
        (100, 1.225703),
        (74, 1.156067),
        (73, 0.847469),
        (65, 0.763740),
        (64, 0.392989),
        (25, 0.392989),
        (24, 0),
    ],
)
def test_quality_follows_the_size(side: float, wanted: float) -> None:
    assert quality(800, 400, side) == pytest.approx(wanted, abs=1e-4)


def test_quality_falls_at_the_border_of_the_picture() -> None:
    assert quality(50, 400, 200) == pytest.approx(1.158176, abs=1e-4)
    assert quality(500, 200, 200, (1280, 720)) == pytest.approx(1.414801, abs=1e-4)


@pytest.mark.parametrize(
    ("nose", "yaw", "pitch", "wanted"),
    [
        ((920, 520), 0.553935, -0.052555, 1.210467),
        ((880, 520), -0.553935, -0.052555, 1.210467),
        ((900, 500), 0, 0.442374, 1.254231),
        ((900, 518), 0, 0, 1.372198),
    ],
)
def test_pose_follows_the_nose(nose: tuple[float, float], yaw: float, pitch: float, wanted: float) -> None:
    box, landmarks = canonical_face(800, 400, 200)
    landmarks[2] = nose
    found = np.radians(facecap.face_pose(landmarks))
    assert found == pytest.approx([yaw, pitch, 0], abs=2e-6)
    assert facecap.face_quality(box, landmarks, FULL_HD) == pytest.approx(wanted, abs=1e-4)


def test_yaw_of_a_turned_head_saturates_beyond_the_default_limit() -> None:
    landmarks = canonical_face(800, 400, 200)[1]
    landmarks[2] = (940, 520)
    yaw = facecap.face_pose(landmarks)[0]
    assert yaw == pytest.approx(math.degrees(1), abs=1e-4)
    assert yaw > facecap.CaptureConfig().max_yaw


@given(st.floats(-80, 80))
def test_roll_is_the_tilt_of_the_eyes(degrees: float) -> None:
    landmarks = canonical_face(800, 400, 200)[1].astype(np.float64)
    centre, angle = np.array([900, 500]), math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    yaw, pitch, roll = facecap.face_pose((landmarks - centre) @ turn + centre)
    assert roll == pytest.approx(degrees, abs=1e-3)
    assert math.isfinite(yaw + pitch)


@given(st.floats(0.1, 10), st.floats(-500, 500))
def test_pose_does_not_depend_on_size_and_place(scale: float, shift: float) -> None:
    landmarks = canonical_face(800, 400, 200)[1]
    landmarks[2] = (915, 510)
    moved = landmarks.astype(np.float64) * scale + shift
    assert facecap.face_pose(moved) == pytest.approx(facecap.face_pose(landmarks), abs=0.05)


@given(st.lists(ANY_FLOAT, min_size=14, max_size=14))
def test_quality_is_finite_and_pose_bounded_for_any_numbers(numbers: list[float]) -> None:
    landmarks = np.array(numbers[4:], np.float32).reshape(5, 2)
    assert math.isfinite(facecap.face_quality(numbers[:4], landmarks, FULL_HD))
    yaw, pitch, roll = facecap.face_pose(landmarks)
    assert math.isnan(yaw) or (abs(yaw) < 57.3 and abs(pitch) < 57.3 and abs(roll) <= 90)


def test_degenerate_face_has_no_pose_and_no_quality() -> None:
    box, landmarks = canonical_face(800, 400, 200)
    landmarks[:, 1] = 500
    assert all(map(math.isnan, facecap.face_pose(landmarks)))
    assert facecap.face_quality(box, landmarks, FULL_HD) == 0


def test_wrong_shapes_are_named() -> None:
    box, landmarks = canonical_face(0, 0, 100)
    with pytest.raises(ValueError, match=r"landmarks has shape \(2, 5\), wanted \(5, 2\)"):
        facecap.face_pose(landmarks.T)
    with pytest.raises(ValueError, match=r"box has shape \(3,\), wanted \(4\)"):
        facecap.face_quality(box[:3], landmarks, FULL_HD)
    with pytest.raises(ValueError, match=r"image_size\[1\] is 0"):
        facecap.face_quality(box, landmarks, (1920, 0))
