"""Faces as a test describes them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facecap import MaskAnswer
from facecap._checks import check_box, check_fraction, check_landmarks, check_whole
from facecap.testing._cell import CANONICAL

_ANSWERS = get_args(MaskAnswer)
_LARGEST = 2.0**20  # pixels
_MOST_YAW = 57.0  # degrees; `face_pose` saturates little above
_EYES_TO_MOUTH = CANONICAL[3][1] - CANONICAL[0][1]  # of the side


def face_landmarks(box: ArrayLike, yaw: float = 0.0) -> NDArray[np.float32]:
    """The five points of a face in a box: those of a frontal face, the nose moved as far as it is turned.

    Args:
        box: x1, y1, x2, y2 in pixels.
        yaw: degrees from -57 to 57, above 0 where the nose points to the image's right; what
            `facecap.face_pose` says of the points lies within a degree.

    Returns:
        (5, 2) float32, pixels, in the order of `Detections.landmarks`.

    Raises:
        ValueError, TypeError: an argument is not as above.
    """
    x1, y1, x2, y2 = check_box(box)
    turn = math.sin(math.radians(check_fraction("yaw", yaw, -_MOST_YAW, _MOST_YAW)))
    fractions = np.array(CANONICAL)
    fractions[2, 0] += _EYES_TO_MOUTH * turn / 2
    return np.asarray(fractions * [x2 - x1, y2 - y1] + [x1, y1], np.float32)


@dataclass(frozen=True, slots=True)
class PaintedFace:
    """A face that `painted_frame` paints and the scripted models see. Lengths are pixels of the frame.

    Raises:
        ValueError, TypeError: a value is out of range or of the wrong kind.
    """

    x: float
    """Of the box's centre, from 0."""
    y: float
    """Of the box's centre, from 0."""
    side: float | None = None
    """Of the square box; a tenth of the frame's width where None."""
    mask: MaskAnswer = "no_mask"
    """What the scripted classifier answers, unless the crop of a face with another answer overlaps.
    "incorrect" needs `classifier_model(incorrect=True)`; the default answers "mask" then."""
    score: float = 1.0
    """The scripted detector's, 0 to 1, met within 0.02; it finds what is above 0.5."""
    yaw: float = 0.0
    """Degrees, as `face_landmarks` has them."""
    landmarks: ArrayLike | None = field(default=None, repr=False)
    """(5, 2) in the order of `Detections.landmarks`; those of `face_landmarks` where None."""

    def __post_init__(self) -> None:
        for name in ("x", "y"):
            check_fraction(name, getattr(self, name), 0, _LARGEST)
        if self.side is not None:
            check_fraction("side", self.side, 1, _LARGEST)
        if self.mask not in _ANSWERS:
            raise ValueError(f"mask is {self.mask!r}, wanted one of {', '.join(map(repr, _ANSWERS))}")
        check_fraction("score", self.score, 0, 1)
        check_fraction("yaw", self.yaw, -_MOST_YAW, _MOST_YAW)
        if self.landmarks is not None:
            check_landmarks(self.landmarks)


def walk(
    frames: int,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    side: float | None = None,
    end_side: float | None = None,
    mask: MaskAnswer = "no_mask",
    yaw: float = 0.0,
    end_yaw: float | None = None,
) -> list[PaintedFace]:
    """A face that goes from one place to another on a straight line at an even pace.

    Args:
        frames: how many faces come out, at least 1.
        start: x, y of the box's centre in the first frame, pixels.
        end: x, y of the box's centre in the last frame, pixels.
        side: of the box in the first frame, pixels; as in `PaintedFace` where None.
        end_side: of the box in the last frame, pixels; needs `side`; the same where None.
        mask: what the classifier answers.
        yaw: degrees in the first frame.
        end_yaw: degrees in the last frame; the same where None.

    Returns:
        One face a frame.

    Raises:
        ValueError, TypeError: an argument is not as above.
    """
    count = check_whole("frames", frames, 1, 2**31)
    if side is None and end_side is not None:
        raise ValueError(f"end_side is {end_side} and side is None, wanted both")
    first = (*_place("start", start), 0.0 if side is None else side, yaw)
    last = (
        *_place("end", end),
        first[2] if end_side is None else end_side,
        yaw if end_yaw is None else end_yaw,
    )
    return [
        PaintedFace(x, y, None if side is None else length, mask, yaw=angle)
        for x, y, length, angle in np.linspace(first, last, count).tolist()
    ]


def _place(name: str, place: tuple[float, float]) -> tuple[float, float]:
    if not isinstance(place, tuple | list) or len(place) != 2:
        raise TypeError(f"{name} is {place!r}, wanted (x, y) in pixels")
    x, y = place
    return check_fraction(f"{name} x", x, 0, _LARGEST), check_fraction(f"{name} y", y, 0, _LARGEST)
