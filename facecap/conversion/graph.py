"""A small writer of ONNX graphs: weights in, nodes out, batch norm folded into the convolution before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Floats = npt.NDArray[np.float32]
OPSET = 17
BATCH_NORM_EPSILON = 1e-5


@dataclass(frozen=True)
class Kernel:
    """Weights (outputs, inputs / groups, k, k) and bias (outputs,) of a convolution; (outputs, inputs) of a
    linear layer."""

    weight: Floats
    bias: Floats

    @property
    def outputs(self) -> int:
        return int(self.weight.shape[0])


def folded(weights: Mapping[str, Floats], layer: str, norm: str) -> Kernel:
    """A convolution or linear layer with the batch norm after it folded in: w g / s and (b - m) g / s + h
    with s = sqrt(var + eps)."""
    deviation = np.sqrt(weights[f"{norm}.running_var"].astype(np.float64) + BATCH_NORM_EPSILON)
    gain = weights[f"{norm}.weight"] / deviation
    mean = weights[f"{norm}.running_mean"] - weights.get(f"{layer}.bias", np.float32(0))
    bias = weights[f"{norm}.bias"] - mean * gain
    weight = weights[f"{layer}.weight"]
    scaled = weight * gain.reshape(-1, *[1] * (weight.ndim - 1))
    return Kernel(scaled.astype(np.float32), bias.astype(np.float32))


def plain(weights: Mapping[str, Floats], layer: str) -> Kernel:
    """A convolution or linear layer as it is; no bias is a bias of zero."""
    weight = weights[f"{layer}.weight"]
    return Kernel(weight, weights.get(f"{layer}.bias", np.zeros(len(weight), np.float32)))


def stacked(kernels: Sequence[Kernel]) -> Kernel:
    """Convolutions of one input side by side: the outputs of the first come first."""
    return Kernel(np.concatenate([k.weight for k in kernels]), np.concatenate([k.bias for k in kernels]))


def padded(kernel: Kernel, *, outputs: int = 0, inputs: int = 0) -> Kernel:
    """The convolution with zero filters, or zero input planes, behind its own, up to the given numbers."""
    have_outputs, have_inputs = kernel.weight.shape[:2]
    more = max(outputs - have_outputs, 0)
    pad = [(0, more), (0, max(inputs - have_inputs, 0)), (0, 0), (0, 0)]
    return Kernel(np.pad(kernel.weight, pad), np.pad(kernel.bias, (0, more)))


class Graph:
    """Collects nodes and initializers; every method answers the name of the tensor that it makes."""

    def __init__(self, name: str, opset: int = OPSET) -> None:
        self._name = name
        self._opset = opset
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: dict[str, onnx.TensorProto] = {}

    def constant(self, value: npt.NDArray[Any]) -> str:
        name = f"const_{len(self._initializers)}"
        self._initializers[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str | None = None, **attributes: Any) -> str:
        output = output or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], output, **attributes))
        return output

    def conv(
        self, x: str, kernel: Kernel, *, stride: int = 1, groups: int = 1, slope: float | None = None,
        padding: int | None = None, dilation: int = 1, output: str | None = None,
    ) -> str:  # fmt: skip
        """A convolution, padded by half its kernel where no padding is given, and, with a slope, its
        activation: 0 is ReLU, anything else leaky ReLU."""
        size = kernel.weight.shape[-1]
        y = self.node(
            "Conv", [x, self.constant(kernel.weight), self.constant(kernel.bias)],
            output if slope is None else None,
            kernel_shape=list(kernel.weight.shape[2:]), pads=[size // 2 if padding is None else padding] * 4,
            strides=[stride] * 2, group=groups, **({"dilations": [dilation] * 2} if dilation > 1 else {}),
        )  # fmt: skip
        if slope is None:
            return y
        if slope == 0:
            return self.node("Relu", [y], output)
        return self.node("LeakyRelu", [y], output, alpha=slope)

    def rename(self, name: str, to: str) -> None:
        """Give the tensor that a node makes, and nothing reads, another name."""
        for node in self._nodes:
            if node.output[0] == name:
                node.output[0] = to

    def model(
        self, inputs: Mapping[str, Sequence[int | str]], outputs: Mapping[str, Sequence[int | str]]
    ) -> onnx.ModelProto:
        def infos(shapes: Mapping[str, Sequence[int | str]]) -> list[onnx.ValueInfoProto]:
            return [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]

        graph = helper.make_graph(
            self._nodes, self._name, infos(inputs), infos(outputs), list(self._initializers.values())
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", self._opset)], producer_name="facecap"
        )
        model.ir_version = 8
        onnx.checker.check_model(model)
        return model
