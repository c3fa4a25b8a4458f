"""Batches of training crops for the mask classifier."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from facecap.training.batches import Batch, Batches, epoch_part
from facecap.training.mask.augment import Composer, cut_plain
from facecap.training.mask.data import Image, Patch
from facecap.training.mask.occluders import Occluder
from facecap.training.mask.recipe import COMPOSED
from facecap.training.processes import own_places
from facecap.training.recipe import Recipe


class MaskBatches(Batches[Batch]):
    """(B, 112, 112, 3) uint8 RGB crops and (B,) float labels: 1 for a mask, 2 for one worn wrongly."""

    def __init__(
        self,
        patches: Sequence[Patch],
        recipe: Recipe,
        first: int,
        occluders: Sequence[Occluder] = (),
        incorrect: bool = False,
    ) -> None:
        """Patches and occluders are shared with the workers, not copied; `incorrect` as of `Composer`."""
        super().__init__(first)
        self._patches = patches
        self._recipe = recipe
        composed = recipe.preset in COMPOSED
        self._composer = Composer(patches, occluders=occluders, incorrect=incorrect) if composed else None

    def make(self, number: int) -> Batch:
        """This process's part of a batch: composed crops where the preset has them, else the faces as they
        are, in shuffled passes."""
        recipe = self._recipe
        part = epoch_part(number, len(self._patches), recipe.batch, recipe.seed)
        places = own_places(len(part) if self._composer is None else recipe.batch)
        draws = [(place, np.random.default_rng((recipe.seed, number, place))) for place in places]
        if self._composer is not None:
            pairs = [self._composer.sample(rng) for _, rng in draws]
        else:
            pairs = [self._plain(int(part[place]), rng) for place, rng in draws]
        images, labels = zip(*pairs, strict=True)
        return torch.from_numpy(np.stack(images)), torch.tensor(labels, dtype=torch.float32)

    def _plain(self, index: int, rng: np.random.Generator) -> tuple[Image, int]:
        patch = self._patches[index]
        degrees, flip = float(rng.uniform(-30, 30)), bool(rng.random() < 0.5)
        return cut_plain(patch.image, patch.box, degrees, flip), int(patch.face.masked)
