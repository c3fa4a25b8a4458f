"""Batches of canvases for the detector, with what is asked of every prior."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from facecap.conversion.import_checkpoint import MIN_SIZES, VARIANCES
from facecap.conversion.priors import prior_boxes
from facecap.training.batches import Batches
from facecap.training.detector_augment import Canvas, CanvasMaker
from facecap.training.detector_data import DOUBTFUL, Source
from facecap.training.detector_loss import targets
from facecap.training.detector_recipe import Recipe


class DetectorBatches(Batches[tuple[Tensor, ...]]):
    """(B, side, side, 3) uint8 BGR canvases, and of their priors the class (B, N), the regression targets
    (B, N, 14) and the belief in the face that each answers for (B, N)."""

    def __init__(self, sources: list[Source], recipe: Recipe, layout: str, first: int) -> None:
        """`layout`: name of the network's, which says the priors' sizes."""
        super().__init__(first)
        self._sources, self._recipe = sources, recipe
        self._priors = prior_boxes(recipe.side, recipe.side, MIN_SIZES[layout])

    def make(self, number: int) -> tuple[Tensor, ...]:
        """Canvases drawn by the seed and the number."""
        recipe = self._recipe
        maker = CanvasMaker(self._sources, recipe.side, (recipe.seed, number), recipe.way.smallest)
        rows = [self._row(maker.draw()) for _ in range(recipe.batch)]
        return tuple(torch.from_numpy(np.stack(parts)) for parts in zip(*rows, strict=True))

    def _row(self, canvas: Canvas) -> tuple[np.ndarray, ...]:
        faces, asked, belief = canvas.faces, canvas.whole, canvas.belief
        if self._recipe.way.leash:
            seen = belief >= DOUBTFUL
            faces, asked, belief = faces[seen], canvas.certain[seen], belief[seen]
        labels, deltas, owner = targets(self._priors, faces, asked, (VARIANCES[0], VARIANCES[1]))
        return canvas.image, labels, deltas, np.append(belief, np.float32(0))[owner]
