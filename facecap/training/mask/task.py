"""What the training loop asks of the mask classifier: crops, loss, validation figures, checkpoints."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facecap.evaluation.classification import average_precision, unknown_band
from facecap.evaluation.mask.sets import MaskSet
from facecap.evaluation.mask.wrongly_worn import WornSet
from facecap.training import inputs
from facecap.training.batches import Batch, batches_per_epoch, loader
from facecap.training.mask import model as mask_model
from facecap.training.mask import recipe as mask_recipe
from facecap.training.mask.augment import SIDE
from facecap.training.mask.batches import MaskBatches
from facecap.training.mask.data import INCORRECT, describe
from facecap.training.mask.model import CLASSES
from facecap.training.mask.occluders import Occluder
from facecap.training.mask.patches import Patches
from facecap.training.quantisation import trained
from facecap.training.recipe import Recipe


class MaskTask:
    """Learns from `patches`, validates on `sets`."""

    side = SIDE

    def __init__(
        self,
        recipe: Recipe,
        origin: str,
        patches: Patches,
        occluders: Sequence[Occluder],
        sets: Sequence[MaskSet],
        workers: int,
        folder_options: str = "",
        wrongly_worn: Sequence[WornSet] = (),
        incorrect: bool = False,
    ) -> None:
        """`origin`: where the weights start, in words; `occluders`: real things to hide faces with;
        `folder_options`: how class folders are read, as typed; `incorrect`: with the third class, which
        `wrongly_worn` validates."""
        self._wrongly_worn, self._incorrect = wrongly_worn, incorrect
        self._recipe, self._origin, self._patches, self._sets = recipe, origin, patches, sets
        self._occluders, self._workers, self.folder_options = occluders, workers, folder_options

    def steps_per_epoch(self) -> int:
        """Batches in one pass over the faces."""
        return batches_per_epoch(len(self._patches), self._recipe.batch)

    def label_odds(self) -> float:
        """Logarithm of how many times more masked than bare faces there are."""
        masked = sum(face.masked for face in self._patches.faces)
        return math.log(max(masked, 1) / max(len(self._patches) - masked, 1))

    def batches(self, first: int) -> Iterable[Batch]:
        """Endless batches from number `first` on."""
        batches = MaskBatches(self._patches, self._recipe, first, self._occluders, self._incorrect)
        return loader(batches, self._workers)

    def loss(self, model: nn.Module, pictures: Tensor, labels: Tensor, side: int) -> Tensor:
        """Of one logit a crop, or of three."""
        return self.logits_loss(model(inputs.prepare(pictures, side)), labels)

    def logits_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of (B, 1) or (B, 3) logits."""
        return mask_recipe.loss(self._recipe, logits.float(), labels)

    def validate(self, model: nn.Module, side: int) -> dict[str, float]:
        """Accuracy at 0.5 of every set, AP where both labels are, share of wrongly worn masks that are called
        so, and `figure`, the mean of these, which ranks."""
        figures: dict[str, float] = {}
        for part in self._sets:
            chance = predict(model, part, side)
            figures[f"{part.name} accuracy"] = float(((chance >= 0.5) == part.masked).mean())
            if part.masked.any() and not part.masked.all():
                figures[f"{part.name} AP"] = average_precision(chance, part.masked)
        for worn in self._wrongly_worn:
            called = inputs.answers(model, worn.crops, side).argmax(1)
            figures[f"{worn.name} accuracy"] = float((called == CLASSES.index(INCORRECT)).float().mean())
        figures["figure"] = float(np.mean(list(figures.values())))
        return figures

    def checkpoint(self, model: nn.Module) -> dict[str, Any]:
        """The weights, ranges of a run under rounding, and the manifest of a model that is made of them."""
        return {**trained(model), "manifest": self.manifest(model, self._sets)}

    def manifest(self, model: nn.Module, sets: Sequence[MaskSet]) -> dict[str, Any]:
        """Of the model, with the unknown band that its answers on `sets` ask for."""
        chance = np.concatenate([predict(model, part) for part in sets])
        band = unknown_band(chance, np.concatenate([part.masked for part in sets]))
        faces, things = describe(self._patches.readable()), len(self._occluders)
        return mask_model.manifest(
            self._recipe, self._origin, band, faces, things, self.folder_options, self._incorrect
        )


def predict(model: nn.Module, part: MaskSet, side: int = SIDE) -> NDArray[np.float64]:
    """Probability of a mask for every crop of a set."""
    logits = inputs.answers(model, part.crops, side).double()
    if logits.shape[1] == 1:
        return np.asarray(torch.sigmoid(logits[:, 0]).numpy())
    return np.asarray(torch.softmax(logits, 1)[:, CLASSES.index("mask")].numpy())
