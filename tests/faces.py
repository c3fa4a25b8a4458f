"""Faces made of numbers, for tests that need no picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRACTIONS = np.array([(0.30, 0.40), (0.70, 0.40), (0.50, 0.60), (0.35, 0.78), (0.65, 0.78)])


def canonical_face(x: float, y: float, side: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Box (4,) and landmarks (5, 2) of a frontal face in a square box."""
    box = np.array([x, y, x + side, y + side], np.float32)
    return box, (FRACTIONS * side + [x, y]).astype(np.float32)


@dataclass
class Found:
    """Detections as a tracker looks at them."""

    boxes: NDArray[Any]
    scores: NDArray[Any]

    @classmethod
    def squares(cls, *squares: tuple[float, float, float]) -> Found:
        boxes = np.array([canonical_face(*square)[0] for square in squares], np.float32).reshape(-1, 4)
        return cls(boxes, np.full(len(boxes), 0.9, np.float32))
