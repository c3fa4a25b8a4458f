"""Weights of the detector in training: batch norms folded away, put back, and steps on the line from the
start."""

from __future__ import annotations

import copy
from itertools import pairwise

import torch
from torch import Tensor, nn

from facecap.training.networks.retinaface import RetinaFace


def fold_norms(network: RetinaFace) -> RetinaFace:
    """A copy whose batch norms are folded into the convolutions before them: faster, and frozen by
    construction."""
    folded = copy.deepcopy(network).eval()
    for module in list(folded.modules()):
        names = list(module._modules)
        for convolution, norm in pairwise(names):
            first, second = module._modules[convolution], module._modules[norm]
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                fused = torch.nn.utils.fuse_conv_bn_eval(first, second)
                module._modules[convolution] = fused.requires_grad_()  # torch 2.13 freezes the bias
                module._modules[norm] = nn.Identity()
    return folded


def unfold_norms(folded: dict[str, Tensor], layout: RetinaFace) -> dict[str, Tensor]:
    """Weights of `fold_norms`, in the keys of the published layout: each batch norm keeps the bias and
    nothing else."""
    state = layout.state_dict()
    for module_name, module in layout.named_modules():
        names = list(module._modules)
        for convolution, norm in pairwise(names):
            second = module._modules[norm]
            if not isinstance(second, nn.BatchNorm2d):
                continue
            prefix = f"{module_name}." if module_name else ""
            state[f"{prefix}{norm}.weight"] = torch.ones(second.num_features)
            state[f"{prefix}{norm}.bias"] = folded[f"{prefix}{convolution}.bias"]
            state[f"{prefix}{norm}.running_mean"] = torch.zeros(second.num_features)
            state[f"{prefix}{norm}.running_var"] = torch.full((second.num_features,), 1 - second.eps)
    return {key: folded.get(key, value).clone() for key, value in state.items()}


def interpolate(start: dict[str, Tensor], end: dict[str, Tensor], factor: float) -> dict[str, Tensor]:
    """Weights on the line from `start` (factor 0) to `end` (factor 1)."""
    return {key: value + factor * (end[key] - value) for key, value in start.items()}
