"""How large a model is and how much it computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecap.errors import FacecapError

if TYPE_CHECKING:
    from torch import nn


def network_size(info: Mapping[str, Any]) -> dict[str, Any]:
    """`architecture` and `MB` of an opened classifier's `info`; where torch is installed and knows the
    architecture also `parameters` and `multiply-adds` for one picture."""
    manifest = info["manifest"]
    name = manifest["architecture"]
    size: dict[str, Any] = {"architecture": name, "MB": Path(info["path"]).stat().st_size / 1e6}
    try:
        from facecap.conversion.export_run import network_of
        from facecap.training.networks.counting import multiply_adds, parameters
        from facecap.training.networks.registry import NETWORKS
    except ImportError:
        return size
    if name in NETWORKS:
        network = network_of(manifest)
        size["parameters"] = parameters(network)
        size["multiply-adds"] = multiply_adds(network, manifest["input"]["width"])
    return size


def networks() -> list[str]:
    """Names of the networks that training or an import knows."""
    from facecap.training.networks.registry import NETWORKS

    return [*NETWORKS, *_detectors()]


def size_of_network(name: str, side: int | None, outputs: int | None) -> dict[str, Any]:
    """Parameters and multiply-adds of a network for one square picture.

    Args:
        name: one of `networks`.
        side: of the picture in px; 112, of a detector 640, where None.
        outputs: logits, or the length of a vector; 1, of an embedder 128, where None; a detector has its own.

    Raises:
        FacecapError: the network takes no such picture, or has its own outputs.
    """
    from facecap.training.networks.counting import multiply_adds, parameters
    from facecap.training.networks.mobilefacenet import DIMENSIONS
    from facecap.training.networks.registry import EMBEDDERS, build

    detectors = _detectors()
    if name in detectors:
        if outputs is not None:
            raise FacecapError(f"{name} has its own outputs: leave out --outputs")
        network, side, entry = detectors[name](), side or 640, {}
    else:
        entry = {"outputs": outputs or (DIMENSIONS if name in EMBEDDERS else 1)}
        network, side = build(name, entry["outputs"]), side or 112
    try:
        adds = multiply_adds(network, side)
    except RuntimeError as error:
        raise FacecapError(f"{name} takes no {side}x{side}: give another --input-size") from error
    size = {"parameters": parameters(network), "multiply-adds": adds}
    return {"network": name, **entry, "input_size": [side, side], **size}


def _detectors() -> dict[str, Callable[[], nn.Module]]:
    from facecap.training.networks.retinaface import LAYOUTS, RetinaFace
    from facecap.training.networks.retinaface_light import LIGHT, LightRetinaFace

    return {
        **{name: partial(RetinaFace, layout) for name, layout in LAYOUTS.items()},
        **{name: partial(LightRetinaFace, layout) for name, layout in LIGHT.items()},
    }
