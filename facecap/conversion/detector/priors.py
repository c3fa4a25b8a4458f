"""Priors of RetinaFace, as the published networks order them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

STRIDES = (8, 16, 32)


def prior_boxes(
    height: int, width: int, min_sizes: Sequence[Sequence[int]], strides: Sequence[int] = STRIDES
) -> npt.NDArray[np.float32]:
    """Priors (N, 3): centre x, centre y and size in pixels; by level, row, column and size, size fastest."""
    rows = [
        ((column + 0.5) * stride, (row + 0.5) * stride, size)
        for stride, sizes in zip(strides, min_sizes, strict=True)
        for row, column, size in product(range(-(-height // stride)), range(-(-width // stride)), sizes)
    ]
    return np.array(rows, np.float32)
