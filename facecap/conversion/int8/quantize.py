"""Int8 by QuantizeLinear and DequantizeLinear nodes around what stays a float graph to look at.

Weights are symmetric, per channel or per tensor; activations are uint8 with a zero point of their own, or
symmetric int8. The nodes that give the outputs stay float: one scale for scores, boxes and landmarks together
would cost more than they take.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from facecap.conversion.int8.calibration import OneInput, Ranges, silent
from facecap.conversion.network_input import Floats

OPERATORS = (
    *("Conv", "Gemm", "MatMul", "Add", "Mul", "Concat"),
    *("Relu", "Clip", "Resize", "MaxPool", "GlobalAveragePool"),
)
"""Types of nodes that are computed in int8; others get floats."""


@dataclass(frozen=True)
class Int8:
    """What is quantised how; `equalized`: after the channels were balanced (`equalize`)."""

    equalized: bool = True
    per_channel: bool = True
    symmetric: bool = False
    float_outputs: bool = True


def quantize(graph: onnx.ModelProto, ranges: Ranges, example: Floats, way: Int8) -> onnx.ModelProto:
    """The graph in int8.

    Args:
        graph: the float model.
        ranges: low and high of every activation, as `calibration.find_ranges` gives them.
        example: any input of the network.
        way: what is quantised how.
    """
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static

    named = _named(graph)
    overrides = {
        tensor: [{"rmin": np.array(low, np.float32), "rmax": np.array(high, np.float32)}]
        for tensor, (low, high) in ranges.items()
    }
    excluded = _output_nodes(named) if way.float_outputs else []
    options: dict[str, Any] = {
        "ActivationSymmetric": way.symmetric,
        "WeightSymmetric": True,
        "TensorQuantOverrides": overrides,
    }
    with tempfile.TemporaryDirectory() as folder, silent():
        inside, outside = Path(folder) / "float.onnx", Path(folder) / "int8.onnx"
        onnx.save(named, str(inside))
        quantize_static(
            str(inside),
            str(outside),
            OneInput({graph.graph.input[0].name: example}),  # its ranges are overridden, every one
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(OPERATORS),
            per_channel=way.per_channel,
            activation_type=QuantType.QInt8 if way.symmetric else QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=excluded,
            extra_options=options,
        )
        return onnx.load(str(outside))


def _named(graph: onnx.ModelProto) -> onnx.ModelProto:
    """A copy whose nodes all have names, by which the quantiser tells them apart."""
    named = onnx.ModelProto()
    named.CopyFrom(graph)
    for place, node in enumerate(named.graph.node):
        node.name = node.name or f"{node.op_type.lower()}_{place}"
    return named


def _output_nodes(graph: onnx.ModelProto) -> list[str]:
    """The last nodes with weights on the way to each output."""
    makers = {name: node for node in graph.graph.node for name in node.output}
    found, waiting = set(), [output.name for output in graph.graph.output]
    while waiting:
        node = makers.get(waiting.pop())
        if node is None:
            continue
        found.add(node.name)
        if node.op_type not in ("Conv", "Gemm", "MatMul"):
            waiting.extend(node.input)
    return sorted(found)
