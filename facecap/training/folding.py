"""Batch norm folded into the convolution before it: faster, and frozen by construction."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TypeVar, cast

import torch
from torch import Tensor, nn

from facecap.training import processes
from facecap.training.networks.counting import NORMS

Network = TypeVar("Network", bound=nn.Module)


class _FoldedNorm(nn.Identity):
    """Stands where a batch norm was that is now part of the layer before."""

    def __init__(self, layer: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.biased, self.eps = layer.bias is not None, norm.eps

    def state(self, bias: Tensor) -> dict[str, Tensor]:
        """Of the batch norm whose layer now has this bias."""
        return {
            "weight": torch.ones_like(bias),
            "bias": bias,
            "running_mean": torch.zeros_like(bias),
            "running_var": torch.full_like(bias, 1 - self.eps),
            "num_batches_tracked": torch.zeros((), dtype=torch.long),
        }


def fold_norms(network: Network) -> Network:
    """A copy in evaluation mode that answers the same; batch norms that do not follow a convolution in the
    order of their module stay."""
    folded = copy.deepcopy(network).eval()
    for module in list(folded.modules()):
        for first, second in pairwise(list(module._modules)):
            layer, norm = module._modules[first], module._modules[second]
            if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                fused = nn.utils.fuse_conv_bn_eval(layer, norm)
                # torch 2.13 freezes the bias
                module._modules[first] = fused.requires_grad_(layer.weight.requires_grad)
                module._modules[second] = _FoldedNorm(layer, norm)
    return folded


def unfold_norms(folded: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """`state` of a network that `fold_norms` made, in the keys of what it was made from: each folded batch
    norm keeps the bias and nothing else."""
    unfolded = dict(state)
    for name, module in folded.named_modules():
        prefix = f"{name}." if name else ""
        for first, second in pairwise(module._modules):
            norm = module._modules[second]
            if isinstance(norm, _FoldedNorm):
                bias = unfolded.pop(f"{prefix}{first}.bias")
                unfolded |= {f"{prefix}{second}.{key}": value for key, value in norm.state(bias).items()}
                if norm.biased:
                    unfolded[f"{prefix}{first}.bias"] = torch.zeros_like(bias)
    return unfolded


@torch.no_grad()
def restore_norms(network: nn.Module, inputs: Iterable[Tensor]) -> None:
    """Give the batch norms of a network whose weights were folded the statistics of these inputs, of several
    processes those of all of them.

    Scales and shifts are set so that the network answers as before in evaluation, and nearly so in training,
    where a batch norm takes the statistics of its batch.
    """
    norms = [module for module in network.modules() if isinstance(module, NORMS)]
    sums = {norm: torch.zeros(3, norm.num_features, dtype=torch.float64) for norm in norms}

    def add(norm: nn.Module, given: tuple[Tensor, ...]) -> None:
        x = given[0].transpose(0, 1).flatten(1).double()
        count = torch.full((len(x),), float(x.shape[1]))
        sums[cast(nn.BatchNorm1d | nn.BatchNorm2d, norm)] += torch.stack([count, x.sum(1), x.square().sum(1)])

    handles = [norm.register_forward_pre_hook(add) for norm in norms]
    network.eval()
    for batch in inputs:
        network(batch)
    for handle in handles:
        handle.remove()
    for norm, own in sums.items():
        count, total, squares = processes.total(own)
        assert norm.running_mean is not None and norm.running_var is not None
        mean = total / count
        variance = (squares / count - mean.square()).clamp(min=0)
        gain = norm.weight / (norm.running_var + norm.eps).sqrt()
        norm.bias.add_(gain * (mean - norm.running_mean).float())
        norm.weight.copy_(gain * (variance + norm.eps).sqrt())
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
