"""Any network but detectors as an ONNX graph: traced, batch norm folded, weights inside, and compared.

The operators are those of opset 13, the oldest that has them all; hard swish is x times a hard sigmoid.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import onnx
import torch
from torch import fx, nn
from torch.nn import functional

from facecap.conversion.equality import ConversionError, OutputDifference, check_same_outputs
from facecap.conversion.graph import Graph, folded, plain
from facecap.training.networks.counting import NORMS, WEIGHTED

OPSET = 13
INPUT = "input"
LOGITS = "logits"
EMBEDDING = "embedding"

Operation = Callable[..., str]


def to_onnx(
    network: nn.Module,
    sides: tuple[int, int],
    batch: int | None = None,
    *,
    outputs: Sequence[str] = (LOGITS,),
) -> bytes:
    """An ONNX file of a network, `input` (B, 3, height, width) -> `outputs` (B, N), compared with it.

    Args:
        network: takes (B, 3, height, width) and answers (B, N), or a tuple of such; its mode is left
            as it is.
        sides: width and height of the input.
        batch: B; None for any.
        outputs: names of the answers.

    Raises:
        ConversionError: the network has a layer that is unknown here, or the file answers differently.
    """
    return to_compared_onnx(network, sides, batch, outputs=outputs)[0]


def to_compared_onnx(
    network: nn.Module,
    sides: tuple[int, int],
    batch: int | None = None,
    *,
    outputs: Sequence[str] = (LOGITS,),
) -> tuple[bytes, OutputDifference]:
    """What `to_onnx` makes, and how far its answers are from the network's."""
    training = network.training
    network.eval()
    try:
        data: bytes = build(network, sides, batch, outputs).SerializeToString()
        return data, check_same_outputs(network, data, sides, batch)
    finally:
        network.train(training)


def build(
    network: nn.Module, sides: tuple[int, int], batch: int | None, outputs: Sequence[str]
) -> onnx.ModelProto:
    """The graph alone, of a network in evaluation mode."""
    width, height = sides
    with torch.no_grad():
        answers = network(torch.zeros(1, 3, height, width))
    writer = Writer(network)
    tensors = writer.run(INPUT)
    if isinstance(answers, torch.Tensor):
        answers, tensors = (answers,), (tensors,)
    size = "batch" if batch is None else batch
    shapes: dict[str, tuple[int | str, int]] = {}
    for output, answer, tensor in zip(outputs, answers, tensors, strict=True):
        writer.onnx.rename(tensor, output)
        shapes[output] = (size, answer.shape[1])
    return writer.onnx.model({INPUT: (size, 3, height, width)}, shapes)


def layers_and_norms(network: nn.Module) -> list[tuple[str, str | None]]:
    """Names of the layers with weights, in the order in which they compute and stand in an ONNX file, each
    with the batch norm that is folded into it."""
    writer = Writer(network)
    return [
        (node.target, writer.norms.get(node.target))
        for node in writer.graph.nodes
        if node.op == "call_module" and isinstance(network.get_submodule(node.target), WEIGHTED)
    ]


def _unary(kind: str, **attributes: float) -> Operation:
    return lambda graph, x, *_, **__: graph.node(kind, [x], **attributes)


def _binary(kind: str) -> Operation:
    return lambda graph, x, y: graph.node(kind, [x, y])


def _same(_graph: Graph, x: str) -> str:
    return x


def _relu6(graph: Graph, x: str) -> str:
    bounds = [graph.constant(np.array(bound, np.float32)) for bound in (0, 6)]
    return graph.node("Clip", [x, *bounds])


def _narrow(graph: Graph, x: str, dim: int, start: int, length: int) -> str:
    return graph.node(
        "Slice", [x, *(graph.constant(np.array([value], np.int64)) for value in (start, start + length, dim))]
    )


def _hard_swish(graph: Graph, x: str) -> str:
    return graph.node("Mul", [x, HARD_SIGMOID(graph, x)])


RELU = _unary("Relu")
HARD_SIGMOID = _unary("HardSigmoid", alpha=1 / 6, beta=0.5)
POOL = _unary("GlobalAveragePool")
FLATTEN = _unary("Flatten", axis=1)
# What writes an operation of a trace, by the type of a module, by a function or by the name of a method.
# Arguments that are not tensors are the ones that the networks give; the comparison finds any others.
OPERATIONS: Mapping[Any, Operation] = {
    nn.Dropout: _same,
    nn.Identity: _same,
    nn.ReLU: RELU,
    torch.relu: RELU,
    nn.ReLU6: _relu6,
    nn.Hardswish: _hard_swish,
    nn.Hardsigmoid: HARD_SIGMOID,
    functional.hardsigmoid: HARD_SIGMOID,
    nn.AdaptiveAvgPool2d: POOL,
    "mean": POOL,
    nn.Flatten: FLATTEN,
    "flatten": FLATTEN,
    torch.narrow: _narrow,
    torch.cat: lambda graph, parts, dim: graph.node("Concat", parts, axis=dim),
    operator.add: _binary("Add"),
    operator.mul: _binary("Mul"),
}


class Writer(fx.Interpreter):
    """Runs the trace of a network on names of tensors, and writes a node where an operation would run."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__(fx.symbolic_trace(network))
        self.extra_traceback = False
        self.onnx = Graph(type(network).__name__.lower(), OPSET)
        self._weights = {name: value.detach().numpy() for name, value in network.state_dict().items()}
        self.norms = self._norms_behind_layers()

    def _norms_behind_layers(self) -> dict[str, str]:
        """Layers whose answer goes to a batch norm alone, and that norm, which is folded into them."""
        found = {}
        for node in self.graph.nodes:
            if node.op == "call_module" and isinstance(self.fetch_attr(node.target), NORMS):
                layer = node.args[0]
                if layer.op == "call_module" and len(layer.users) == 1:
                    found[layer.target] = node.target
        return found

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:
        module = self.fetch_attr(target)
        if isinstance(module, WEIGHTED):
            return self._layer(target, module, *args)
        if isinstance(module, NORMS) and target in self.norms.values():
            return args[0]
        if isinstance(module, nn.LeakyReLU):
            return self.onnx.node("LeakyRelu", [*args], alpha=module.negative_slope)
        if isinstance(module, nn.PReLU):
            slopes = self._weights[f"{target}.weight"].reshape(-1, 1, 1)  # one a channel
            return self.onnx.node("PRelu", [*args, self.onnx.constant(slopes)])
        return self._operation(type(module), args, kwargs)

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        return self._operation(target, args, kwargs)

    def call_method(self, target: Any, args: Any, kwargs: Any) -> Any:
        return self._operation(target, args, kwargs)

    def _layer(self, name: str, module: nn.Conv2d | nn.Linear, x: str) -> str:
        norm = self.norms.get(name)
        kernel = plain(self._weights, name) if norm is None else folded(self._weights, name, norm)
        if isinstance(module, nn.Conv2d):
            return self.onnx.conv(
                x,
                kernel,
                stride=module.stride[0],
                groups=module.groups,
                padding=int(module.padding[0]),
                dilation=module.dilation[0],
            )
        return self.onnx.node("Gemm", [x, *map(self.onnx.constant, (kernel.weight, kernel.bias))], transB=1)

    def _operation(self, kind: Any, args: Any, kwargs: Any) -> str:
        if kind not in OPERATIONS:
            raise ConversionError(f"no ONNX node for {getattr(kind, '__name__', kind)} in this network")
        return OPERATIONS[kind](self.onnx, *args, **kwargs)
