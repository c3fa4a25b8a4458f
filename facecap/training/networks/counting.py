"""Parameters and multiply-adds of a network."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WEIGHTED = nn.Conv2d | nn.Linear
NORMS = nn.BatchNorm1d | nn.BatchNorm2d


def multiply_adds(model: nn.Module, side: int, *, per_normed: int = 0) -> int:
    """Multiply-adds for one square picture, counted by running it.

    Counted are the convolutions and linear layers, which is all that runs once batch norm is folded. Many
    published figures also count `per_normed` operations, 2 or 4, a value that a batch norm makes.
    """
    total = 0

    def count(module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal total
        if isinstance(module, NORMS):
            total += per_normed * output.numel()
            return
        weight = module.weight
        assert isinstance(weight, Tensor)
        positions = output.shape[2] * output.shape[3] if output.ndim == 4 else 1
        total += weight.numel() * positions

    counted = WEIGHTED | NORMS
    handles = [m.register_forward_hook(count) for m in model.modules() if isinstance(m, counted)]
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


def running_statistics(model: nn.Module) -> int:
    """Means and variances that batch norms keep; some published figures count them as parameters."""
    return sum(2 * m.num_features for m in model.modules() if isinstance(m, NORMS))
