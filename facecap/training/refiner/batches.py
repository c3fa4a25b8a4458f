"""Batches of crops for the refiner: half of them faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from facecap.training.batches import Batch, Batches
from facecap.training.refiner.augment import PART, Example, draw, draw_part
from facecap.training.refiner.data import Crop, chances

TRUE, TEACHER = 1.0, 0.2  # weight of points that people set, and of a network's
# Columns of the labels.
FACE, WEIGHT, BLUR, POINTS = 0, 1, 2, slice(3, 13)
COLUMNS = 13


class RefinerBatches(Batches[Batch]):
    """(B, 112, 112, 3) uint8 RGB crops and labels (B, 13): face 0 or 1, weight of the points, blur or nan,
    ten coordinates as shares of the crop, 0 where they have no weight."""

    def __init__(self, crops: Sequence[Crop], batch: int, seed: int, first: int) -> None:
        """Crops are shared with the workers, not copied."""
        super().__init__(first)
        self._batch, self._seed = batch, seed
        self._faces = _Pool([crop for crop in crops if crop.face])
        self._others = _Pool([crop for crop in crops if not crop.face])

    def make(self, number: int) -> Batch:
        """Faces and others in turn."""
        rng = np.random.default_rng((self._seed, number))
        pairs = [self._example(place % 2 == 0, rng) for place in range(self._batch)]
        images = np.stack([example.image for example, _ in pairs])
        labels = np.stack([label(example, weight) for example, weight in pairs])
        return torch.from_numpy(images), torch.from_numpy(labels)

    def _example(self, face: bool, rng: np.random.Generator) -> tuple[Example, float]:
        while True:
            cover = self._others.draw(rng).image
            if face:
                crop = self._faces.draw(rng)
                example = draw(crop, cover, rng)
            elif rng.random() < PART:
                crop = self._faces.draw(rng)
                example = draw_part(crop, cover, rng)
            else:
                crop = self._others.draw(rng)
                example = draw(crop, cover, rng)
            if example is not None:
                return example, TRUE if crop.true else TEACHER


class _Pool:
    """Draws crops by their chances."""

    def __init__(self, crops: list[Crop]) -> None:
        self._crops = crops
        self._sums = np.cumsum(chances(crops))

    def draw(self, rng: np.random.Generator) -> Crop:
        place = int(np.searchsorted(self._sums, rng.random() * self._sums[-1], side="right"))
        return self._crops[min(place, len(self._crops) - 1)]


def label(example: Example, weight: float) -> NDArray[np.float32]:
    """A row of labels; the points weigh nothing where they are not known or the face is none."""
    row = np.zeros(COLUMNS, np.float32)
    known = example.face and not np.isnan(example.points).any()
    row[FACE], row[WEIGHT], row[BLUR] = float(example.face), weight * known, example.blur
    row[POINTS] = example.points.reshape(-1) if known else 0.0
    return row
