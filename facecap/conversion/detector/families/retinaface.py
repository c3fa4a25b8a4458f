"""RetinaFace: priors about the centres of cells, in both of its forms. Checkpoints are imported by
`facecap.conversion.detector.import_checkpoint`."""

from __future__ import annotations

from collections.abc import Mapping
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


def decode(outputs: Mapping[str, Floats], manifest: Mapping[str, Any], size: tuple[int, int]) -> Answers:
    """See `facecap.conversion.detector.families.decode`."""
    detector = manifest["detector"]
    priors = prior_boxes(size[1], size[0], detector["min_sizes"], detector["strides"])
    scores, boxes, points = _rows(outputs, manifest, len(priors))
    centres, side = priors[:, :2], priors[:, 2:]
    of_centre, of_size = detector["variances"]
    middle = centres + of_centre * boxes[..., :2] * side
    half = side * np.exp(of_size * boxes[..., 2:]) / 2
    landmarks = np.tile(centres, 5) + of_centre * points * side
    return joined([(scores, np.concatenate([middle - half, middle + half], -1), landmarks)])


def _rows(
    outputs: Mapping[str, Floats], manifest: Mapping[str, Any], priors: int
) -> tuple[Floats, Floats, Floats]:
    """Scores (N, priors), box numbers (N, priors, 4), point numbers (N, priors, 10)."""
    if manifest["detector"]["form"] == "levels":
        sizes = manifest["detector"]["min_sizes"]
        split = [
            by_anchor(level, len(own))
            for (_, level), own in zip(levels(outputs, manifest), sizes, strict=True)
        ]
        logits, boxes, points = (np.concatenate(part, 1) for part in zip(*split, strict=True))
        return sigmoid(logits), boxes, points
    names = {entry["role"]: entry["name"] for entry in manifest["outputs"]}
    scores, boxes, points = (
        outputs[names[role]].reshape(-1, priors, values)
        for role, values in (("scores", 2), ("boxes", 4), ("landmarks", 10))
    )
    return scores[..., 1], boxes, points


FAMILY = Family(decode)
