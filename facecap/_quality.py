"""Pose and quality of one face."""

from __future__ import annotations

from numpy.typing import ArrayLike

from facecap import _core
from facecap._checks import check_floats, check_whole

_LARGEST_SIDE = 2**31 - 1


def face_pose(landmarks: ArrayLike) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees from five points, by the weak perspective of Gee and Cipolla (1994).

    Yaw and pitch saturate at one radian (57.3 degrees), roll at 90 degrees. yaw < 0: the nose is left of the
    face's middle in the image. pitch < 0: the nose is below the middle of eyes and mouth. roll < 0: the eye
    at image right is lower.

    Args:
        landmarks: (5, 2) pixels: eye at image left, eye at image right, nose tip, mouth corner at image left,
            mouth corner at image right.

    Returns:
        (yaw, pitch, roll); all nan where the middles of eyes and mouth coincide or a point is not finite.

    Raises:
        ValueError: the shape is not (5, 2).
    """
    return _core.face_pose(check_floats(landmarks, "landmarks", (5, 2)))


def face_quality(box: ArrayLike, landmarks: ArrayLike, image_size: tuple[int, int]) -> float:
    """How good a shot of a face is, from its pose, its size and its distance to the picture's border.

    About -0.2 to 1.5 and always finite. 0 for a face that breaks a rule: points outside the box, a nose
    outside eyes and mouth, eyes closer than 0.25 or mouth narrower than 0.15 of the box, an area below 625
    pixels, a pose that is not known. Limits on size and pose of a `CaptureConfig` are not looked at.

    Args:
        box: (4,) x1, y1, x2, y2 in pixels of the picture.
        landmarks: (5, 2) pixels, ordered as for `face_pose`.
        image_size: width and height of the picture in pixels.

    Raises:
        ValueError: a shape is not as above, or the picture's size is not positive.
    """
    width, height = image_size
    return _core.posture_quality(
        check_floats(box, "box", (4,)),
        check_floats(landmarks, "landmarks", (5, 2)),
        check_whole("image_size[0]", width, 1, _LARGEST_SIDE),
        check_whole("image_size[1]", height, 1, _LARGEST_SIDE),
    )
