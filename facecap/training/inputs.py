"""What a classifier is fed and what it answers, in torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from facecap.training.mask.data import Image

MEAN = STD = 127.5


def section(name: str, side: int) -> dict[str, Any]:
    """The section `input` of the manifest of a model that is fed so."""
    return {
        "name": name,
        "width": side,
        "height": side,
        "fit": "fixed",
        "color": "rgb",
        "mean": [MEAN] * 3,
        "std": [STD] * 3,
    }


def prepare(images: Tensor, side: int) -> Tensor:
    """(B, H, W, 3) uint8 -> (B, 3, side, side) float, (x - 127.5) / 127.5, channels last in memory."""
    inputs = images.permute(0, 3, 1, 2).float().sub_(MEAN).div_(STD)
    if inputs.shape[2] != side:
        inputs = functional.interpolate(inputs, (side, side), mode="area")
    return inputs


@torch.no_grad()
def answers(model: nn.Module, pictures: Image, side: int, batch: int = 64) -> Tensor:
    """Logits (N, outputs), on the CPU, for (N, H, W, 3) RGB pictures; the model is left in evaluation."""
    model.eval()
    device = next(model.parameters()).device
    parts = [
        model(prepare(torch.from_numpy(pictures[start : start + batch]).to(device), side)).float().cpu()
        for start in range(0, len(pictures), batch)
    ]
    return torch.cat(parts)
