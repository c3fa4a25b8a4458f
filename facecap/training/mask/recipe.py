"""Recipes of the mask classifier and their losses."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from facecap.training.recipe import Recipe

# Preset -> share of the way, by weights, from where a run started to its best checkpoint at which the model
# lies that it exports: less of what the start knew is forgotten.
BLENDED = {"refine": 0.7, "renew": 0.5}
SMOOTHING = 0.03
COMPOSED = ("default", "renew")  # presets whose faces carry drawn and pasted things

# default: for a CPU, real and composed faces of every source, small pictures first, ends on time.
# renew: from a checkpoint or a model of the default preset, on composed faces as it was, for new pictures;
# what is exported lies half-way.
# refine: a second, gentler run from a checkpoint of the default preset, on the real faces as they are.
# Occluders have no place in it: without drawn and pasted masks beside them, the trace of a paste would mean a
# bare face.
# mission: the recipe that the project was given, mask/ alone, flips and turns, focal loss.
PRESETS = {
    "default": Recipe("default", 30.0, None, 64, 2e-3, 0.05, "adamw", "cosine", 64, 0.4),
    "renew": Recipe("renew", 30.0, None, 64, 5e-4, 0.05, "adamw", "cosine"),
    "refine": Recipe("refine", 15.0, None, 64, 5e-4, 0.05, "adamw", "cosine"),
    "qat": Recipe("qat", 10.0, None, 64, 1e-4, 0.0, "adamw", "cosine"),
    "mission": Recipe(
        "mission", None, 120, 64, 1e-4, 1e-6, "adam", "constant", warm_up=0.0, focal_alpha=0.34
    ),
}


def loss(recipe: Recipe, logits: Tensor, labels: Tensor) -> Tensor:
    """`logits` (B, 1), `labels` (B,) of 0 and 1; or `logits` (B, 3) and labels up to 2, in the order of the
    classes."""
    if logits.shape[1] > 1:
        return functional.cross_entropy(logits, labels.long(), label_smoothing=SMOOTHING)
    if recipe.focal_alpha is not None:
        return focal_loss(logits[:, 0], labels, recipe.focal_alpha)
    smoothed = labels * (1 - SMOOTHING) + SMOOTHING / 2
    return functional.binary_cross_entropy_with_logits(logits[:, 0], smoothed)


def focal_loss(logits: Tensor, masked: Tensor, alpha: float, gamma: float = 2.0) -> Tensor:
    """Lin et al., 2017: -alpha_t (1 - p_t)^gamma log p_t, alpha for masks, averaged."""
    entropy = functional.binary_cross_entropy_with_logits(logits, masked, reduction="none")
    right = torch.exp(-entropy)
    balance = alpha * masked + (1 - alpha) * (1 - masked)
    return (balance * (1 - right) ** gamma * entropy).mean()
