"""MobileNetV3-Small in the variant of the repository xiaolai-sqlai/mobilenetv3, for any input size.

Architecture: A. Howard et al., "Searching for MobileNetV3", ICCV 2019, table 2. The variant of 2019 excites
the projected channels behind the block instead of the expanded ones inside it, with batch norm in the
excitation, adds a projected shortcut where a block of stride 1 changes the channels, and has a batch norm
behind the first linear layer. Module names are those of its checkpoints. Its pooling of 7x7, which fits an
input of 224, is global here.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from facecap.training.networks.layers import Activation, conv_norm, initialise


class Row(NamedTuple):
    """One block of the paper's table."""

    kernel: int
    expanded: int
    channels: int
    excited: bool
    hard_swish: bool
    stride: int


STEM_CHANNELS = 16
LAST_CHANNELS = 576
HEAD_CHANNELS = 1280
ROWS = (
    Row(3, 16, 16, True, False, 2),
    Row(3, 72, 24, False, False, 2),
    Row(3, 88, 24, False, False, 1),
    Row(5, 96, 40, True, True, 2),
    Row(5, 240, 40, True, True, 1),
    Row(5, 240, 40, True, True, 1),
    Row(5, 120, 48, True, True, 1),
    Row(5, 144, 48, True, True, 1),
    Row(5, 288, 96, True, True, 2),
    Row(5, 576, 96, True, True, 1),
    Row(5, 576, 96, True, True, 1),
)


def relu() -> nn.Module:
    """The activation of the blocks without hard swish."""
    return nn.ReLU(inplace=True)


def _hard_sigmoid() -> nn.Module:
    return nn.Hardsigmoid()


class SqueezeExcite(nn.Module):
    """Scale channels by a hard sigmoid of their pooled values, through a quarter of the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        reduce = conv_norm(channels, channels // 4, 1, act=relu)
        self.se = nn.Sequential(*reduce, *conv_norm(channels // 4, channels, 1, act=_hard_sigmoid))

    def forward(self, x: Tensor) -> Tensor:
        gate: Tensor = self.se(self.pool(x))
        return x * gate


class Block(nn.Module):
    """Expand, filter each channel, project, excite; a block of stride 1 is added to its input."""

    def __init__(self, inputs: int, row: Row) -> None:
        super().__init__()
        kernel, expanded, channels, excited, hard_swish, stride = row
        act: Activation = nn.Hardswish if hard_swish else relu
        self.conv1, self.bn1, self.act1 = conv_norm(inputs, expanded, 1, act=act)
        self.conv2, self.bn2, self.act2 = conv_norm(expanded, expanded, kernel, stride, expanded, act)
        self.conv3, self.bn3 = conv_norm(expanded, channels, 1, act=None)
        self.se = SqueezeExcite(channels) if excited else nn.Identity()
        self.residual = stride == 1
        projected = self.residual and inputs != channels
        self.shortcut = conv_norm(inputs, channels, 1, act=None) if projected else nn.Sequential()

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, channels, H / stride, W / stride)."""
        hidden = self.act1(self.bn1(self.conv1(x)))
        hidden = self.act2(self.bn2(self.conv2(hidden)))
        y: Tensor = self.se(self.bn3(self.conv3(hidden)))
        return y + self.shortcut(x) if self.residual else y


class MobileNetV3Small(nn.Module):
    """MobileNetV3-Small with `outputs` logits; 1.23 M parameters for one."""

    def __init__(self, outputs: int, dropout: float = 0.2) -> None:
        """Weights start from He's normal initialisation."""
        super().__init__()
        self.conv1, self.bn1, self.act1 = conv_norm(3, STEM_CHANNELS, 3, 2, act=nn.Hardswish)
        inputs, blocks = STEM_CHANNELS, []
        for row in ROWS:
            blocks.append(Block(inputs, row))
            inputs = row.channels
        self.bneck = nn.Sequential(*blocks)
        self.conv2, self.bn2, self.act2 = conv_norm(inputs, LAST_CHANNELS, 1, act=nn.Hardswish)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.linear3, self.bn3 = nn.Linear(LAST_CHANNELS, HEAD_CHANNELS), nn.BatchNorm1d(HEAD_CHANNELS)
        self.act3, self.dropout = nn.Hardswish(), nn.Dropout(dropout)
        self.linear4 = nn.Linear(HEAD_CHANNELS, outputs)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, outputs)."""
        x = self.act1(self.bn1(self.conv1(x)))
        x = self.act2(self.bn2(self.conv2(self.bneck(x))))
        x = self.act3(self.bn3(self.linear3(self.pool(x).flatten(1))))
        logits: Tensor = self.linear4(self.dropout(x))
        return logits
