"""YuNet: one answer a cell, its score the root of a class's and an object's probability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from facecap.conversion.detector.families.answers import (
    Answers,
    Family,
    Floats,
    PublicFile,
    cells,
    corners,
    joined,
    levels,
    sigmoid,
)


def _levels(outputs: Mapping[str, Floats], manifest: Mapping[str, Any], size: tuple[int, int]) -> Answers:
    parts = []
    for stride, level in levels(outputs, manifest):
        rows, places = cells(level), corners(level)
        scores = np.sqrt(sigmoid(rows[..., 0]) * sigmoid(rows[..., 1]))
        points = (np.tile(places, 5) + rows[..., 6:]) * stride
        parts.append((scores, _boxes(rows[..., 2:6], places) * stride, points))
    return joined(parts)


def _boxes(numbers: Floats, places: Floats) -> Floats:
    """Centre and logarithms of the size, in strides, as corners."""
    middle, half = places + numbers[..., :2], np.exp(numbers[..., 2:]) / 2
    return np.concatenate([middle - half, middle + half], -1)


FAMILY = Family(
    {"levels": _levels},
    PublicFile(
        scores=2,
        input={"color": "bgr", "mean": [0, 0, 0], "std": [1, 1, 1]},
        keys=lambda anchors: {},
        corners=_boxes,
    ),
)
