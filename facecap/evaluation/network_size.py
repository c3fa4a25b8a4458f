"""How large a model is and how much it computes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def network_size(info: Mapping[str, Any]) -> dict[str, Any]:
    """`architecture` and `MB` of an opened classifier's `info`; where torch is installed and knows the
    architecture also `parameters` and `multiply-adds` for one picture."""
    manifest = info["manifest"]
    name = manifest["architecture"]
    size: dict[str, Any] = {"architecture": name, "MB": Path(info["path"]).stat().st_size / 1e6}
    try:
        from facecap.training.networks.counting import multiply_adds, parameters
        from facecap.training.networks.registry import NETWORKS, build
    except ImportError:
        return size
    if name in NETWORKS:
        network = build(name, 1 if manifest["classifier"]["output"] == "sigmoid" else 2)
        size["parameters"] = parameters(network)
        size["multiply-adds"] = multiply_adds(network, manifest["input"]["width"])
    return size
