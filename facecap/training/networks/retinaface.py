"""RetinaFace with a MobileNetV1 x0.25 or a ResNet-50 body, in the layout of the published checkpoints.

Module names follow the keys of those checkpoints, so that they load without a map. The network answers one
level a stride (8, 16, 32), each as class, box and landmark tensors before any softmax or decoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from facecap.training.networks.mobilenet_v1 import activation, stages

ANCHORS = 2


@dataclass(frozen=True)
class Layout:
    """What differs between the published networks: channels of the body's levels and of the pyramid, strides.

    `slope` is the negative slope of MobileNet's activations, which no key of a checkpoint tells: 0, plain
    ReLU, in the small detector with priors from 10 pixels on; 0.1 in its predecessor with priors from 16
    pixels on.
    """

    name: str
    body_channels: tuple[int, ...]
    width: int
    slope: float = 0.0
    strides: tuple[int, ...] = (8, 16, 32)


MOBILENET = Layout("retinaface_mobilenet0.25", (64, 128, 256), 64)
RESNET50 = Layout("retinaface_resnet50", (512, 1024, 2048), 256)
LAYOUTS = {layout.name: layout for layout in (MOBILENET, RESNET50)}


@dataclass
class Levels:
    """Raw answers a level, finest first: logits (B, 2A, h, w), boxes (B, 4A, h, w), landmarks (B, 10A, h,
    w)."""

    logits: list[Tensor]
    boxes: list[Tensor]
    landmarks: list[Tensor]


def _conv(
    inputs: int, outputs: int, kernel: int, stride: int = 1, slope: float | None = None
) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if slope is not None:
        layers.append(activation(slope))
    return nn.Sequential(*layers)


class MobileNetBody(nn.Module):
    """MobileNetV1 x0.25 up to stride 32."""

    FINE = ("stage1",)

    def __init__(self, slope: float) -> None:
        super().__init__()
        self.stage1, self.stage2, self.stage3 = stages(0.25, slope)

    def forward(self, image: Tensor) -> list[Tensor]:
        return self.coarser(self.fine(image))

    def fine(self, image: Tensor) -> Tensor:
        """The level of stride 8, by the layers FINE."""
        return cast(Tensor, self.stage1(image))

    def coarser(self, fine: Tensor) -> list[Tensor]:
        """All three levels, of the finest."""
        middle = self.stage2(fine)
        return [fine, middle, self.stage3(middle)]


class Bottleneck(nn.Module):
    """ResNet's 1x1, 3x3, 1x1 block; the stride sits in the 3x3 convolution."""

    def __init__(self, inputs: int, width: int, stride: int, shortcut: bool) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        if shortcut:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width)
            )
        else:
            self.downsample = nn.Sequential()

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        return functional.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class ResNetBody(nn.Module):
    """ResNet-50 from strides 8 to 32."""

    BLOCKS = (3, 4, 6, 3)
    FINE = ("conv1", "bn1", "layer1", "layer2")

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        inputs = 64
        for stage, blocks in enumerate(self.BLOCKS):
            width = 64 << stage
            layers = []
            for block in range(blocks):
                stride = 2 if block == 0 and stage > 0 else 1
                layers.append(Bottleneck(inputs, width, stride, shortcut=block == 0))
                inputs = 4 * width
            self.add_module(f"layer{stage + 1}", nn.Sequential(*layers))

    def forward(self, image: Tensor) -> list[Tensor]:
        return self.coarser(self.fine(image))

    def fine(self, image: Tensor) -> Tensor:
        """The level of stride 8, by the layers FINE."""
        x = functional.max_pool2d(functional.relu(self.bn1(self.conv1(image))), 3, 2, 1)
        return cast(Tensor, self.get_submodule("layer2")(self.get_submodule("layer1")(x)))

    def coarser(self, fine: Tensor) -> list[Tensor]:
        """All three levels, of the finest."""
        middle = self.get_submodule("layer3")(fine)
        return [fine, middle, self.get_submodule("layer4")(middle)]


