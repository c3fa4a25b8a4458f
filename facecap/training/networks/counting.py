"""Parameters and multiply-adds of a network."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def multiply_adds(model: nn.Module, side: int) -> int:
    """Multiply-adds of the convolutions and linear layers for one square picture, counted by running it."""
    total = 0

    def count(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        weight = module.weight
        assert isinstance(weight, Tensor)
        positions = output.shape[2] * output.shape[3] if output.ndim == 4 else 1
        total += weight.numel() * positions

    handles = [
        m.register_forward_hook(count) for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear)
    ]
    training = model.training
    model.eval()
    with torch.no_grad():
        model(torch.zeros(1, 3, side, side))
    model.train(training)
    for handle in handles:
        handle.remove()
    return total


def parameters(model: nn.Module) -> int:
    """Numbers that training learns: weights, biases, scales and shifts of norms; no running statistics."""
    return sum(p.numel() for p in model.parameters())
