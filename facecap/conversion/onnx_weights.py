"""The weights of a network from the ONNX file that was made of it, where batch norms are folded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from onnx import numpy_helper
from torch import Tensor, nn

from facecap.conversion.checkpoint import CheckpointError, read_onnx
from facecap.conversion.equality import ConversionError, check_same_outputs
from facecap.conversion.network_onnx import layers_and_norms
from facecap.training.networks.registry import build


def weights_of_onnx(path: Path, network: str) -> dict[str, Tensor]:
    """The state_dict of a network of the registry, read from an ONNX file that a run or a conversion left.

    Each batch norm keeps the bias that it was folded into, mean 0 and variance 1: in evaluation the network
    answers as the file does, but its statistics are not those of any pictures.

    Raises:
        CheckpointError: the file is not readable, or of another network.
    """
    graph = read_onnx(path).graph
    values = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    kernels = [
        [torch.from_numpy(values[name].copy()) for name in node.input[1:3] if name in values]
        for node in graph.node
        if node.op_type in ("Conv", "Gemm")
    ]
    problem = f"{path}: its layers are not those of {network}"
    shape = [dim.dim_value for entry in graph.input[:1] for dim in entry.type.tensor_type.shape.dim]
    if len(shape) != 4 or not kernels or any(len(kernel) != 2 for kernel in kernels):
        raise CheckpointError(problem)
    model = build(network, len(kernels[-1][1])).eval()
    pairs = layers_and_norms(model)
    if len(pairs) != len(kernels):
        raise CheckpointError(f"{problem}: found {len(kernels)}, wanted {len(pairs)}")
    state = model.state_dict()
    for (layer, norm), (weight, bias) in zip(pairs, kernels, strict=True):
        if norm is None:
            state |= {f"{layer}.weight": weight, f"{layer}.bias": bias}
            continue
        state |= {f"{layer}.weight": weight, f"{norm}.bias": bias}
        state |= _plain_norm(model.get_submodule(norm), bias, norm)
        if f"{layer}.bias" in state:
            state[f"{layer}.bias"] = torch.zeros_like(bias)
    try:
        model.load_state_dict(state)
        check_same_outputs(model, path.read_bytes(), (shape[3], shape[2]), shape[0] or None)
    except (RuntimeError, ConversionError) as error:
        raise CheckpointError(f"{problem}: {str(error).splitlines()[0]}") from error
    return model.state_dict()


def _plain_norm(norm: Any, bias: Tensor, name: str) -> dict[str, Tensor]:
    assert isinstance(norm, nn.BatchNorm2d | nn.BatchNorm1d)
    return {
        f"{name}.weight": torch.ones_like(bias),
        f"{name}.running_mean": torch.zeros_like(bias),
        f"{name}.running_var": torch.full_like(bias, 1 - norm.eps),
    }
