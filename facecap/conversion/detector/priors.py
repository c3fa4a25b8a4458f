"""What a published RetinaFace is fed with, and the priors that its answers count from."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

MEAN = (104, 117, 123)  # BGR, taken from every pixel
STRIDES = (8, 16, 32)
VARIANCES = (0.1, 0.2)
FROM_10_PX = ((10, 20), (32, 64), (128, 256))
FROM_16_PX = ((16, 32), (64, 128), (256, 512))
LIGHT = ((10, 16, 24), (32, 48), (64, 96), (128, 192, 256))  # of RFB and Slim, whose strides go to 64


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
