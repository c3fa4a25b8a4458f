"""Quantisation-aware training: every convolution and linear layer learns under the rounding of int8.

After Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference", CVPR 2018: batch norm is folded first, weights are rounded symmetrically, one scale a channel or
one a layer, and what a layer reads is rounded to uint8 in a range that follows a moving average of what it
saw. Gradients pass as if nothing was rounded, but for values outside of the range.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from facecap.training import processes
from facecap.training.folding import Network, fold_norms, unfold_norms

Ranges = dict[str, tuple[float, float]]

KEPT = 0.99  # of a range, a step
FROZEN_FROM = 0.5  # share of a run from which ranges stay
LEVELS = 255  # of an activation; weights have 127 on each side of 0
SMALLEST = 1e-8


class _Rounded(nn.Module):
    """What rounded layers share: the range of their input, and how input and weights are rounded."""

    weight: Tensor
    bias: Any
    low: Tensor
    high: Tensor
    seen: Tensor
    per_channel: bool
    frozen: bool

    def _prepare(self, per_channel: bool) -> None:
        device = self.weight.device
        for name in ("low", "high", "seen"):
            self.register_buffer(name, torch.zeros((), device=device))
        self.per_channel, self.frozen = per_channel, False

    def _input(self, x: Tensor) -> Tensor:
        x = x.float()
        if self.training and not self.frozen:
            self._follow(x.detach())
        if not self.seen:
            return x
        scale = ((self.high - self.low) / LEVELS).clamp(min=SMALLEST)
        zero = (-self.low / scale).round().clamp(0, LEVELS).to(torch.int32)
        return torch.fake_quantize_per_tensor_affine(x, scale, zero, 0, LEVELS)

    def _follow(self, x: Tensor) -> None:
        low, high = (
            bound.clamp(*sides) for bound, sides in zip(x.aminmax(), ((None, 0), (0, None)), strict=True)
        )
        negative, high = processes.largest(torch.stack([-low, high]))
        low = -negative
        kept = KEPT if self.seen else 0.0
        self.low.lerp_(low, 1 - kept)
        self.high.lerp_(high, 1 - kept)
        self.seen.fill_(1)

    def _rounded_weight(self) -> Tensor:
        weight = self.weight.float()
        if not self.per_channel:
            scale = (weight.detach().abs().max() / 127).clamp(min=SMALLEST)
            return torch.fake_quantize_per_tensor_affine(
                weight, scale, torch.zeros_like(scale, dtype=torch.int32), -127, 127
            )
        scales = (weight.detach().flatten(1).abs().amax(1) / 127).clamp(min=SMALLEST)
        zeros = torch.zeros_like(scales, dtype=torch.int32)
        return torch.fake_quantize_per_channel_affine(weight, scales, zeros, 0, -127, 127)


class RoundedConv2d(_Rounded, nn.Conv2d):
    """A convolution on rounded input with rounded weights; parameters are named as before."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, outputs, h, w), float32 in any autocast."""
        with torch.autocast(x.device.type, enabled=False):
            return cast(Tensor, self._conv_forward(self._input(x), self._rounded_weight(), self.bias))


class RoundedLinear(_Rounded, nn.Linear):
    """A linear layer on rounded input with rounded weights; parameters are named as before."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs) -> (B, outputs), float32 in any autocast."""
        with torch.autocast(x.device.type, enabled=False):
            return functional.linear(self._input(x), self._rounded_weight(), self.bias)


ROUNDED: dict[type[nn.Module], type[_Rounded]] = {nn.Conv2d: RoundedConv2d, nn.Linear: RoundedLinear}


def prepare_qat(model: Network, per_channel: bool = True, fold: bool = True) -> Network:
    """A copy of any network that trains under the rounding of int8.

    Before the first training step nothing but the weights is rounded: the ranges of inputs are not known.

    Args:
        model: a float network; batch norms that follow a convolution in the order of their module are folded
            into it, others stay.
        per_channel: one scale for each output of a layer, else one for the layer.
        fold: false where the weights are random, which need batch norm to learn. A batch norm gives the
            weights of a channel one factor, so that by channel they are rounded as if it were folded.
    """
    prepared = fold_norms(model) if fold else copy.deepcopy(model)
    for module in list(prepared.modules()):
        for name, child in module.named_children():
            kind = ROUNDED.get(type(child))
            if kind is not None:
                rounded: _Rounded = kind.__new__(kind)
                rounded.__dict__.update(copy.copy(child.__dict__))
                rounded._parameters = dict(child._parameters)
                rounded._buffers = dict(child._buffers)
                rounded._prepare(per_channel)
                module._modules[name] = rounded
    return prepared.train(model.training)


def described(per_tensor: bool) -> str:
    """What is rounded how, for a manifest."""
    return f"weights rounded to int8, one scale a {'layer' if per_tensor else 'channel'}, inputs one a layer"


def finish_qat(model: nn.Module) -> tuple[dict[str, Tensor], Ranges]:
    """Weights in the keys of the network that `prepare_qat` was given, not rounded, and the range of what
    each rounded layer reads, by its name. A folded batch norm keeps the bias and nothing else."""
    state = model.state_dict()
    ranges: Ranges = {}
    for name, module in model.named_modules():
        if isinstance(module, _Rounded):
            ranges[name] = (float(module.low), float(module.high))
            for key in ("low", "high", "seen"):
                del state[f"{name}.{key}" if name else key]
    return unfold_norms(model, state), ranges


def trained(model: nn.Module) -> dict[str, Any]:
    """What a checkpoint keeps of a network in training: `model`, as of `finish_qat`, and under rounding
    `ranges`, from which a later run goes on."""
    weights, ranges = finish_qat(model)
    return {"model": weights} | ({"ranges": ranges} if ranges else {})


def set_ranges(model: nn.Module, ranges: Ranges) -> None:
    """Give the rounded layers of these names the ranges that an earlier run found for what they read."""
    for name, module in model.named_modules():
        if isinstance(module, _Rounded) and name in ranges:
            for bound, value in zip((module.low, module.high), ranges[name], strict=True):
                bound.fill_(value)
            module.seen.fill_(1)


def is_rounded(state: Mapping[str, Tensor]) -> bool:
    """Whether a state is that of a network in training under rounding, as `last.pt` holds it."""
    return any(name.endswith(".seen") for name in state)


def finish_state(network: nn.Module, state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Ranges] | None:
    """As `finish_qat`, of a state that `is_rounded` and of a network as it is built; None where they do not
    fit."""
    for fold in (True, False):
        model = prepare_qat(network, fold=fold)
        with suppress(RuntimeError):
            model.load_state_dict(state)
            return finish_qat(model)
    return None


def float_weights(model: nn.Module) -> dict[str, Tensor]:
    """The state of a network as it is built, whether it trains under rounding or not."""
    return finish_qat(model)[0]


def follow_run(model: nn.Module, share: float) -> None:
    """Freeze the ranges of a network in training when enough of its run is done; nothing to do for others."""
    for module in model.modules():
        if isinstance(module, _Rounded):
            module.frozen = share >= FROZEN_FROM
