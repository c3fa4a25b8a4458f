"""GhostNet: a small network whose layers make half of their channels from the other half.

Architecture: K. Han et al., "GhostNet: More Features from Cheap Operations", CVPR 2020, table 1.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from facecap.training.networks.layers import multiple_of
from facecap.training.networks.layout import Layout, within


class Block(NamedTuple):
    """One row of the paper's table."""

    kernel: int
    expanded: int
    channels: int
    excited: bool
    stride: int


STEM_CHANNELS = 16
LAST_CHANNELS = 960
HEAD_CHANNELS = 1280
BLOCKS = (
    Block(3, 16, 16, False, 1),
    Block(3, 48, 24, False, 2),
    Block(3, 72, 24, False, 1),
    Block(5, 72, 40, True, 2),
    Block(5, 120, 40, True, 1),
    Block(3, 240, 80, False, 2),
    Block(3, 200, 80, False, 1),
    Block(3, 184, 80, False, 1),
    Block(3, 184, 80, False, 1),
    Block(3, 480, 112, True, 1),
    Block(3, 672, 112, True, 1),
    Block(5, 672, 160, True, 2),
    Block(5, 960, 160, False, 1),
    Block(5, 960, 160, True, 1),
    Block(5, 960, 160, False, 1),
    Block(5, 960, 160, True, 1),
)


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)


def _conv_norm(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, relu: bool = False
) -> nn.Sequential:
    layers: list[nn.Module] = [_conv(inputs, outputs, kernel, stride, groups), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


class GhostModule(nn.Module):
    """Half of the outputs by a 1x1 convolution, the other half from these by a 3x3 depthwise one."""

    def __init__(self, inputs: int, outputs: int, relu: bool) -> None:
        """`outputs` must be even."""
        super().__init__()
        half = outputs // 2
        self.primary = _conv_norm(inputs, half, 1, relu=relu)
        self.cheap = _conv_norm(half, half, 3, groups=half, relu=relu)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        intrinsic = self.primary(x)
        return torch.cat([intrinsic, self.cheap(intrinsic)], dim=1)


class SqueezeExcite(nn.Module):
    """Scale channels by a hard sigmoid of their pooled values."""

    def __init__(self, channels: int) -> None:
        """The bottleneck has a quarter of the channels, rounded to a multiple of 4."""
        super().__init__()
        reduced = multiple_of(4, channels / 4)
        self.reduce = nn.Conv2d(channels, reduced, 1)
        self.expand = nn.Conv2d(reduced, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as the input."""
        pooled = x.mean((2, 3), keepdim=True)
        return x * functional.hardsigmoid(self.expand(torch.relu(self.reduce(pooled))))


class GhostBottleneck(nn.Module):
    """Expand, optionally stride and excite, project; added to a shortcut."""

    def __init__(self, inputs: int, block: Block) -> None:
        """`inputs`: channels of the block before."""
        super().__init__()
        kernel, expanded, channels, excited, stride = block
        layers: list[nn.Module] = [GhostModule(inputs, expanded, relu=True)]
        if stride > 1:
            layers.append(_conv_norm(expanded, expanded, kernel, stride, groups=expanded))
        if excited:
            layers.append(SqueezeExcite(expanded))
        layers.append(GhostModule(expanded, channels, relu=False))
        self.body = nn.Sequential(*layers)
        self.shortcut: nn.Module = nn.Identity()
        if inputs != channels or stride > 1:
            self.shortcut = nn.Sequential(
                _conv_norm(inputs, inputs, kernel, stride, groups=inputs), _conv_norm(inputs, channels, 1)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, channels, H / stride, W / stride)."""
        body: Tensor = self.body(x)
        shortcut: Tensor = self.shortcut(x)
        return body + shortcut


class GhostNet(nn.Module):
    """GhostNet 1.0x with `outputs` logits: 3.90 M parameters and 0.04 G multiply-adds for one at 112x112."""

    def __init__(self, outputs: int = 1, dropout: float = 0.2) -> None:
        """Weights start from He's normal initialisation."""
        super().__init__()
        self.stem = _conv_norm(3, STEM_CHANNELS, 3, 2, relu=True)
        inputs, blocks = STEM_CHANNELS, []
        for block in BLOCKS:
            blocks.append(GhostBottleneck(inputs, block))
            inputs = block.channels
        self.blocks = nn.Sequential(*blocks)
        self.last = _conv_norm(inputs, LAST_CHANNELS, 1, relu=True)
        self.head = nn.Conv2d(LAST_CHANNELS, HEAD_CHANNELS, 1)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(HEAD_CHANNELS, outputs)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, outputs); the sides are multiples of 32 by choice, not by need."""
        x = self.last(self.blocks(self.stem(x)))
        x = torch.relu(self.head(x.mean((2, 3), keepdim=True)))
        logits: Tensor = self.classifier(self.dropout(x.flatten(1)))
        return logits


def _upstream() -> list[str]:
    names, stage, block, inputs = ["conv_stem", "bn1"], 0, 0, STEM_CHANNELS
    for number, row in enumerate(BLOCKS):
        if number:
            new = 2 in (row.stride, BLOCKS[number - 1].stride)
            stage, block = (stage + 1, 0) if new else (stage, block + 1)
        ghost = ["primary_conv.0", "primary_conv.1", "cheap_operation.0", "cheap_operation.1"]
        parts = [
            *within("ghost1", ghost),
            *["conv_dw", "bn_dw"] * (row.stride > 1),
            *["se.conv_reduce", "se.conv_expand"] * row.excited,
            *within("ghost2", ghost),
            *within("shortcut", "0123") * (row.stride > 1 or inputs != row.channels),
        ]
        names += within(f"blocks.{stage}.{block}", parts)
        inputs = row.channels
    return [*names, f"blocks.{stage + 1}.0.conv", f"blocks.{stage + 1}.0.bn1", "conv_head", "classifier"]


LAYOUTS = (Layout("huawei-noah and timm", _upstream()),)
