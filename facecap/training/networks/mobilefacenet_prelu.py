"""MobileFaceNet with PReLU, as the paper has it.

Architecture: S. Chen et al., "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on
Mobile Devices", CCBR 2018, table 1. Some checkpoints were trained on faces of 112x96, which are the middle of
faces of 112x112: their network cuts it out.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facecap.training.networks.layers import Row, initialise
from facecap.training.networks.layout import Layout, within
from facecap.training.networks.mobilefacenet import DIMENSIONS, LAST_CHANNELS, ROWS, SIDE, STEM_CHANNELS

NARROW = 96  # px, the width of the faces that some checkpoints were trained on
STRIDE = 16


def _unit(
    inputs: int,
    outputs: int,
    kernel: int | tuple[int, int],
    stride: int = 1,
    padding: int = 0,
    groups: int = 1,
) -> nn.Sequential:
    """A convolution with batch norm, linear."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )


def _active(unit: nn.Sequential) -> nn.Sequential:
    """The same with PReLU behind it."""
    norm = unit[1]
    assert isinstance(norm, nn.BatchNorm2d)
    return nn.Sequential(*unit, nn.PReLU(norm.num_features))


class Bottleneck(nn.Module):
    """Expand by 1x1, filter each channel by 3x3, project; added to the input where that fits."""

    def __init__(self, inputs: int, row: Row, stride: int) -> None:
        super().__init__()
        hidden = inputs * row.expansion
        self.expand = _active(_unit(inputs, hidden, 1))
        self.filter = _active(_unit(hidden, hidden, 3, stride, 1, groups=hidden))
        self.project = _unit(hidden, row.channels, 1)
        self.residual = stride == 1 and inputs == row.channels

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.filter(self.expand(x)))
        return x + y if self.residual else y


class MobileFaceNetPReLU(nn.Module):
    """The paper's MobileFaceNet with vectors of `outputs` numbers; 0.99 M parameters for 128."""

    def __init__(self, outputs: int = DIMENSIONS, width: int = SIDE) -> None:
        """`width`: px, the middle part of the picture that is looked at. Weights start from He's normal
        initialisation."""
        super().__init__()
        self.width = width
        self.stem = _active(_unit(3, STEM_CHANNELS, 3, 2, 1))
        self.filter = _active(_unit(STEM_CHANNELS, STEM_CHANNELS, 3, 1, 1, groups=STEM_CHANNELS))
        inputs, blocks = STEM_CHANNELS, []
        for row in ROWS:
            for block in range(row.blocks):
                blocks.append(Bottleneck(inputs, row, row.stride if block == 0 else 1))
                inputs = row.channels
        self.blocks = nn.Sequential(*blocks)
        self.last = _active(_unit(inputs, LAST_CHANNELS, 1))
        cells = (SIDE // STRIDE, width // STRIDE)
        self.gather = _unit(LAST_CHANNELS, LAST_CHANNELS, cells, groups=LAST_CHANNELS)
        self.head, self.bn = nn.Conv2d(LAST_CHANNELS, outputs, 1, bias=False), nn.BatchNorm2d(outputs)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, 112, 112) -> (B, outputs), of any length."""
        if self.width != SIDE:
            x = torch.narrow(x, 3, (SIDE - self.width) // 2, self.width)
        x = self.gather(self.last(self.blocks(self.filter(self.stem(x)))))
        vectors: Tensor = self.bn(self.head(x)).flatten(1)
        return vectors


def _xiaoccer() -> list[str]:
    unit = ["conv", "bn", "prelu"]
    names = [*within("conv1", unit), *within("dw_conv1", unit)]
    for block in range(sum(row.blocks for row in ROWS)):
        names += within(f"blocks.{block}.conv", "01234567")
    return [*names, *within("conv2", unit), *within("linear7", unit[:2]), *within("linear1", unit[:2])]


def _treb1en() -> list[str]:
    unit = ["conv", "bn", "prelu"]
    names = [*within("conv1", unit), *within("conv2_dw", unit)]
    for place in ("conv_23", *within("conv_3.model", "0123"), "conv_34", *within("conv_4.model", "012345")):
        names += _bottleneck(place)
    for place in ("conv_45", *within("conv_5.model", "01")):
        names += _bottleneck(place)
    return [*names, *within("conv_6_sep", unit), *within("conv_6_dw", unit[:2]), "linear", "bn"]


def _bottleneck(place: str) -> list[str]:
    parts = ["conv.conv", "conv.bn", "conv.prelu", "conv_dw.conv", "conv_dw.bn", "conv_dw.prelu"]
    return within(place, [*parts, "project.conv", "project.bn"])


LAYOUTS = (Layout("Xiaoccer", _xiaoccer()), Layout("TreB1eN", _treb1en()))
