"""MobileNetV2: inverted residuals with linear bottlenecks.

Architecture: M. Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018, table 2.
Module names are those that published PyTorch checkpoints use: `features.N`, `classifier.1`.
"""

from __future__ import annotations

from torch import Tensor, nn

from facecap.training.networks.layers import Row, conv_norm, initialise, inverted_residuals
from facecap.training.networks.layout import Layout, within

STEM_CHANNELS = 32
LAST_CHANNELS = 1280
ROWS = (
    Row(1, 16, 1, 1),
    Row(6, 24, 2, 2),
    Row(6, 32, 3, 2),
    Row(6, 64, 4, 2),
    Row(6, 96, 3, 1),
    Row(6, 160, 3, 2),
    Row(6, 320, 1, 1),
)


class MobileNetV2(nn.Module):
    """MobileNetV2 1.0 with `outputs` logits; 3.50 M parameters for 1000."""

    def __init__(self, outputs: int, dropout: float = 0.2) -> None:
        """Weights start from He's normal initialisation."""
        super().__init__()
        self.features = nn.Sequential(
            conv_norm(3, STEM_CHANNELS, 3, 2),
            *inverted_residuals(STEM_CHANNELS, ROWS),
            conv_norm(ROWS[-1].channels, LAST_CHANNELS, 1),
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(LAST_CHANNELS, outputs))
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, outputs)."""
        logits: Tensor = self.classifier(self.pool(self.features(x)).flatten(1))
        return logits


def _flat(classifier: str) -> list[str]:
    names = ["features.0.0", "features.0.1"]
    for number, expansion in enumerate([row.expansion for row in ROWS for _ in range(row.blocks)], 1):
        names += within(f"features.{number}.conv", "0134" if expansion == 1 else "013467")
    return [*names, *classifier.split()]


def _timm() -> list[str]:
    names = ["conv_stem", "bn1"]
    for stage, row in enumerate(ROWS):
        plain = ["conv_dw", "bn1", "conv_pw", "bn2"]
        expanded = ["conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"]
        for block in range(row.blocks):
            names += within(f"blocks.{stage}.{block}", plain if row.expansion == 1 else expanded)
    return [*names, "conv_head", "bn2", "classifier"]


LAYOUTS = (
    Layout("timm", _timm()),
    Layout("tonylins", _flat("features.18.0 features.18.1 classifier.1")),
    Layout("d-li14", _flat("conv.0 conv.1 classifier")),
)
