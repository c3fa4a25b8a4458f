"""The RFB and Slim detectors of biubug6/Face-Detector-1MB-with-landmark, which answer as RetinaFace does.

Chains of depthwise separable convolutions with heads at strides 8, 16, 32 and 64, without a pyramid. Module
names follow the keys of the published checkpoints, so that they load without a map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facecap.training.networks.retinaface import Layout, Levels

STRIDES = (8, 16, 32, 64)
ANCHORS = (3, 2, 2, 3)  # a cell, by level
SLIM = Layout("retinaface_slim", (64, 128, 256, 256), 0, strides=STRIDES)
RFB = Layout("retinaface_rfb", (64, 128, 256, 256), 0, strides=STRIDES)
LIGHT = {layout.name: layout for layout in (SLIM, RFB)}
# Outputs and stride of conv2 to conv13; conv8 of RFB is a ReceptiveField.
CHAIN = (
    *((32, 1), (32, 2), (32, 1), (64, 2), (64, 1), (64, 1), (64, 1)),
    *((128, 2), (128, 1), (128, 1), (256, 2), (256, 1)),
)
LEVEL_ENDS = (8, 11, 13, 14)  # the convolutions whose answers the heads see


def _separable(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def _bare_separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """Without batch norm, linear."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(inputs, outputs, 1),
    )


class Unit(nn.Module):
    """A convolution with batch norm and, unless it is linear, ReLU; as wide a border as its kernel needs."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1, relu: bool = False) -> None:
        super().__init__()
        border = kernel // 2 * dilation
        self.conv = nn.Conv2d(inputs, outputs, kernel, 1, border, dilation, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True) if relu else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.relu(self.bn(self.conv(x)))
        return y


class ReceptiveField(nn.Module):
    """Three views of growing width side by side, added to a projection of the input.

    S. Liu et al., "Receptive Field Block Net for Accurate and Fast Object Detection", ECCV 2018.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        eighth, quarter = channels // 8, channels // 4
        self.branch0, self.branch1 = (
            nn.Sequential(
                Unit(channels, eighth, 1),
                Unit(eighth, quarter, 3, relu=True),
                Unit(quarter, quarter, 3, dilation),
            )
            for dilation in (2, 3)
        )
        between = eighth // 2 * 3
        self.branch2 = nn.Sequential(
            Unit(channels, eighth, 1),
            Unit(eighth, between, 3, relu=True),
            Unit(between, quarter, 3, relu=True),
            Unit(quarter, quarter, 3, 5),
        )
        self.ConvLinear = Unit(3 * quarter, channels, 1)
        self.shortcut = Unit(channels, channels, 1)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        views = self.ConvLinear(torch.cat([self.branch0(x), self.branch1(x), self.branch2(x)], 1))
        y: Tensor = self.relu(views + self.shortcut(x))
        return y


def _heads(channels: tuple[int, ...], values: int) -> nn.Sequential:
    """A head a level, `values` numbers for each anchor of a cell."""
    heads: list[nn.Module] = [
        _bare_separable(inputs, anchors * values)
        for inputs, anchors in zip(channels, ANCHORS[:-1], strict=False)
    ]
    return nn.Sequential(*heads, nn.Conv2d(channels[-1], ANCHORS[-1] * values, 3, padding=1))


class LightRetinaFace(nn.Module):
    """The detector. Input: BGR minus (104, 117, 123), (B, 3, H, W), any size; output: `Levels`, of four."""

    def __init__(self, layout: Layout = SLIM) -> None:
        super().__init__()
        self.layout = layout
        inputs = 16
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, inputs, 3, 2, 1, bias=False), nn.BatchNorm2d(inputs), nn.ReLU(inplace=True)
        )
        for number, (outputs, stride) in enumerate(CHAIN, 2):
            wide = layout.name == RFB.name and number == LEVEL_ENDS[0]
            layer = ReceptiveField(outputs) if wide else _separable(inputs, outputs, stride)
            self.add_module(f"conv{number}", layer)
            inputs = outputs
        self.conv14 = nn.Sequential(
            nn.Conv2d(inputs, 64, 1),
            nn.ReLU(inplace=True),
            _bare_separable(64, inputs, 2),
            nn.ReLU(inplace=True),
        )
        self.loc, self.conf, self.landm = (_heads(layout.body_channels, values) for values in (4, 2, 10))

    def forward(self, image: Tensor) -> Levels:
        x, levels = image, []
        for number in range(1, LEVEL_ENDS[-1] + 1):
            x = self.get_submodule(f"conv{number}")(x)
            if number in LEVEL_ENDS:
                levels.append(x)
        return Levels(
            *(
                [head(level) for head, level in zip(heads, levels, strict=True)]
                for heads in (self.conf, self.loc, self.landm)
            )
        )