class Pyramid(nn.Module):
    """Feature pyramid: lateral 1x1 convolutions, nearest upsampling, a 3x3 merge on the two finer levels."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        width, slope = layout.width, layout.slope
        for level, channels in enumerate(layout.body_channels, 1):
            self.add_module(f"output{level}", _conv(channels, width, 1, slope=slope))
        self.merge1 = _conv(width, width, 3, slope=slope)
        self.merge2 = _conv(width, width, 3, slope=slope)

    def forward(self, levels: list[Tensor]) -> list[Tensor]:
        fine, middle, coarse = (self.get_submodule(f"output{i}")(level) for i, level in enumerate(levels, 1))
        middle = self.merge2(middle + functional.interpolate(coarse, size=middle.shape[2:], mode="nearest"))
        fine = self.merge1(fine + functional.interpolate(middle, size=fine.shape[2:], mode="nearest"))
        return [fine, middle, coarse]


class Context(nn.Module):
    """Context module: 3x3, 5x5 and 7x7 views built of 3x3 convolutions, side by side."""

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        width, quarter, slope = layout.width, layout.width // 4, layout.slope
        self.conv3X3 = _conv(width, width // 2, 3)
        self.conv5X5_1 = _conv(width, quarter, 3, slope=slope)
        self.conv5X5_2 = _conv(quarter, quarter, 3)
        self.conv7X7_2 = _conv(quarter, quarter, 3, slope=slope)
        self.conv7x7_3 = _conv(quarter, quarter, 3)

    def forward(self, x: Tensor) -> Tensor:
        shared = self.conv5X5_1(x)
        views = [self.conv3X3(x), self.conv5X5_2(shared), self.conv7x7_3(self.conv7X7_2(shared))]
        return functional.relu(torch.cat(views, 1))


class Head(nn.Module):
    """One 1x1 convolution, `values` numbers for each anchor of a cell."""

    def __init__(self, width: int, values: int) -> None:
        super().__init__()
        self.conv1x1 = nn.Conv2d(width, ANCHORS * values, 1)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, self.conv1x1(x))


class RetinaFace(nn.Module):
    """The detector. Input: BGR minus (104, 117, 123), (B, 3, H, W), any size; output: `Levels`."""

    def __init__(self, layout: Layout = MOBILENET) -> None:
        super().__init__()
        self.layout = layout
        self.body = ResNetBody() if layout.name == RESNET50.name else MobileNetBody(layout.slope)
        self.fpn = Pyramid(layout)
        for level in (1, 2, 3):
            self.add_module(f"ssh{level}", Context(layout))
        self.ClassHead = nn.ModuleList(Head(layout.width, 2) for _ in range(3))
        self.BboxHead = nn.ModuleList(Head(layout.width, 4) for _ in range(3))
        self.LandmarkHead = nn.ModuleList(Head(layout.width, 10) for _ in range(3))

    def forward(self, image: Tensor) -> Levels:
        return self.answer(self.body(image))

    def answer(self, body: list[Tensor]) -> Levels:
        """What the pyramid, the context modules and the heads make of the body's three levels."""
        pyramid = self.fpn(body)
        features = [self.get_submodule(f"ssh{i}")(level) for i, level in enumerate(pyramid, 1)]
        return Levels(
            [head(x) for head, x in zip(self.ClassHead, features, strict=True)],
            [head(x) for head, x in zip(self.BboxHead, features, strict=True)],
            [head(x) for head, x in zip(self.LandmarkHead, features, strict=True)],
        )


def flatten(levels: Levels) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes (B, N, 4), two-class logits (B, N, 2) and landmarks (B, N, 10), priors in published order."""

    def rows(tensors: list[Tensor], values: int) -> Tensor:
        return torch.cat([t.permute(0, 2, 3, 1).reshape(t.shape[0], -1, values) for t in tensors], 1)

    return rows(levels.boxes, 4), rows(levels.logits, 2), rows(levels.landmarks, 10)
