"""Makes the channels of activations alike before quantisation, without changing what the graph answers.

A channel divided by s in the convolution that makes it, and multiplied by s in the weights of those that
read it, changes nothing, for the activations between commute with positive factors; but one scale for all
channels then loses less (Nagel et al. 2019). s is a^p / w^(1-p), as in SmoothQuant (Xiao et al. 2023), of the
channel's largest activation a and the largest weight w that reads it. Depthwise weights have a scale a
channel of their own and so take s = a^q.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from facecap.conversion import run_graph
from facecap.conversion.network_input import Floats

SHARE, DEPTHWISE_SHARE = 0.4, 1.0  # p and q
SILENT = 1e-3  # share of the tensor's largest activation below which a channel stays as it is
LARGEST = 1e3
COMMUTING = ("Relu", "LeakyRelu", "PRelu", "MaxPool")


@dataclass(frozen=True)
class _Seam:
    """A tensor between the convolution that makes it and all that read it."""

    tensor: str
    maker: onnx.NodeProto
    readers: list[onnx.NodeProto]


def equalized(graph: onnx.ModelProto, inputs: Iterable[Floats]) -> onnx.ModelProto:
    """The same network with balanced channels, wherever convolutions alone read what a convolution makes.

    `inputs` are what the network is fed with; their largest activations count.
    """
    balanced = onnx.ModelProto()
    balanced.CopyFrom(graph)
    seams = _seams(balanced)
    peaks = _channel_peaks(graph, [seam.tensor for seam in seams], inputs)
    stored = {weight.name: weight for weight in balanced.graph.initializer}
    weights = {name: np.array(numpy_helper.to_array(weight)) for name, weight in stored.items()}
    for seam in seams:
        factors = _factors(peaks[seam.tensor], seam.readers, weights)
        for name in seam.maker.input[1:]:
            weights[name] /= factors.reshape(-1, *[1] * (weights[name].ndim - 1))
        for reader in seam.readers:
            shape = (-1, 1, 1, 1) if _groups(reader) > 1 else (1, -1, 1, 1)
            weights[reader.input[1]] *= factors.reshape(shape)
    for name, weight in stored.items():
        weight.CopyFrom(numpy_helper.from_array(weights[name], name))
    return balanced


def _seams(model: onnx.ModelProto) -> list[_Seam]:
    readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    uses: dict[str, int] = defaultdict(int)
    for node in model.graph.node:
        for name in node.input:
            readers[name].append(node)
            uses[name] += 1
    outputs = {output.name for output in model.graph.output}
    weights = {weight.name for weight in model.graph.initializer}

    def own(node: onnx.NodeProto) -> bool:
        """Whether nobody else uses the node's weights."""
        return all(name in weights and uses[name] == 1 for name in node.input[1:])

    found = []
    for node in model.graph.node:
        if node.op_type != "Conv" or not own(node):
            continue
        tensor = node.output[0]
        while tensor not in outputs and [r.op_type for r in readers[tensor]] in [
            [kind] for kind in COMMUTING
        ]:
            tensor = readers[tensor][0].output[0]
        behind = readers[tensor]
        if tensor not in outputs and behind and all(r.op_type == "Conv" and own(r) for r in behind):
            found.append(_Seam(tensor, node, behind))
    return found


def _channel_peaks(model: onnx.ModelProto, tensors: list[str], inputs: Iterable[Floats]) -> dict[str, Floats]:
    """Largest magnitude of every channel of these tensors."""
    if not tensors:
        return {}
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    watched.graph.output.extend(helper.make_tensor_value_info(t, TensorProto.FLOAT, None) for t in tensors)
    network = run_graph.session(watched)
    name = network.get_inputs()[0].name
    peaks: dict[str, Floats] = {}
    for blob in inputs:
        for tensor, value in zip(tensors, network.run(tensors, {name: blob}), strict=True):
            peak = np.abs(value).max(axis=(0, 2, 3))
            peaks[tensor] = np.maximum(peaks.get(tensor, np.float32(0)), peak)
    return peaks


def _factors(peaks: Floats, readers: list[onnx.NodeProto], weights: dict[str, Floats]) -> Floats:
    """What to divide each channel by, around 1; 1 where it is silent or nobody listens."""
    dense = [np.abs(weights[r.input[1]]).max(axis=(0, 2, 3)) for r in readers if _groups(r) == 1]
    factors = np.ones_like(peaks)
    heard = peaks > SILENT * peaks.max(initial=0)
    if dense:
        strongest = np.max(dense, axis=0)
        heard &= strongest > 0
        factors[heard] = peaks[heard] ** SHARE / strongest[heard] ** (1 - SHARE)
    else:
        factors[heard] = peaks[heard] ** DEPTHWISE_SHARE
    if heard.any():
        factors[heard] /= np.exp(np.log(factors[heard]).mean())
    return np.clip(factors, 1 / LARGEST, LARGEST)


def _groups(node: onnx.NodeProto) -> int:
    return next((int(a.i) for a in node.attribute if a.name == "group"), 1)
