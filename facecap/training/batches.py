"""Endless batches, each of which depends on the seed and its number alone, so that a run can be resumed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

Batch = tuple[torch.Tensor, torch.Tensor]  # (B, H, W, 3) uint8 RGB pictures and (B,) labels
Made = TypeVar("Made", bound=tuple[torch.Tensor, ...])


class Batches(IterableDataset[Made]):
    """Batches from number `first` on."""

    def __init__(self, first: int) -> None:
        self._first = first

    @abstractmethod
    def make(self, number: int) -> Made:
        """Batch `number`, counted from 0."""

    def __iter__(self) -> Iterator[Made]:
        """Batches in order; of several workers each makes every n-th."""
        worker = get_worker_info()
        place, step = (0, 1) if worker is None else (worker.id, worker.num_workers)
        number = self._first + place
        while True:
            yield self.make(number)
            number += step


def batches_per_epoch(count: int, batch: int) -> int:
    """Whole batches in one pass over `count`; a rest smaller than a batch is left to the next shuffle."""
    return max(1, count // batch)


def epoch_part(number: int, count: int, batch: int, seed: int) -> NDArray[np.int64]:
    """What batch `number` takes of `count` things, which every epoch shuffles anew."""
    epoch, place = divmod(number, batches_per_epoch(count, batch))
    order = np.random.default_rng((seed, 1, epoch)).permutation(count)
    return order[place * batch : (place + 1) * batch]


def loader(batches: Batches[Made], workers: int, ahead: int = 6) -> DataLoader[Made]:
    """The batches, made in `workers` processes, each `ahead` of the training, or here when there is none."""
    return DataLoader(
        batches,
        batch_size=None,
        num_workers=workers,
        worker_init_fn=_settle_worker,
        multiprocessing_context="fork" if workers else None,  # shares the data, other ways would copy it
        prefetch_factor=ahead if workers else None,
        pin_memory=torch.cuda.is_available(),  # for copies beside the computation
    )


def _settle_worker(_worker: int) -> None:
    torch.set_num_threads(1)
