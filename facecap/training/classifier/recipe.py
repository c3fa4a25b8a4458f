"""Recipes of a classifier of any classes."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor
from torch.nn import functional

from facecap.training.mask import recipe as mask_recipe
from facecap.training.recipe import Recipe

SMOOTHING = 0.1

# The lengths, rates and decays of the mask classifier's recipes; the loss and the pictures are other ones.
PRESETS = {name: replace(preset, focal_alpha=None) for name, preset in mask_recipe.PRESETS.items()}


def at_side(recipe: Recipe, side: int) -> Recipe:
    """The recipe whose smaller pictures, where it has some, are about 0.57 of `side` and a multiple of 32."""
    if recipe.small_side is None:
        return recipe
    small = max(32, round(side * 64 / 112 / 32) * 32)
    return replace(recipe, small_side=small) if small < side else replace(recipe, small_side=None)


def loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy of (B, classes) with smoothed labels (B,)."""
    return functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
