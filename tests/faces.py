"""Faces made of numbers, for tests that need no picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap.testing import face_landmarks


def canonical_face(x: float, y: float, side: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Box (4,) and landmarks (5, 2) of a frontal face in a square box."""
    box = np.array([x, y, x + side, y + side], np.float32)
    return box, face_landmarks(box)


@dataclass
class Found:
    """Detections as a tracker looks at them."""

    boxes: NDArray[Any]
    scores: NDArray[Any]

    @classmethod
    def squares(cls, *squares: tuple[float, float, float]) -> Found:
        boxes = np.array([canonical_face(*square)[0] for square in squares], np.float32).reshape(-1, 4)
        return cls(boxes, np.full(len(boxes), 0.9, np.float32))
