"""How the pixels of a cell say a face: what the painted frames write and the scripted detector reads.

A cell is 8 x 8 pixels of the detector's input. Its green is the score. For each of the 14 numbers that a
detector says of a prior (box: 4, points: 10) two pixels hold red minus blue: the number in coarse and in fine
steps. Where red and blue are equal, the cell is the default face about its centre.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

INPUT = (640, 360)
"""Width and height of the detector's input, pixels."""
CELL = 8
"""Pixels a side."""
DEFAULT_SIDE = 64
"""Pixels a side of the box of the default face."""
CENTRE_VARIANCE, SIZE_VARIANCE = 0.1, 0.2
CANONICAL = ((0.30, 0.40), (0.70, 0.40), (0.50, 0.60), (0.35, 0.78), (0.65, 0.78))
"""The five points of a frontal face as fractions of its box, in the order of `Detections.landmarks`."""
SCORE_LOGITS = (-10.0, 10.0)
"""For a green of 0 and of 255."""
RANGES = (1.0, 1.0, 15.0, 15.0, *[64.0] * 10)
"""The largest of each of the 14 numbers, in units of the detector."""
_STEPS = 255


def default_points() -> NDArray[np.float64]:
    """(10,) the points of the default face, x and y in turn, in units of the detector."""
    return (np.ravel(CANONICAL) - 0.5) / CENTRE_VARIANCE


def painted(numbers: NDArray[np.float64], score_logit: float, blue: int) -> NDArray[np.uint8]:
    """(8, 8, 3) BGR of a cell.

    Args:
        numbers: (14,) differences from the default face, each within its range.
        score_logit: cut to `SCORE_LOGITS`.
        blue: 0 to 255, of every pixel where its difference from red allows it.
    """
    low, high = SCORE_LOGITS
    cell = np.full((CELL * CELL, 3), blue, np.uint8)
    cell[:, 1] = np.clip(np.rint(255 * (score_logit - low) / (high - low)), 0, 255)
    steps = numbers / np.array(RANGES) * _STEPS
    coarse = np.rint(steps)
    fine = np.rint((steps - coarse) * _STEPS)
    difference = np.stack([coarse, fine], axis=1).ravel().astype(int)  # red minus blue
    blues = np.clip(blue, np.maximum(-difference, 0), 255 - np.maximum(difference, 0))
    cell[: len(difference), 0] = blues
    cell[: len(difference), 2] = blues + difference
    return cell.reshape(CELL, CELL, 3)


def convolution() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights (15, 3, 8, 8) and biases (15,) that read a cell of BGR planes, 0 to 255."""
    low, high = SCORE_LOGITS
    weight = np.zeros((1 + len(RANGES), 3, CELL * CELL), np.float32)
    weight[0, 1] = (high - low) / (255 * CELL * CELL)
    for channel, pixel, step in _steps():
        weight[channel, 2, pixel] = step
        weight[channel, 0, pixel] = -step
    bias = np.concatenate([[low], np.zeros(4), default_points()]).astype(np.float32)
    return weight.reshape(-1, 3, CELL, CELL), bias


def _steps() -> Iterator[tuple[int, int, float]]:
    """Channel, pixel and size of a step of red minus blue."""
    for number, largest in enumerate(RANGES):
        yield number + 1, 2 * number, largest / _STEPS
        yield number + 1, 2 * number + 1, largest / _STEPS**2
