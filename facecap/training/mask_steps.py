"""What a mask classifier is fed and what it answers, in torch."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from facecap.training.mask_augment import SIDE
from facecap.training.mask_data import Image
from facecap.training.networks.ghostnet import GhostNet

MEAN = STD = 127.5


def prepare(images: torch.Tensor, side: int) -> torch.Tensor:
    """(B, H, W, 3) uint8 -> (B, 3, side, side) float, (x - 127.5) / 127.5, channels last in memory."""
    inputs = images.permute(0, 3, 1, 2).float().sub_(MEAN).div_(STD)
    if inputs.shape[2] != side:
        inputs = functional.interpolate(inputs, (side, side), mode="area")
    return inputs


@torch.no_grad()
def predict(model: GhostNet, crops: Image, side: int = SIDE, batch: int = 64) -> NDArray[np.float64]:
    """Probability of a mask for (N, 112, 112, 3) RGB crops."""
    model.eval()
    parts = [
        model(prepare(torch.from_numpy(crops[start : start + batch]), side))[:, 0]
        for start in range(0, len(crops), batch)
    ]
    return np.asarray(torch.sigmoid(torch.cat(parts)).double().numpy())
