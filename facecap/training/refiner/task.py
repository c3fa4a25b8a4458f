"""What the training loop asks of the refiner: batches, loss, validation figures, checkpoints."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from facecap.training import inputs
from facecap.training.batches import Batch, batches_per_epoch, loader
from facecap.training.recipe import Recipe
from facecap.training.refiner import model as refiner_model
from facecap.training.refiner.augment import SIDE, Example, plain
from facecap.training.refiner.batches import BLUR, FACE, POINTS, WEIGHT, RefinerBatches
from facecap.training.refiner.data import Crop, describe

REFUSED_FACES = 0.01  # share of the faces at which refused false alarms are counted
ALLOWED = 0.01  # share of the faces that the threshold of the manifest may refuse
ALARM = 0.25  # a detector's score from which a box without a face is measured
UNIT = 0.3  # about the distance of the eyes, as a share of the crop
POINTS_LOSS, BLUR_LOSS = 4.0, 0.5
SMOOTHING = 0.02


class RefinerTask:
    """Learns from the crops of `train`, validates on those of `val`."""

    side = SIDE

    def __init__(
        self, recipe: Recipe, origin: str, crops: Sequence[Crop], held_out: Sequence[Crop], workers: int
    ) -> None:
        """`origin`: where the weights start, in words."""
        self._recipe, self._origin, self._crops, self._workers = recipe, origin, crops, workers
        pairs = [(crop, plain(crop)) for crop in held_out if crop.face or (crop.score or 0.0) >= ALARM]
        self._examples = [(crop, example) for crop, example in pairs if example is not None]

    def steps_per_epoch(self) -> int:
        """Batches that show as many faces as there are."""
        return batches_per_epoch(sum(crop.face for crop in self._crops), self._recipe.batch // 2)

    def batches(self, first: int) -> Iterable[Batch]:
        """Endless batches from number `first` on."""
        batches = RefinerBatches(self._crops, self._recipe.batch, self._recipe.seed, first)
        return loader(batches, self._workers)

    def loss(self, model: nn.Module, pictures: Tensor, labels: Tensor, side: int) -> Tensor:
        """Cross entropy of face and blur, and the points' distances in units of that of the eyes."""
        face, points, blur = (answer.float() for answer in model(inputs.prepare(pictures, side)))
        wanted = labels[:, FACE] * (1 - SMOOTHING) + SMOOTHING / 2
        total = functional.binary_cross_entropy_with_logits(face[:, 0], wanted)
        off = functional.smooth_l1_loss(points / UNIT, labels[:, POINTS] / UNIT, beta=0.05, reduction="none")
        weight = labels[:, WEIGHT]
        total = total + POINTS_LOSS * (off.mean(1) * weight).sum() / weight.sum().clamp(min=1.0)
        known = ~labels[:, BLUR].isnan()
        if known.any():
            degree = functional.binary_cross_entropy_with_logits(blur[known, 0], labels[known, BLUR])
            total = total + BLUR_LOSS * degree
        return total

    def validate(self, model: nn.Module, side: int) -> dict[str, float]:
        """`refused`, the false alarms that are refused where 1 % of the faces are;
        `points`, the median distance of points that people set, by that of the eyes; `sharp blur`, the mean
        of sharp faces; `figure`, which ranks."""
        chance, points, blur = predict(model, [example for _, example in self._examples])
        face = np.array([crop.face for crop, _ in self._examples])
        threshold = np.quantile(chance[face], REFUSED_FACES)
        refused = float((chance[~face] < threshold).mean()) if (~face).any() else math.nan
        errors = [
            point_error(found, example.points)
            for found, (crop, example) in zip(points, self._examples, strict=True)
            if crop.true and not np.isnan(example.points).any()
        ]
        error = float(np.median(errors)) if errors else 0.0
        sharp = blur[np.array([crop.sharp for crop, _ in self._examples])]
        figures = {"refused": refused, "points": error, "faces": float((chance[face] >= 0.5).mean())}
        figures["sharp blur"] = float(sharp.mean()) if len(sharp) else 0.0
        figures["figure"] = refused - 2 * error
        return figures

    def checkpoint(self, model: nn.Module) -> dict[str, Any]:
        """The weights, and the manifest of a model that is made of them."""
        return {"model": model.state_dict(), "manifest": self.manifest(model)}

    def manifest(self, model: nn.Module) -> dict[str, Any]:
        """Of the model, with the threshold below which few faces lie."""
        faces = [example for crop, example in self._examples if crop.face]
        chance, _, _ = predict(model, faces)
        threshold = round(float(np.clip(np.quantile(chance, ALLOWED), 0.01, 0.5)), 3)
        return refiner_model.manifest(self._recipe, self._origin, threshold, describe(self._crops))


def predict(
    model: nn.Module, examples: Sequence[Example]
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float64]]:
    """P(face) (N,), points (N, 5, 2) as shares of the crop, blur (N,)."""
    model.eval()
    device = next(model.parameters()).device
    parts = []
    with torch.no_grad():
        for start in range(0, len(examples), 64):
            images = np.stack([example.image for example in examples[start : start + 64]])
            answers = model(inputs.prepare(torch.from_numpy(images).to(device), SIDE))
            parts.append([answer.float().cpu() for answer in answers])
    face, points, blur = (torch.cat(answer) for answer in zip(*parts, strict=True))
    return (
        torch.sigmoid(face[:, 0]).double().numpy(),
        points.reshape(-1, 5, 2).numpy(),
        torch.sigmoid(blur[:, 0]).double().numpy(),
    )


def point_error(found: NDArray[np.float32], wanted: NDArray[np.float32]) -> float:
    """Mean distance of five points, by the distance of the wanted eyes."""
    eyes = float(np.linalg.norm(wanted[1] - wanted[0]))
    return float(np.linalg.norm(found - wanted, axis=1).mean()) / max(eyes, 1e-6)
