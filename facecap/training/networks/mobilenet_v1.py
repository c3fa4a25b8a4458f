"""MobileNetV1: depthwise separable convolutions, at a width of 0.25 to 1.

Architecture: A. Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision
Applications", 2017, table 1. Module names follow the ImageNet checkpoints that RetinaFace's body starts from.
"""

from __future__ import annotations

from torch import Tensor, nn

from facecap.training.networks.layers import initialise
from facecap.training.networks.layout import Layout, within

STEM_CHANNELS = 32
# Output channels and stride of each depthwise separable block, by stage; a stage ends at stride 8, 16, 32.
STAGES = (
    ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1)),
    ((512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1)),
    ((1024, 2), (1024, 1)),
)


def activation(slope: float) -> nn.Module:
    """ReLU for a slope of 0, else leaky ReLU with that slope below zero."""
    return nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True)


def _stem(outputs: int, slope: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), activation(slope)
    )


def _separable(inputs: int, outputs: int, stride: int, slope: float) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        activation(slope),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        activation(slope),
    )


def stages(width: float, slope: float) -> list[nn.Sequential]:
    """The convolutions in three parts, which end at strides 8, 16 and 32; `width` multiplies the channels,
    `slope` is that of the activations below zero."""
    inputs = int(STEM_CHANNELS * width)
    blocks = [_stem(inputs, slope)]
    parts = []
    for stage in STAGES:
        for channels, stride in stage:
            outputs = int(channels * width)
            blocks.append(_separable(inputs, outputs, stride, slope))
            inputs = outputs
        parts.append(nn.Sequential(*blocks))
        blocks = []
    return parts


class MobileNetV1(nn.Module):
    """MobileNetV1 with `outputs` logits; 4.23 M parameters for 1000 at width 1."""

    def __init__(self, outputs: int, width: float = 1.0) -> None:
        """Weights start from He's normal initialisation."""
        super().__init__()
        self.stage1, self.stage2, self.stage3 = stages(width, slope=0.0)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(int(STAGES[-1][-1][0] * width), outputs)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, outputs)."""
        x = self.stage3(self.stage2(self.stage1(x)))
        logits: Tensor = self.fc(self.pool(x).flatten(1))
        return logits


def _marvis() -> list[str]:
    blocks = range(1, 1 + sum(map(len, STAGES)))
    return [*within("model.0", "01"), *(name for n in blocks for name in within(f"model.{n}", "0134")), "fc"]


LAYOUTS = (Layout("marvis", _marvis()),)
