"""Recipes of the mask classifier: what to train on, how long and by which loss."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

REFINED_SHARE = 0.7


@dataclass(frozen=True)
class Recipe:
    """A recipe; `minutes` bounds it by time, else `epochs` by passes over the faces."""

    preset: str
    minutes: float | None
    epochs: int | None
    batch: int
    learning_rate: float
    weight_decay: float
    small_side: int | None  # px of the first part of the run
    small_share: float  # of the run
    seed: int


def default(minutes: float | None, batch: int | None, seed: int) -> Recipe:
    """For a CPU: real and composed faces of every source, small pictures first, ends on time."""
    return Recipe("default", minutes or 30.0, None, batch or 64, 2e-3, 0.05, 64, 0.4, seed)


def refine(minutes: float | None, batch: int | None, seed: int) -> Recipe:
    """A second, gentler run from a checkpoint of the default preset, on the real faces as they are.

    What is exported lies at REFINED_SHARE of the way from the checkpoint to the end of this run.
    """
    return Recipe("refine", minutes or 15.0, None, batch or 64, 5e-4, 0.05, None, 0.0, seed)


def mission(epochs: int | None, batch: int | None, seed: int) -> Recipe:
    """The recipe that the project was given: mask/ alone, flips and turns, focal loss."""
    return Recipe("mission", None, epochs or 120, batch or 64, 1e-4, 1e-6, None, 0.0, seed)


def optimizer(recipe: Recipe, model: nn.Module) -> torch.optim.Optimizer:
    """Adam with L2 for the mission; else AdamW whose decay reaches weights and scales, but no bias."""
    if recipe.preset == "mission":
        return torch.optim.Adam(model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)
    biases = [p for name, p in model.named_parameters() if name.endswith("bias")]
    others = [p for name, p in model.named_parameters() if not name.endswith("bias")]
    groups: list[dict[str, Any]] = [{"params": others}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, recipe.learning_rate, weight_decay=recipe.weight_decay)


def learning_rate(recipe: Recipe, share: float) -> float:
    """Constant for the mission; else up over the first 3 % of the run, then down by a cosine."""
    if recipe.preset == "mission":
        return recipe.learning_rate
    warm = min(1.0, 0.02 + share / 0.03)
    return recipe.learning_rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


def loss(recipe: Recipe, logits: Tensor, masked: Tensor) -> Tensor:
    """`logits` (B,), `masked` (B,) of 0 and 1."""
    if recipe.preset == "mission":
        return focal_loss(logits, masked)
    return functional.binary_cross_entropy_with_logits(logits, masked * 0.97 + 0.015)


def focal_loss(logits: Tensor, masked: Tensor, alpha: float = 0.34, gamma: float = 2.0) -> Tensor:
    """Lin et al., 2017: -alpha_t (1 - p_t)^gamma log p_t, alpha for masks, averaged."""
    entropy = functional.binary_cross_entropy_with_logits(logits, masked, reduction="none")
    right = torch.exp(-entropy)
    balance = alpha * masked + (1 - alpha) * (1 - masked)
    return (balance * (1 - right) ** gamma * entropy).mean()


def side(recipe: Recipe, share: float, full: int) -> int:
    """Side of the pictures in px at this share of the run."""
    return recipe.small_side if recipe.small_side and share < recipe.small_share else full
