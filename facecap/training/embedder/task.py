"""What the training loop asks of an embedder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

from facecap.conversion import embedder
from facecap.evaluation.classification import Floats, roc_auc
from facecap.evaluation.embedder.verification import across_folds, cosines, mean_and_std, tar_at_far
from facecap.training import inputs
from facecap.training.batches import Batch, batches_per_epoch, loader
from facecap.training.embedder.arcface import Margined
from facecap.training.embedder.data import FaceBatches, Faces, make_pairs
from facecap.training.networks.mobilefacenet import SIDE
from facecap.training.recipe import Recipe

DIMENSIONS = 128
FOLDS = 5
FAR = 0.01


class EmbedderTask:
    """Learns from `faces`, validates on pairs of `held_out`, who are other people."""

    side = SIDE

    def __init__(
        self, recipe: Recipe, faces: Faces, held_out: Faces, workers: int, about: dict[str, Any]
    ) -> None:
        """`about`: of the manifest, name, licence, origin and training."""
        self._recipe, self._faces, self._held_out = recipe, faces, held_out
        self._workers, self._about = workers, about
        self.pairs = make_pairs(held_out.labels, recipe.seed)

    def steps_per_epoch(self) -> int:
        """Batches in one pass over the faces."""
        return batches_per_epoch(len(self._faces.labels), self._recipe.batch)

    def batches(self, first: int) -> Iterable[Batch]:
        """Endless batches from number `first` on."""
        return loader(FaceBatches(self._faces, self._recipe.batch, self._recipe.seed, first), self._workers)

    def loss(self, model: nn.Module, pictures: Tensor, labels: Tensor, side: int) -> Tensor:
        """By the margin."""
        loss: Tensor = model(inputs.prepare(pictures, side), labels)
        return loss

    def validate(self, model: nn.Module, side: int) -> dict[str, float]:
        """Accuracy across folds and true accept rate of the held-out pairs, and `figure`, their ROC area."""
        similarity = self._similarity(model)
        fold = np.random.default_rng(self._recipe.seed).permutation(len(similarity)) % FOLDS
        folds = across_folds(similarity, self.pairs.same, fold)
        return {
            "held-out accuracy": mean_and_std([one.accuracy for one in folds])[0],
            f"held-out TAR at FAR {FAR:g}": tar_at_far(similarity, self.pairs.same, FAR).tar,
            "figure": roc_auc(similarity, self.pairs.same),
        }

    def checkpoint(self, model: nn.Module) -> dict[str, Any]:
        """The weights of the network alone, and the manifest of a model that is made of them."""
        threshold = tar_at_far(self._similarity(model), self.pairs.same, FAR).threshold
        described = embedder.manifest(DIMENSIONS, round(float(np.clip(threshold, -1, 1)), 4))
        network = cast(Margined, model).network
        return {"model": network.state_dict(), "manifest": {**described, **self._about}}

    def _similarity(self, model: nn.Module) -> Floats:
        vectors = inputs.answers(cast(Margined, model).network, self._held_out.crops, SIDE)
        unit = functional.normalize(vectors).numpy()
        return cosines(unit[self.pairs.first], unit[self.pairs.second])
