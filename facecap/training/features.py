"""Learning a head from features that a frozen backbone gave once, instead of from pictures."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from facecap.training import inputs
from facecap.training.backbone import head_names
from facecap.training.batches import Batch, epoch_part
from facecap.training.execution import Execution
from facecap.training.loop import Task
from facecap.training.recipe import Recipe
from facecap.training.run import Progress, TrainingError


class HeadTask(Task, Protocol):
    """A task whose network answers one row of logits a picture."""

    def logits_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of (B, outputs) logits."""


def as_cached(
    task: HeadTask, model: nn.Module, recipe: Recipe, machine: Execution, progress: Progress
) -> Task:
    """The task, with features in the place of pictures where the recipe asks for them."""
    if recipe.cache_features is None:
        return task
    return CachedFeatures(task, model, recipe, machine, progress)


class CachedFeatures:
    """The task of a run whose backbone is frozen, with features in the place of pictures.

    They are what the head reads of the pictures of `recipe.cache_features` passes, 4 bytes a number, and come
    in passes that are shuffled anew. Dropout, which lies before the head in every network, is drawn every
    time.
    """

    def __init__(
        self, task: HeadTask, model: nn.Module, recipe: Recipe, machine: Execution, progress: Progress
    ) -> None:
        """`model`: of `recipe.network`, its backbone frozen.

        Raises:
            TrainingError: the head is not one layer.
        """
        heads = {name.rpartition(".")[0] for name in head_names(recipe.network)}
        if len(heads) > 1:
            raise TrainingError(
                f"--cache-features: the head of {recipe.network} is {' and '.join(sorted(heads))}, wanted "
                "one layer: leave the option out"
            )
        self.side = task.side
        self._task, self._model, self._recipe = task, model, recipe
        self._machine, self._progress = machine, progress
        self._head = model.get_submodule(heads.pop())
        self._dropouts = [module.p for module in model.modules() if isinstance(module, nn.Dropout)]

    def steps_per_epoch(self) -> int:
        """As many as without the cache."""
        return self._task.steps_per_epoch()

    def batches(self, first: int) -> Iterator[Batch]:
        """Endless batches of features (B, F) and labels from number `first` on; takes the features first."""
        features, labels = self._take()
        while True:
            part = epoch_part(first, len(labels), self._recipe.batch, self._recipe.seed)
            yield features[part], labels[part]
            first += 1

    def loss(self, model: nn.Module, features: Tensor, labels: Tensor, side: int) -> Tensor:
        """Of the head alone."""
        for share in self._dropouts:
            features = functional.dropout(features, share)
        return self._task.logits_loss(self._head(features), labels)

    def validate(self, model: nn.Module, side: int) -> dict[str, float]:
        """Of the whole network."""
        return self._task.validate(model, side)

    def checkpoint(self, model: nn.Module) -> Mapping[str, Any]:
        """Of the whole network."""
        return self._task.checkpoint(model)

    @torch.no_grad()
    def _take(self) -> Batch:
        start = time.monotonic()
        rows: list[Tensor] = []
        hook = self._head.register_forward_pre_hook(lambda _, read: rows.append(read[0].float().cpu()))
        labels = []
        self._model.eval()
        try:
            for pictures, own in self._pictures():
                with self._machine.autocast():
                    self._model(inputs.prepare(pictures.to(self._machine.device), self.side))
                labels.append(own)
        finally:
            hook.remove()
        features = torch.cat(rows)
        self._progress.say(
            f"kept the features of {len(features)} pictures, {features.nbytes / 1e6:.1f} MB, "
            f"in {time.monotonic() - start:.0f} s"
        )
        return features, torch.cat(labels)

    def _pictures(self) -> Iterable[Batch]:
        assert self._recipe.cache_features is not None
        return islice(self._task.batches(0), self._recipe.cache_features * self.steps_per_epoch())
