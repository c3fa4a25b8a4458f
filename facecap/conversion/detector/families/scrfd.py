"""SCRFD with points: several answers a cell, distances to the sides of the box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from facecap.conversion.detector.families.answers import (
    Answers,
    Family,
    Floats,
    PublicFile,
    by_anchor,
    corners,
    joined,
    levels,
    sigmoid,
)


def _levels(outputs: Mapping[str, Floats], manifest: Mapping[str, Any], size: tuple[int, int]) -> Answers:
    anchors = manifest["detector"]["anchors"]
    parts = []
    for stride, level in levels(outputs, manifest):
        logits, sides, points = by_anchor(level, anchors)
        places = corners(level, anchors)
        landmarks = (np.tile(places, 5) + points) * stride
        parts.append((sigmoid(logits), _boxes(sides, places) * stride, landmarks))
    return joined(parts)


def _boxes(sides: Floats, places: Floats) -> Floats:
    """Distances to left, top, right and bottom, in strides, as corners."""
    return np.concatenate([places - sides[..., :2], places + sides[..., 2:]], -1)


FAMILY = Family(
    {"levels": _levels},
    PublicFile(
        scores=1,
        input={"color": "rgb", "mean": [127.5, 127.5, 127.5], "std": [128, 128, 128]},
        keys=lambda anchors: {"anchors": anchors},
        corners=_boxes,
    ),
)
