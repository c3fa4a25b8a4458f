"""What several networks share: the start of their weights and the blocks of MobileNetV2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor, nn

Activation = Callable[[], nn.Module]


def initialise(network: nn.Module) -> None:
    """He's normal initialisation of convolutions by their outputs, a small one of linear layers."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=0.01)
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)


def multiple_of(unit: int, channels: float) -> int:
    """Channels rounded to a multiple of `unit`, to at least one and by a tenth down at most."""
    rounded = max(unit, int(channels + unit / 2) // unit * unit)
    return rounded + unit if rounded < 0.9 * channels else rounded


def relu6() -> nn.Module:
    """The activation of MobileNetV2."""
    return nn.ReLU6(inplace=True)


def conv_norm(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, act: Activation | None = relu6
) -> nn.Sequential:
    """A padded convolution with batch norm and, unless it is linear, its activation."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers) if act is None else nn.Sequential(*layers, act())


class Row(NamedTuple):
    """Inverted residuals in a row; the stride is that of the first."""

    expansion: int
    channels: int
    blocks: int
    stride: int


def inverted_residuals(inputs: int, rows: Sequence[Row]) -> list[nn.Module]:
    """The blocks of all rows; the last row says how many channels come out."""
    layers: list[nn.Module] = []
    for expansion, channels, blocks, stride in rows:
        for block in range(blocks):
            layers.append(InvertedResidual(inputs, channels, stride if block == 0 else 1, expansion))
            inputs = channels
    return layers


class InvertedResidual(nn.Module):
    """Expand by 1x1, filter each channel by 3x3, project by a linear 1x1; added to the input where that fits.

    M. Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018, section 3.3.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        """`expansion`: hidden channels as a multiple of `inputs`; 1 leaves the first convolution out."""
        super().__init__()
        hidden = inputs * expansion
        layers: list[nn.Module] = [] if expansion == 1 else [conv_norm(inputs, hidden, 1)]
        self.conv = nn.Sequential(
            *layers,
            conv_norm(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride)."""
        y: Tensor = self.conv(x)
        return x + y if self.residual else y
