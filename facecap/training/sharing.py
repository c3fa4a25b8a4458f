"""Layers of a network that learns in several processes: they compute as if one had the whole batch.

Batch norm takes mean and variance over all parts; dropout draws for the whole batch and takes its own places.
torch's SyncBatchNorm does the first on GPUs alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from facecap.training import processes
from facecap.training.execution import Execution


class _Sum(torch.autograd.Function):
    """The sum over the processes; a gradient is the sum of theirs."""

    @staticmethod
    def forward(_context: Any, values: Tensor) -> Tensor:
        return processes.total(values.clone())

    @staticmethod
    def backward(_context: Any, *gradients: Tensor) -> Tensor:
        return processes.total(gradients[0].clone())


def _sum(values: Tensor) -> Tensor:
    summed: Tensor = _Sum.apply(values)  # type: ignore[no-untyped-call]
    return summed


class _SharedNorm(nn.modules.batchnorm._BatchNorm):
    """Statistics of all parts of a batch in training, which must be equally large."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        with torch.autocast(x.device.type, enabled=False):
            values = x.float()
            places = [0, *range(2, x.dim())]
            shape = (1, -1, *[1] * (x.dim() - 2))
            count = values.numel() // values.shape[1] * processes.count()
            mean = _sum(values.sum(places)) / count
            centred = values - mean.view(shape)
            variance = _sum(centred.square().sum(places)) / count
            self._follow(mean.detach(), variance.detach() * (count / (count - 1)))
            scale = self.weight * torch.rsqrt(variance + self.eps)
            answer: Tensor = centred * scale.view(shape) + self.bias.view(shape)
            return answer.to(x.dtype)

    def _follow(self, mean: Tensor, variance: Tensor) -> None:
        assert self.num_batches_tracked is not None
        assert self.running_mean is not None and self.running_var is not None
        self.num_batches_tracked.add_(1)
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


class SharedBatchNorm1d(_SharedNorm, nn.BatchNorm1d):
    """Of (B, C) or (B, C, L)."""


class SharedBatchNorm2d(_SharedNorm, nn.BatchNorm2d):
    """Of (B, C, H, W)."""


class SharedDropout(nn.Dropout):
    """Drops what one process would."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        whole = x.new_ones((len(x) * processes.count(), *x.shape[1:]))
        return x * functional.dropout(whole, self.p)[processes.rank() :: processes.count()]


SHARED: dict[type[nn.Module], type[nn.Module]] = {
    nn.BatchNorm1d: SharedBatchNorm1d,
    nn.BatchNorm2d: SharedBatchNorm2d,
    nn.Dropout: SharedDropout,
}


def share_layers(model: nn.Module) -> None:
    """Let the layers of a model work together with those of the other processes, in place."""
    for module in model.modules():
        for name, child in module.named_children():
            kind = SHARED.get(type(child))
            if kind is not None:
                shared = kind.__new__(kind)
                shared.__dict__.update(child.__dict__)
                module._modules[name] = shared


def connect(model: nn.Module, machine: Execution) -> nn.Module:
    """What to call in training steps: the model, whose gradients come to be the mean over the processes."""
    if processes.count() == 1:
        return model
    share_layers(model)
    devices = [machine.device] if machine.device.type == "cuda" else None
    return nn.parallel.DistributedDataParallel(model, device_ids=devices)
