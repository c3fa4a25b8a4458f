"""Reads published RetinaFace checkpoints: which layout a state_dict has, and its weights as arrays."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecap.errors import FacecapError

if TYPE_CHECKING:
    from facecap.conversion.retinaface_onnx import Weights
    from facecap.training.networks.retinaface import RetinaFace

WRAPPERS = ("state_dict", "model", "network")


class CheckpointError(FacecapError):
    """A checkpoint that is not readable or has no known layout."""


def load_network(path: Path, slope: float = 0.0) -> RetinaFace:
    """The network of a `.pth` (keys with or without `module.`), in evaluation mode; for `slope` see
    `Layout`."""
    import torch

    from facecap.training.networks.retinaface import MOBILENET, RESNET50, RetinaFace

    if not path.is_file():
        raise CheckpointError(f"{path}: no such file")
    try:
        loaded: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        raise CheckpointError(f"{path}: not a torch checkpoint of plain tensors") from error
    for wrapper in WRAPPERS:
        if isinstance(loaded, dict) and isinstance(loaded.get(wrapper), dict):
            loaded = loaded[wrapper]
    if not isinstance(loaded, dict) or not all(isinstance(v, torch.Tensor) for v in loaded.values()):
        raise CheckpointError(f"{path}: wanted a state_dict, a mapping of names to tensors")
    state = {str(key).removeprefix("module."): value for key, value in loaded.items()}
    layout = RESNET50 if "body.layer1.0.conv1.weight" in state else replace(MOBILENET, slope=slope)
    network = RetinaFace(layout)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(f"{path}: does not fit {layout.name}: {_short(error)}") from error
    return network.eval()


def weights_of(network: RetinaFace) -> Weights:
    """The network's weights as arrays, by the keys of the checkpoint."""
    return {key: value.detach().numpy() for key, value in network.state_dict().items()}


def _short(error: Exception, limit: int = 300) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= limit else text[:limit] + " …"
