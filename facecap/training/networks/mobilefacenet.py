"""MobileFaceNet: identity vectors of aligned faces of 112x112.

Architecture: S. Chen et al., "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification on
Mobile Devices", CCBR 2018, table 1, with ReLU6 where the paper has PReLU, as in foamliu/MobileFaceNet:
bounded activations quantise better. Module names follow that repository's checkpoints.
"""

from __future__ import annotations

from torch import Tensor, nn

from facecap.training.networks.layers import Row, conv_norm, initialise, inverted_residuals

SIDE = 112
DIMENSIONS = 128  # of the published ones
STEM_CHANNELS = 64
LAST_CHANNELS = 512


ROWS = (Row(2, 64, 5, 2), Row(4, 128, 1, 2), Row(2, 128, 6, 1), Row(4, 128, 1, 2), Row(2, 128, 2, 1))


class Separable(nn.Module):
    """A depthwise 3x3 and a pointwise convolution, each with batch norm and ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 3, 1, 1, groups=channels, bias=False)
        self.pointwise = nn.Conv2d(channels, channels, 1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.depthwise(x)))
        y: Tensor = self.relu(self.bn2(self.pointwise(x)))
        return y


class GlobalDepthwise(nn.Module):
    """A weighted mean of each channel over the whole map, with batch norm: the paper's GDConv."""

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, side, groups=channels, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.bn(self.depthwise(x))
        return y


class MobileFaceNet(nn.Module):
    """MobileFaceNet with vectors of `outputs` numbers; 0.99 M parameters for 128."""

    def __init__(self, outputs: int = DIMENSIONS) -> None:
        """Weights start from He's normal initialisation."""
        super().__init__()
        self.conv1 = conv_norm(3, STEM_CHANNELS, 3, 2)
        self.dw_conv = Separable(STEM_CHANNELS)
        self.features = nn.Sequential(*inverted_residuals(STEM_CHANNELS, ROWS))
        self.conv2 = conv_norm(ROWS[-1].channels, LAST_CHANNELS, 1)
        self.gdconv = GlobalDepthwise(LAST_CHANNELS, SIDE // 16)
        self.conv3, self.bn = nn.Conv2d(LAST_CHANNELS, outputs, 1), nn.BatchNorm2d(outputs)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, 112, 112) -> (B, outputs), of any length."""
        x = self.features(self.dw_conv(self.conv1(x)))
        x = self.bn(self.conv3(self.gdconv(self.conv2(x))))
        return x.flatten(1)
