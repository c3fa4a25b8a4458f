"""Every prior of a detector's raw answers, decoded and not yet thinned out, so that two can be compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap.conversion.priors import prior_boxes

Floats = NDArray[np.float32]
ANCHORS = 2


@dataclass(frozen=True)
class Decoded:
    """Scores (N, priors), boxes (N, priors, 4) and landmarks (N, priors, 5, 2) in pixels of the input."""

    scores: Floats
    boxes: Floats
    landmarks: Floats


class Decoder:
    """Decodes by a manifest of a fixed input, in both of a detector's forms."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        entry, self._detector = manifest["input"], manifest["detector"]
        self._roles = [output["role"] for output in manifest["outputs"]]
        self._priors = prior_boxes(
            entry["height"], entry["width"], self._detector["min_sizes"], self._detector["strides"]
        )

    def decode(self, outputs: Sequence[Floats]) -> Decoded:
        """The outputs (N, ...) in the manifest's order."""
        if self._detector["form"] == "levels":
            rows = [_level_rows(level) for level in outputs]
            scores, deltas = (np.concatenate(parts, 1) for parts in zip(*rows, strict=True))
        else:
            by_role = dict(zip(self._roles, outputs, strict=True))
            count = len(by_role["boxes"])
            scores = by_role["scores"].reshape(count, -1, 2)[..., 1]
            deltas = np.concatenate(
                [by_role[role].reshape(count, len(self._priors), -1) for role in ("boxes", "landmarks")], -1
            )
        return self._decoded(scores, deltas)

    def _decoded(self, scores: Floats, deltas: Floats) -> Decoded:
        centre, size = self._priors[:, :2], self._priors[:, 2:]
        first, second = self._detector["variances"]
        middle = centre + first * deltas[..., :2] * size
        half = size * np.exp(second * deltas[..., 2:4]) / 2
        points = deltas[..., 4:].reshape(*deltas.shape[:2], 5, 2)
        landmarks = centre[:, None] + first * points * size[:, None]
        return Decoded(scores, np.concatenate([middle - half, middle + half], -1), landmarks)


def _level_rows(level: Floats) -> tuple[Floats, Floats]:
    """Scores (N, priors) and deltas (N, priors, 14) of one level (N, A * 15, height, width)."""
    count, channels = level.shape[:2]
    cells = np.moveaxis(level, 1, -1).reshape(count, -1, channels)
    scores = np.asarray(1 / (1 + np.exp(-cells[..., :ANCHORS].reshape(count, -1))), np.float32)
    boxes = cells[..., ANCHORS : 5 * ANCHORS].reshape(count, -1, 4)
    landmarks = cells[..., 5 * ANCHORS :].reshape(count, -1, 10)
    return scores, np.concatenate([boxes, landmarks], -1)
