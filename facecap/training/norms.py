"""Batch norm in training: whose statistics follow the pictures, and estimating them before a validation.

In training a batch norm keeps a running average, which begins at mean 0 and variance 1 and trails behind
weights that change. A network of a few hundred steps answers by it as by chance. So its statistics are taken
anew, with the weights as they are, before it is measured: Y. Wu and J. Johnson, "Rethinking 'Batch' in
BatchNorm", 2021.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm


def train_mode(model: nn.Module) -> None:
    """Training mode; a batch norm whose scales and shifts are frozen keeps its statistics too."""
    model.train()
    for module in model.modules():
        if isinstance(module, _BatchNorm) and _frozen(module):
            module.eval()


def following_norms(model: nn.Module) -> list[_BatchNorm]:
    """The batch norms whose statistics follow the pictures: all but frozen and folded ones."""
    return [module for module in model.modules() if isinstance(module, _BatchNorm) and not _frozen(module)]


@contextmanager
def fresh_statistics(model: nn.Module) -> Iterator[None]:
    """Take the statistics of `following_norms` anew: the average over the batches that the model is given
    inside. All else is in evaluation meanwhile, and all of it afterwards."""
    norms = following_norms(model)
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.train()
        norm.reset_running_stats()
        norm.momentum = None  # the plain average over the batches
    try:
        yield
    finally:
        model.eval()
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


def _frozen(module: nn.Module) -> bool:
    weights = list(module.parameters(recurse=False))
    return bool(weights) and not any(weight.requires_grad for weight in weights)
