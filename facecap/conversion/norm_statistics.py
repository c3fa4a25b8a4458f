"""How well what comes to the batch norms of a network fits them: a sign that it runs as it was trained."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facecap.training.networks.counting import NORMS


@torch.no_grad()
def distance(network: nn.Module, inputs: Tensor) -> float:
    """How far the statistics of what comes to the batch norms are from those that they keep.

    Args:
        network: in evaluation mode.
        inputs: (B, 3, H, W) as the network is fed.

    Returns:
        The mean over channels and batch norms of the Kullback-Leibler divergence of normal distributions; 0
        where they are the same.
    """
    distances = []

    def measure(norm: nn.Module, values: tuple[Tensor, ...], _output: Tensor) -> None:
        assert isinstance(norm, NORMS) and norm.running_mean is not None and norm.running_var is not None
        came = values[0].flatten(2) if values[0].ndim > 2 else values[0][..., None]
        kept = norm.running_var + norm.eps
        ratio = (came.var((0, 2), correction=0) + norm.eps) / kept
        shift = (came.mean((0, 2)) - norm.running_mean) ** 2 / kept
        distances.append((ratio - ratio.log() - 1 + shift).mean() / 2)

    handles = [m.register_forward_hook(measure) for m in network.modules() if isinstance(m, NORMS)]
    network(inputs)
    for handle in handles:
        handle.remove()
    return float(torch.stack(distances).mean())
