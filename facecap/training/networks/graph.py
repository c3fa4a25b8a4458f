"""A network that is an ONNX graph: what published detectors are trained from and written back to."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from facecap.training.run import TrainingError

Values = dict[str, Tensor]
LEARNT = ("Conv",)
FINEST = 8  # stride of the finest level of the detectors


class GraphNetwork(nn.Module):
    """Runs an ONNX graph of convolutions, ReLU, pooling, nearest upsampling, addition and concatenation.

    Input: (B, 3, H, W) in the unit of the graph; output: the graph's, in its order. The weights of
    convolutions learn; their names are those of the graph's initializers, with `.` as `/`.
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        """
        Raises:
            TrainingError: the graph has a node of another kind; it is named.
        """
        super().__init__()
        self._model = copy.deepcopy(model)
        graph = model.graph
        constants = {each.name: numpy_helper.to_array(each) for each in graph.initializer}
        self._input = next(each.name for each in graph.input if each.name not in constants)
        self._outputs = [each.name for each in graph.output]
        learnt = {name for node in graph.node if node.op_type in LEARNT for name in node.input[1:] if name}
        self.weights = nn.ParameterDict(
            {_key(name): nn.Parameter(torch.from_numpy(constants[name].copy())) for name in sorted(learnt)}
        )
        self._steps = [_step(node, constants) for node in graph.node]
        self._fine = _finer(graph.node, self._input, FINEST)

    def forward(self, image: Tensor) -> list[Tensor]:
        return self.coarser(self.fine(image))

    def fine(self, image: Tensor) -> Values:
        """What the layers up to the finest level make of the pictures, for `coarser`."""
        values: Values = {self._input: image}
        for step in self._steps[: self._fine]:
            step(values, self.weights)
        return values

    def coarser(self, fine: Values) -> list[Tensor]:
        """The outputs, by the layers from the finest level on."""
        values = dict(fine)
        for step in self._steps[self._fine :]:
            step(values, self.weights)
        return [values[name] for name in self._outputs]

    def freeze_fine(self) -> None:
        """Let the layers of `fine`, most of the work and few of the weights, stay as they are."""
        for node in self._model.graph.node[: self._fine]:
            for name in node.input[1:] if node.op_type in LEARNT else ():
                self.weights[_key(name)].requires_grad_(False)

    def model(self, weights: Mapping[str, Tensor] | None = None) -> onnx.ModelProto:
        """The graph with the present weights, or with those of a `state_dict`."""
        state = self.state_dict() if weights is None else weights
        model = copy.deepcopy(self._model)
        for each in model.graph.initializer:
            value = state.get(f"weights.{_key(each.name)}")
            if value is not None:
                array = np.ascontiguousarray(value.detach().cpu().numpy(), np.float32)
                each.CopyFrom(numpy_helper.from_array(array, each.name))
        return model


def _finer(nodes: Sequence[onnx.NodeProto], source: str, stride: int) -> int:
    """How many nodes lead to the first tensor of this stride; a pooling that makes it is among them."""
    strides = {source: 1}
    for place, node in enumerate(nodes):
        attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        step = attributes.get("strides", [1])[0]
        strides[node.output[0]] = strides.get(node.input[0], 1) * step
        if strides[node.output[0]] >= stride:
            return place + (node.op_type not in LEARNT)
    return 0


Step = Callable[[Values, nn.ParameterDict], None]


def _key(name: str) -> str:
    return name.replace(".", "/")  # a parameter's name has no dot


def _step(node: onnx.NodeProto, constants: Mapping[str, np.ndarray[Any, Any]]) -> Step:
    """What one node does to the values by name."""
    attributes = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
    out = node.output[0]
    if node.op_type == "Conv":
        return _convolution(node, attributes)
    compute = _compute(node.op_type, attributes, [constants.get(name) for name in node.input])
    inputs = [name for name in node.input if name and name not in constants]

    def step(values: Values, _: nn.ParameterDict) -> None:
        values[out] = compute(*(values[name] for name in inputs))

    return step


def _convolution(node: onnx.NodeProto, attributes: Mapping[str, Any]) -> Step:
    source, weight = node.input[0], _key(node.input[1])
    bias = _key(node.input[2]) if len(node.input) > 2 else None
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    if (top, left) != (bottom, right):
        raise TrainingError(f"the convolution {node.name or node.output[0]} pads its sides unequally")
    stride = attributes.get("strides", [1, 1])
    dilation, groups = attributes.get("dilations", [1, 1]), attributes.get("group", 1)

    def step(values: Values, weights: nn.ParameterDict) -> None:
        values[node.output[0]] = functional.conv2d(
            values[source],
            weights[weight],
            None if bias is None else weights[bias],
            stride,
            (top, left),
            dilation,
            groups,
        )

    return step


def _compute(
    kind: str, attributes: Mapping[str, Any], constants: Sequence[np.ndarray[Any, Any] | None]
) -> Callable[..., Tensor]:
    if kind == "Relu":
        return functional.relu
    if kind == "Add":
        return torch.add
    if kind == "Concat":
        return lambda *parts: torch.cat(parts, attributes["axis"])
    if kind in ("MaxPool", "AveragePool"):
        pool = functional.max_pool2d if kind == "MaxPool" else functional.avg_pool2d
        size, stride = attributes["kernel_shape"], attributes.get("strides", [1, 1])
        pads, upward = attributes.get("pads", [0, 0, 0, 0]), bool(attributes.get("ceil_mode", 0))
        return lambda x: pool(x, size, stride, pads[:2], ceil_mode=upward)
    if kind == "Resize":
        scales = [c for c in constants[1:] if c is not None and c.size == 4 and c.dtype == np.float32]
        if attributes.get("mode", b"nearest") != b"nearest" or not scales:
            raise TrainingError("an upsampling of the graph is not by a fixed factor to the nearest pixel")
        factor = [float(value) for value in scales[0][2:]]
        return lambda x: functional.interpolate(x, scale_factor=factor, mode="nearest")
    raise TrainingError(f"the graph has a node {kind}, which training does not know")
