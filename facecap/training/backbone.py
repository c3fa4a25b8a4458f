"""Head and backbone of a network of the registry: which is which, freezing, and what pictures it takes."""

from __future__ import annotations

import torch
from torch import nn

from facecap.training.networks.registry import build


def head_names(network: str) -> frozenset[str]:
    """Entries of the state_dict that make up the head: those whose shape the number of outputs changes."""
    with torch.device("meta"):
        shapes = [
            {name: value.shape for name, value in build(network, outputs).state_dict().items()}
            for outputs in (2, 3)
        ]
    return frozenset(name for name, shape in shapes[0].items() if shapes[1][name] != shape)


def check_network(network: str) -> None:
    """Nothing for a name of the registry.

    Raises:
        FacecapError: it is none; the text has the names.
    """
    with torch.device("meta"):
        build(network, 1)


def takes_side(network: str, side: int) -> bool:
    """Whether the network answers pictures of this side, in px."""
    with torch.device("meta"):
        model = build(network, 1).eval()
        try:
            return bool(model(torch.zeros(1, 3, side, side)).shape == (1, 1))
        except RuntimeError:
            return False


def freeze_backbone(model: nn.Module, network: str) -> None:
    """Let only the head learn."""
    head = head_names(network)
    for name, weight in model.named_parameters():
        weight.requires_grad_(name in head)
