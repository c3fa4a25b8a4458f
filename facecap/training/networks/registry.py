"""The networks by name: what a manifest calls `architecture`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import torch
from torch import Tensor, nn

from facecap.errors import FacecapError
from facecap.training.networks import (
    ghostnet,
    mobilefacenet_prelu,
    mobilenet_v1,
    mobilenet_v2,
    mobilenet_v3_paper,
)
from facecap.training.networks.ghostnet import GhostNet
from facecap.training.networks.layout import Layout, layer_names
from facecap.training.networks.mobilefacenet import MobileFaceNet
from facecap.training.networks.mobilefacenet_prelu import NARROW, MobileFaceNetPReLU
from facecap.training.networks.mobilenet_v1 import MobileNetV1
from facecap.training.networks.mobilenet_v2 import MobileNetV2
from facecap.training.networks.mobilenet_v3 import MobileNetV3Small
from facecap.training.networks.mobilenet_v3_paper import MobileNetV3SmallPaper

WIDTHS = (0.25, 0.5, 0.75, 1.0)  # of MobileNetV1
NETWORKS: Mapping[str, Callable[[int], nn.Module]] = {
    "ghostnet_1.0x": GhostNet,
    "mobilenet_v3_small": MobileNetV3Small,
    "mobilenet_v3_small_paper": MobileNetV3SmallPaper,
    "mobilenet_v3_small_d-li14": partial(MobileNetV3SmallPaper, excite_first=True),
    "mobilenet_v2": MobileNetV2,
    **{f"mobilenet_v1_{width}": partial(MobileNetV1, width=width) for width in WIDTHS},
    "mobilefacenet": MobileFaceNet,
    "mobilefacenet_prelu": MobileFaceNetPReLU,
    "mobilefacenet_prelu_96": partial(MobileFaceNetPReLU, width=NARROW),
}
EMBEDDERS = ("mobilefacenet", "mobilefacenet_prelu", "mobilefacenet_prelu_96")
LAYOUTS: Mapping[str, Sequence[Layout]] = {
    "ghostnet_1.0x": ghostnet.LAYOUTS,
    "mobilenet_v3_small_paper": mobilenet_v3_paper.LAYOUTS,
    "mobilenet_v3_small_d-li14": mobilenet_v3_paper.EXCITE_FIRST_LAYOUTS,
    "mobilenet_v2": mobilenet_v2.LAYOUTS,
    **{f"mobilenet_v1_{width}": mobilenet_v1.LAYOUTS for width in WIDTHS},
    "mobilefacenet_prelu": mobilefacenet_prelu.LAYOUTS,
    "mobilefacenet_prelu_96": mobilefacenet_prelu.LAYOUTS,
}
"""Of published checkpoints whose names are not ours."""
ALIKE = 0.5  # share of its entries from which weights are nearly those of a network


@dataclass(frozen=True)
class Recognised:
    """Weights as a network here names them; `source` says whose names they had, "" for ours."""

    network: str
    outputs: int
    weights: Mapping[str, Tensor]
    source: str = ""

    def __str__(self) -> str:
        return self.network + (f" in the names of {self.source}" if self.source else "")


def build(name: str, outputs: int) -> nn.Module:
    """A network of random weights: (B, 3, H, W) -> (B, outputs) logits, or a vector of `mobilefacenet`.

    Raises:
        FacecapError: no network has this name.
    """
    if name not in NETWORKS:
        raise FacecapError(f"no network '{name}': there are {', '.join(NETWORKS)}")
    return NETWORKS[name](outputs)


def recognise(weights: Mapping[str, Tensor]) -> Recognised | None:
    """The network that these weights are of, by names and shapes, ours or of a published layout; None if of
    none."""
    for candidate, wanted in _candidates(weights):
        if not _differences(candidate.weights, wanted):
            shaped = {key: value.reshape(wanted[key]) for key, value in candidate.weights.items()}
            return Recognised(candidate.network, candidate.outputs, shaped, candidate.source)
    return None


def nearest(weights: Mapping[str, Tensor]) -> str | None:
    """In words, the network that these weights are nearly of and where they differ; None if of none."""
    compared = [(each, wanted, _differences(each.weights, wanted)) for each, wanted in _candidates(weights)]
    if not compared:
        return None
    candidate, wanted, wrong = min(compared, key=lambda each: len(each[2]) / len(each[1]))
    if len(wrong) > (1 - ALIKE) * len(wanted):
        return None
    return f"nearly {candidate}, but for {len(wrong)} of {len(wanted)} entries: {'; '.join(wrong[:3])}"


def _candidates(weights: Mapping[str, Tensor]) -> Iterator[tuple[Recognised, Mapping[str, torch.Size]]]:
    """The weights by the names of each network whose last layer they have, and the shapes that it wants."""
    for name in NETWORKS:
        layers = _layers(name)
        for layout in (None, *LAYOUTS.get(name, ())):
            renamed = weights if layout is None else layout.ours(weights, layers)
            last = renamed.get(f"{layers[-1]}.bias")  # of a batch norm too
            if last is not None and last.ndim == 1:
                source = "" if layout is None else layout.source
                outputs = len(last)
                yield Recognised(name, outputs, renamed, source), _shapes(name, outputs)


def _differences(weights: Mapping[str, Tensor], wanted: Mapping[str, torch.Size]) -> list[str]:
    """Entries that are missing, unexpected or of another shape, but for sides of 1, in words."""
    found = [f"{key} is missing" for key in wanted if key not in weights]
    found += [f"{key} is unexpected" for key in weights if key not in wanted]
    return found + [
        f"{key} has the shape {tuple(value.shape)}, wanted {tuple(wanted[key])}"
        for key, value in weights.items()
        if key in wanted and _long_sides(value.shape) != _long_sides(wanted[key])
    ]


def _long_sides(shape: Sequence[int]) -> list[int]:
    """A 1x1 convolution and a linear layer are alike by these."""
    return [side for side in shape if side != 1]


@lru_cache
def _layers(name: str) -> list[str]:
    with torch.device("meta"):
        return layer_names(build(name, 1))


@lru_cache
def _shapes(name: str, outputs: int) -> Mapping[str, torch.Size]:
    with torch.device("meta"):
        return {key: value.shape for key, value in build(name, outputs).state_dict().items()}
