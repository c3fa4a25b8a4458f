"""What the training loop asks of a classifier of any classes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from facecap.evaluation.classifier.top_k import top_k
from facecap.training import inputs
from facecap.training.batches import Batch, batches_per_epoch, loader
from facecap.training.classifier import model as classifier_model
from facecap.training.classifier import recipe as classifier_recipe
from facecap.training.classifier.batches import ClassifierBatches
from facecap.training.classifier.data import Crops, Pictures
from facecap.training.quantisation import trained
from facecap.training.recipe import Recipe


class ClassifierTask:
    """Learns from `pictures`, validates on `crops`."""

    def __init__(
        self,
        recipe: Recipe,
        origin: str,
        classes: list[str],
        pictures: Pictures,
        crops: Crops,
        side: int,
        workers: int,
    ) -> None:
        """`origin`: where the weights start, in words."""
        self.side = side
        self._recipe, self._origin, self._classes = recipe, origin, classes
        self._pictures, self.crops, self._workers = pictures, crops, workers

    def steps_per_epoch(self) -> int:
        """Batches in one pass over the pictures."""
        return batches_per_epoch(len(self._pictures), self._recipe.batch)

    def batches(self, first: int) -> Iterable[Batch]:
        """Endless batches from number `first` on."""
        return loader(ClassifierBatches(self._pictures, self._recipe, self.side, first), self._workers)

    def loss(self, model: nn.Module, pictures: Tensor, labels: Tensor, side: int) -> Tensor:
        """Of one logit a class."""
        return self.logits_loss(model(inputs.prepare(pictures, side)), labels)

    def logits_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of (B, classes) logits."""
        return classifier_recipe.loss(logits.float(), labels)

    def validate(self, model: nn.Module, side: int) -> dict[str, float]:
        """Loss, top-5 where there are more classes, and `figure`, the top-1 that ranks."""
        pairs = [(inputs.answers(model, crops, side), part) for crops, part in self.crops.batches()]
        logits, labels = torch.cat([one for one, _ in pairs]), np.concatenate([part for _, part in pairs])
        rows = np.asarray(logits.numpy())
        figures = {"val loss": float(functional.cross_entropy(logits, torch.from_numpy(labels)))}
        if rows.shape[1] > 5:
            figures["val top-5"] = top_k(rows, labels, 5)
        return {**figures, "val top-1": top_k(rows, labels, 1), "figure": top_k(rows, labels, 1)}

    def checkpoint(self, model: nn.Module) -> dict[str, Any]:
        """The weights, ranges of a run under rounding, and the manifest of a model that is made of them."""
        return {**trained(model), "manifest": self.manifest()}

    def manifest(self) -> dict[str, Any]:
        """Everything of the manifest but `schema` and `file`."""
        parts = {"train": self._pictures.readable(), "val": self.crops.readable()}
        return classifier_model.manifest(self._recipe, self._origin, self._classes, self.side, parts)
