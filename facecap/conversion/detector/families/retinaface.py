"""RetinaFace: priors about the centres of cells, in both of its forms. Checkpoints are imported by
`facecap.conversion.detector.import_checkpoint`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from facecap.conversion.detector.families.answers import (
    Answers,
    Family,
    Floats,
    by_anchor,
    joined,
    levels,
    sigmoid,
)
from facecap.conversion.detector.priors import prior_boxes

ROLES = ("boxes", "scores", "landmarks")
"""Outputs of the form `concatenated`."""


def _levels(outputs: Mapping[str, Floats], manifest: Mapping[str, Any], size: tuple[int, int]) -> Answers:
    sizes = manifest["detector"]["min_sizes"]
    parts = [
        by_anchor(level, len(own)) for (_, level), own in zip(levels(outputs, manifest), sizes, strict=True)
    ]
    logits, boxes, points = (np.concatenate(part, 1) for part in zip(*parts, strict=True))
    return _placed(sigmoid(logits), boxes, points, manifest["detector"], size)


def _concatenated(
    outputs: Mapping[str, Floats], manifest: Mapping[str, Any], size: tuple[int, int]
) -> Answers:
    names = {entry["role"]: entry["name"] for entry in manifest["outputs"]}
    boxes, scores, points = (outputs[names[role]] for role in ROLES)
    return _placed(scores[..., 1], boxes, points, manifest["detector"], size)


def _placed(
    scores: Floats, boxes: Floats, points: Floats, detector: Mapping[str, Any], size: tuple[int, int]
) -> Answers:
    """Scores (N, priors), box numbers (N, priors, 4) and point numbers (N, priors, 10), in pixels."""
    min_sizes = tuple(map(tuple, detector["min_sizes"]))
    priors = _priors(size[1], size[0], min_sizes, tuple(detector["strides"]))
    centres, side = priors[:, :2], priors[:, 2:]
    of_centre, of_size = (np.float32(variance) for variance in detector["variances"])
    middle = centres + of_centre * boxes[..., :2] * side
    half = side * np.exp(of_size * boxes[..., 2:]) / 2
    landmarks = np.tile(centres, 5) + of_centre * points * side
    return joined([(scores, np.concatenate([middle - half, middle + half], -1), landmarks)])


_priors = lru_cache(8)(prior_boxes)

FAMILY = Family({"levels": _levels, "concatenated": _concatenated})
