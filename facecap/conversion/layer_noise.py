"""How much of each tensor inside a network a conversion kept: signal-to-noise ratios, worst first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from facecap.conversion import run_graph
from facecap.conversion.float16 import SUFFIX
from facecap.conversion.network_input import Floats

DEQUANTIZED = "_DequantizeLinear_Output"
Sums = NDArray[np.float64]


@dataclass(frozen=True)
class Layer:
    """One tensor: the operator that makes it, signal to noise in dB, and noise over signal."""

    tensor: str
    operator: str
    decibels: float
    error: float


def layer_noise(wanted: onnx.ModelProto, found: onnx.ModelProto, inputs: Iterable[Floats]) -> list[Layer]:
    """Tensors that both graphs have by name, over some inputs, worst first.

    Balanced channels (`equalize`) have other scales on purpose. So every channel of `found` is brought to the
    scale that fits `wanted` best, and noise is what remains.
    """
    makers = {name: node.op_type for node in wanted.graph.node for name in node.output}
    watched = _common(wanted, found, makers)
    sessions = [
        run_graph.session(_showing(graph, list(names)), optimized=False)
        for graph, names in ((wanted, watched), (found, watched.values()))
    ]
    sums: dict[str, Sums] = {}
    for blob in inputs:
        answers = [
            s.run(list(names), {s.get_inputs()[0].name: run_graph.fill_batch(s, blob)})
            for s, names in zip(sessions, (watched, watched.values()), strict=True)
        ]
        for tensor, right, other in zip(watched, *answers, strict=True):
            same = slice(min(len(right), len(other)))  # of batches that differ, the picture was repeated
            sums[tensor] = sums.get(tensor, np.zeros(1)) + _products(right[same], other[same])
    layers = [_layer(tensor, makers[tensor], total) for tensor, total in sums.items()]
    return sorted(layers, key=lambda layer: layer.decibels)


def _common(wanted: onnx.ModelProto, found: onnx.ModelProto, makers: dict[str, str]) -> dict[str, str]:
    """Name in `wanted` and in `found`, after its rounding where it is rounded."""
    readers = {name for node in wanted.graph.node if node.op_type == "Relu" for name in node.input}
    theirs = {name for node in found.graph.node for name in node.output}
    watched = {}
    for tensor in makers:
        for name in (tensor + DEQUANTIZED, tensor + SUFFIX, tensor):
            if name in theirs and tensor not in readers:
                watched[tensor] = name
                break
    return watched


def _showing(model: onnx.ModelProto, tensors: list[str]) -> onnx.ModelProto:
    shown = onnx.ModelProto()
    shown.CopyFrom(onnx.shape_inference.infer_shapes(model))
    types = {v.name: v.type.tensor_type.elem_type for v in (*shown.graph.value_info, *shown.graph.output)}
    del shown.graph.output[:]
    shown.graph.output.extend(
        helper.make_tensor_value_info(name, types.get(name) or TensorProto.FLOAT, None) for name in tensors
    )
    return shown


def _products(right: Floats, other: Floats) -> Sums:
    """Sums of a a, a b and b b, by channel (3, C)."""
    axes = (0, *range(2, right.ndim))
    a, b = right.astype(np.float64), other.astype(np.float64)
    return np.stack([(x * y).sum(axis=axes) for x, y in ((a, a), (a, b), (b, b))])


def _layer(tensor: str, operator: str, sums: Sums) -> Layer:
    own, shared, theirs = sums
    kept = np.divide(shared**2, theirs, out=np.zeros_like(own), where=theirs > 0)
    share = float(np.maximum(own - kept, 0).sum() / max(own.sum(), 1e-30))
    return Layer(tensor, operator, -10 * float(np.log10(max(share, 1e-20))), float(np.sqrt(share)))
