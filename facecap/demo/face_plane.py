"""Coordinates that move with a face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FacePlane:
    """Coordinates of a face: (0, 0) between the eyes, u along them and v down, in eye distances."""

    origin: Floats
    along: Floats
    down: Floats
    eye_distance: float
    middle: float
    """u of the face's middle line."""
    mouth: float
    """v of the mouth."""

    @staticmethod
    def of(landmarks: Floats) -> FacePlane:
        """From the five points."""
        left_eye, right_eye, nose, *corners = landmarks
        origin = (left_eye + right_eye) / 2
        distance = float(np.linalg.norm(right_eye - left_eye))
        along = (right_eye - left_eye) / np.float32(distance)
        down = np.array([-along[1], along[0]], np.float32)
        mouth = (corners[0] + corners[1]) / 2
        return FacePlane(
            origin,
            along,
            down,
            distance,
            middle=float(np.dot(nose - origin, along)) / distance / 2,
            mouth=float(np.dot(mouth - origin, down)) / distance,
        )

    def point(self, u: float, v: float) -> Floats:
        """The pixel at (u, v), u counted from the middle line."""
        offset = self.along * (u + self.middle) + self.down * v
        return np.asarray(self.origin + self.eye_distance * offset, np.float32)

    def coordinates(self, height: int, width: int) -> tuple[Floats, Floats]:
        """u and v of every pixel."""
        y, x = np.mgrid[:height, :width].astype(np.float32)
        offset = np.stack([x, y], axis=-1) - self.origin
        return offset @ self.along / self.eye_distance - self.middle, offset @ self.down / self.eye_distance
