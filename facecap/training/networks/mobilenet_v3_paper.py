"""MobileNetV3-Small as the paper and most programs have it: the expanded channels are excited.

Architecture: A. Howard et al., "Searching for MobileNetV3", ICCV 2019, table 2 and section 5.3. The
excitation stands behind the activation of the filtered channels, or before it as in
d-li14/mobilenetv3.pytorch.
"""

from __future__ import annotations

from torch import Tensor, nn

from facecap.training.networks.layers import Activation, conv_norm, initialise, multiple_of
from facecap.training.networks.layout import Layout, within
from facecap.training.networks.mobilenet_v3 import LAST_CHANNELS, ROWS, STEM_CHANNELS, Row, relu

HEAD_CHANNELS = 1024


class Excitation(nn.Module):
    """Scale channels by a hard sigmoid of their pooled values, through a quarter of the channels."""

    def __init__(self, channels: int) -> None:
        """The quarter is rounded to a multiple of 8."""
        super().__init__()
        reduced = multiple_of(8, channels / 4)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.reduce, self.relu = nn.Conv2d(channels, reduced, 1), relu()
        self.expand, self.gate = nn.Conv2d(reduced, channels, 1), nn.Hardsigmoid()

    def forward(self, x: Tensor) -> Tensor:
        """Same shape as the input."""
        gate: Tensor = self.gate(self.expand(self.relu(self.reduce(self.pool(x)))))
        return x * gate


class Block(nn.Module):
    """Expand, filter each channel, excite, project; added to the input where that fits."""

    def __init__(self, inputs: int, row: Row, excite_first: bool) -> None:
        """`excite_first`: before the activation of the filtered channels; not where nothing is expanded."""
        super().__init__()
        act: Activation = nn.Hardswish if row.hard_swish else relu
        grows = inputs != row.expanded
        self.expand = conv_norm(inputs, row.expanded, 1, act=act) if grows else nn.Identity()
        self.filter = conv_norm(row.expanded, row.expanded, row.kernel, row.stride, row.expanded, act=None)
        excite = Excitation(row.expanded) if row.excited else nn.Identity()
        first = excite_first and grows
        self.before, self.act = excite if first else nn.Identity(), act()
        self.behind = nn.Identity() if first else excite
        self.project = conv_norm(row.expanded, row.channels, 1, act=None)
        self.residual = row.stride == 1 and inputs == row.channels

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, channels, H / stride, W / stride)."""
        y = self.behind(self.act(self.before(self.filter(self.expand(x)))))
        projected: Tensor = self.project(y)
        return x + projected if self.residual else projected


class MobileNetV3SmallPaper(nn.Module):
    """MobileNetV3-Small with `outputs` logits; 2.54 M parameters for 1000."""

    def __init__(self, outputs: int, excite_first: bool = False, dropout: float = 0.2) -> None:
        """Weights start from He's normal initialisation; for `excite_first` see `Block`."""
        super().__init__()
        self.stem = conv_norm(3, STEM_CHANNELS, 3, 2, act=nn.Hardswish)
        inputs, blocks = STEM_CHANNELS, []
        for row in ROWS:
            blocks.append(Block(inputs, row, excite_first))
            inputs = row.channels
        self.blocks = nn.Sequential(*blocks)
        self.last = conv_norm(inputs, LAST_CHANNELS, 1, act=nn.Hardswish)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head, self.act = nn.Linear(LAST_CHANNELS, HEAD_CHANNELS), nn.Hardswish()
        self.dropout, self.classifier = nn.Dropout(dropout), nn.Linear(HEAD_CHANNELS, outputs)
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, outputs)."""
        x = self.pool(self.last(self.blocks(self.stem(x)))).flatten(1)
        logits: Tensor = self.classifier(self.dropout(self.act(self.head(x))))
        return logits


def _torchvision() -> list[str]:
    names = ["features.0.0", "features.0.1"]
    for number, row in enumerate(ROWS, 1):
        steps = ["01"] * (number > 1) + ["01"] + [("fc1", "fc2")] * row.excited + ["01"]
        for place, step in enumerate(steps):
            names += within(f"features.{number}.block.{place}", step)
    return [*names, "features.12.0", "features.12.1", "classifier.0", "classifier.3"]


def _timm() -> list[str]:
    names, stage, block = ["conv_stem", "bn1"], 0, 0
    for number, row in enumerate(ROWS):
        excited = ["se.conv_reduce", "se.conv_expand"] * row.excited
        if number == 0:
            names += within("blocks.0.0", ["conv_dw", "bn1", *excited, "conv_pw", "bn2"])
            continue
        new = row.channels != ROWS[number - 1].channels
        stage, block = (stage + 1, 0) if new else (stage, block + 1)
        parts = ["conv_pw", "bn1", "conv_dw", "bn2", *excited, "conv_pwl", "bn3"]
        names += within(f"blocks.{stage}.{block}", parts)
    return [*names, f"blocks.{stage + 1}.0.conv", f"blocks.{stage + 1}.0.bn1", "conv_head", "classifier"]


def _d_li14() -> list[str]:
    names = ["features.0.0", "features.0.1"]
    names += within("features.1.conv", ["0", "1", "3.fc.0", "3.fc.2", "4", "5"])
    for number, row in enumerate(ROWS[1:], 2):
        excited = ["5.fc.0", "5.fc.2"] * row.excited
        names += within(f"features.{number}.conv", ["0", "1", "3", "4", *excited, "7", "8"])
    return [*names, "conv.0", "conv.1", "classifier.0", "classifier.3"]


LAYOUTS = (Layout("torchvision", _torchvision(), epsilon=1e-3), Layout("timm", _timm()))
EXCITE_FIRST_LAYOUTS = (Layout("d-li14", _d_li14()),)
