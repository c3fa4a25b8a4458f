"""The refiner of faces: depthwise separable convolutions as in MobileNetV1, and three answers.

Whether it is a face, and how blurred, are asked of the mean over the picture; the five points of a
convolution over all places, since a mean does not know where a thing was seen.
"""

from __future__ import annotations

from torch import Tensor, nn

from facecap.training.networks.layers import initialise

SIDE = 112
STEM = 32  # channels at stride 4, at once: half of the time would be spent at stride 2
# Output channels and stride of each depthwise separable block: 112 px end as 7x7.
BLOCKS = ((48, 1), (96, 2), (96, 1), (96, 1), (192, 2), (192, 1))
FINAL = 7
POINTS = 10
HIDDEN = 32


def _separable(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        nn.ReLU(inplace=True),
        nn.Conv2d(inputs, outputs, 1, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class FaceRefiner(nn.Module):
    """(B, 3, 112, 112) -> `face` (B, 1), a logit, `points` (B, 10), x and y as shares of the crop, and `blur`
    (B, 1), a logit."""

    def __init__(self) -> None:
        """Weights start from He's normal initialisation."""
        super().__init__()
        layers: list[nn.Module] = [
            nn.Conv2d(3, STEM, 5, 4, 2, bias=False),
            nn.BatchNorm2d(STEM),
            nn.ReLU(inplace=True),
        ]
        channels = STEM
        for outputs, stride in BLOCKS:
            layers.append(_separable(channels, outputs, stride))
            channels = outputs
        self.features = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.face = nn.Linear(channels, 1)
        self.blur = nn.Linear(channels, 1)
        self.gather = nn.Sequential(
            nn.Conv2d(channels, HIDDEN, 1, bias=False), nn.BatchNorm2d(HIDDEN), nn.ReLU(inplace=True)
        )
        self.points = nn.Conv2d(HIDDEN, POINTS, FINAL, padding=0)
        initialise(self)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Face, points, blur."""
        x = self.features(x)
        mean = self.pool(x).flatten(1)
        return self.face(mean), self.points(self.gather(x)).flatten(1), self.blur(mean)
