"""Batches of training crops; each one depends on the seed and its number alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from facecap.training.mask_augment import Composer, cut_plain
from facecap.training.mask_data import Image, Patch
from facecap.training.mask_recipe import Recipe
from facecap.training.occluders import Occluder

Batch = tuple[torch.Tensor, torch.Tensor]


class Batches(IterableDataset[Batch]):
    """Endless (B, 112, 112, 3) uint8 RGB and (B,) float labels, from batch number `start` on."""

    def __init__(
        self, patches: list[Patch], recipe: Recipe, start: int, occluders: Sequence[Occluder] = ()
    ) -> None:
        """Patches and occluders are shared with the workers, not copied."""
        self._patches = patches
        self._recipe = recipe
        self._start = start
        self._composer = Composer(patches, occluders=occluders) if recipe.preset == "default" else None

    def __iter__(self) -> Iterator[Batch]:
        """Batches in order; of several workers each makes every n-th."""
        worker = get_worker_info()
        first, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        number = self._start + first
        while True:
            yield self.make(number)
            number += step

    def make(self, number: int) -> Batch:
        """Batch `number`, counted from 0."""
        rng = np.random.default_rng((self._recipe.seed, number))
        if self._composer is not None:
            pairs = [self._composer.sample(rng) for _ in range(self._recipe.batch)]
        else:
            pairs = [self._plain(int(index), rng) for index in self._epoch_part(number)]
        images, labels = zip(*pairs, strict=True)
        return torch.from_numpy(np.stack(images)), torch.tensor(labels, dtype=torch.float32)

    def _epoch_part(self, number: int) -> NDArray[np.int64]:
        per_epoch = batches_per_epoch(self._patches, self._recipe)
        epoch, place = divmod(number, per_epoch)
        order = np.random.default_rng((self._recipe.seed, 1, epoch)).permutation(len(self._patches))
        return order[place * self._recipe.batch : (place + 1) * self._recipe.batch]

    def _plain(self, index: int, rng: np.random.Generator) -> tuple[Image, bool]:
        patch = self._patches[index]
        degrees, flip = float(rng.uniform(-30, 30)), bool(rng.random() < 0.5)
        return cut_plain(patch.image, patch.box, degrees, flip), patch.face.masked


def batches_per_epoch(patches: list[Patch], recipe: Recipe) -> int:
    """Whole batches in one pass; a rest smaller than a batch is left to the next shuffle."""
    return max(1, len(patches) // recipe.batch)


def loader(
    patches: list[Patch], recipe: Recipe, start: int, workers: int, occluders: Sequence[Occluder] = ()
) -> DataLoader[Batch]:
    """Batches from `start` on, made in `workers` processes, or here when there is none."""
    return DataLoader(
        Batches(patches, recipe, start, occluders),
        batch_size=None,
        num_workers=workers,
        worker_init_fn=_settle_worker,
        multiprocessing_context="fork" if workers else None,  # shares the patches, other ways would copy them
        prefetch_factor=6 if workers else None,
    )


def _settle_worker(_worker: int) -> None:
    torch.set_num_threads(1)
