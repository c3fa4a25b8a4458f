"""The networks by name: what a manifest calls `architecture`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor, nn

from facecap.errors import FacecapError
from facecap.training.networks.ghostnet import GhostNet
from facecap.training.networks.mobilefacenet import MobileFaceNet
from facecap.training.networks.mobilenet_v1 import MobileNetV1
from facecap.training.networks.mobilenet_v2 import MobileNetV2
from facecap.training.networks.mobilenet_v3 import MobileNetV3Small

NETWORKS: Mapping[str, Callable[[int], nn.Module]] = {
    "ghostnet_1.0x": GhostNet,
    "mobilenet_v3_small": MobileNetV3Small,
    "mobilenet_v2": MobileNetV2,
    **{f"mobilenet_v1_{width}": partial(MobileNetV1, width=width) for width in (0.25, 0.5, 0.75, 1.0)},
    "mobilefacenet": MobileFaceNet,
}


LAYERS = nn.Conv2d | nn.Linear


def build(name: str, outputs: int) -> nn.Module:
    """A network of random weights: (B, 3, H, W) -> (B, outputs) logits, or a vector of `mobilefacenet`.

    Raises:
        FacecapError: no network has this name.
    """
    if name not in NETWORKS:
        raise FacecapError(f"no network '{name}': there are {', '.join(NETWORKS)}")
    return NETWORKS[name](outputs)


def recognise(weights: Mapping[str, Tensor]) -> tuple[str, int] | None:
    """Name and outputs of the network that these weights are of, by names and shapes; None if of none."""
    shapes = {key: value.shape for key, value in weights.items()}
    with torch.device("meta"):
        for name in NETWORKS:
            layers = [key for key, module in build(name, 1).named_modules() if isinstance(module, LAYERS)]
            outputs = shapes.get(f"{layers[-1]}.bias")
            if outputs is not None:
                wanted = build(name, outputs[0]).state_dict()
                if {key: value.shape for key, value in wanted.items()} == shapes:
                    return name, outputs[0]
    return None
