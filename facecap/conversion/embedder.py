"""MobileFaceNet as an embedder model, from its weights or from its published ONNX file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import nn

from facecap.conversion.checkpoint import CheckpointError
from facecap.conversion.equality import ConversionError, OutputDifference, check_same_outputs
from facecap.conversion.manifest import write_model
from facecap.conversion.network_onnx import EMBEDDING, INPUT, to_compared_onnx
from facecap.training.inputs import section
from facecap.training.networks.mobilefacenet import SIDE, MobileFaceNet
from facecap.training.networks.registry import Recognised, build

ARCHITECTURE = "mobilefacenet"
SIDES = (SIDE, SIDE)


def manifest(dimensions: int, same_person: float, architecture: str = ARCHITECTURE) -> dict[str, Any]:
    """What a manifest says of an embedder but for its name and its provenance.

    `dimensions`: length of a vector; `same_person`: cosine from which two faces count as one person;
    `architecture`: of the registry.
    """
    return {
        "task": "face_embedding",
        "architecture": architecture,
        "input": section(INPUT, SIDE),
        "outputs": [{"role": "embedding", "name": EMBEDDING}],
        "embedder": {"dimensions": dimensions, "same_person": same_person},
    }


def export(
    network: nn.Module, out: Path, described: Mapping[str, Any], about: Mapping[str, Any]
) -> OutputDifference:
    """Write the network as `out` (`.onnx`) with its manifest; returns how far its answers are from the
    network's. `described` is what `manifest` says; `about` has name, licence, origin and what is known.

    Raises:
        ConversionError: the written graph would not answer like the network; nothing is written.
    """
    data, difference = to_compared_onnx(network, SIDES, outputs=(EMBEDDING,))
    out.parent.mkdir(parents=True, exist_ok=True)
    write_model(out, data, {**described, **about})
    return difference


def from_weights(found: Recognised) -> nn.Module:
    """The network of a state_dict that the registry recognised."""
    network = build(found.network, found.outputs)
    network.load_state_dict(dict(found.weights))
    return network.eval()


def from_onnx(model: onnx.ModelProto, path: Path) -> MobileFaceNet:
    """The network of an ONNX file whose batch norms are folded, as foamliu/MobileFaceNet publishes it.

    Its convolutions are taken in their order, their biases into the batch norms behind them. `path` is for
    texts.

    Raises:
        CheckpointError: it is another network.
    """
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    found = [node for node in graph.node if node.op_type == "Conv"]
    dimensions = constants[found[-1].input[1]].dims[0] if found and found[-1].input[1] in constants else 1
    network = MobileFaceNet(dimensions)
    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    if len(found) != len(layers):
        raise CheckpointError(f"{path}: has {len(found)} convolutions, MobileFaceNet has {len(layers)}")
    with torch.no_grad():
        for node, layer, norm in zip(found, layers, norms, strict=True):
            values = [numpy_helper.to_array(constants[name]) for name in node.input[1:] if name in constants]
            wanted = [tuple(layer.weight.shape), (layer.out_channels,)]
            if [value.shape for value in values] != wanted:
                raise CheckpointError(
                    f"{path}: {node.name} has weights of {[value.shape for value in values]}, MobileFaceNet "
                    f"has {wanted} at this place"
                )
            weight, bias = (torch.from_numpy(value.copy()) for value in values)
            layer.weight.copy_(weight)
            if layer.bias is not None:
                layer.bias.zero_()
            norm.weight.fill_((1 + norm.eps) ** 0.5)  # which undoes the variance of 1
            norm.bias.copy_(bias)
    network.eval()
    try:
        check_same_outputs(network, model.SerializeToString(), SIDES, batch=1)
    except ConversionError as error:
        raise CheckpointError(f"{path}: its graph is not MobileFaceNet's: {error}") from error
    return network
