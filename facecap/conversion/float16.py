"""Float16 weights and computation behind float32 inputs and outputs.

ONNX Runtime computes in float16 where its provider can. Its CPU provider on x86 has no such convolution: it
casts every one back to float32, so that the file is half as large there, and not faster.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from facecap.conversion.equality import ConversionError

STAYS_FLOAT32 = {("Resize", 1), ("Resize", 2), ("Upsample", 1)}  # operator and place of an input
LARGEST = float(np.finfo(np.float16).max)
SUFFIX = "_float16"


def to_float16(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph with casts at its inputs and outputs and everything between in float16.

    Raises:
        ConversionError: a weight is too large for float16.
    """
    converted = onnx.ModelProto()
    converted.CopyFrom(model)
    graph = converted.graph
    del graph.value_info[:]
    weights = {w.name: w for w in graph.initializer if w.data_type == TensorProto.FLOAT}
    entries = [v.name for v in graph.input if v.name not in weights and _is_float(v)]
    exits = [v.name for v in graph.output if _is_float(v)]
    half: dict[str, TensorProto] = {}
    for node in graph.node:
        for place, name in enumerate(node.input):
            if name in weights and (node.op_type, place) not in STAYS_FLOAT32:
                half.setdefault(name, _half(weights[name]))
                node.input[place] = name + SUFFIX
            elif name in entries or name in exits:
                node.input[place] = name + SUFFIX
        for place, name in enumerate(node.output):
            if name in exits:
                node.output[place] = name + SUFFIX
        _retype(node)
    used = {name for node in graph.node for name in node.input}
    kept = [w for w in graph.initializer if w.name in used]
    del graph.initializer[:]
    graph.initializer.extend([*kept, *half.values()])
    nodes = [*_casts(entries, TensorProto.FLOAT16), *graph.node, *_casts(exits, TensorProto.FLOAT)]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(converted)
    return converted


def _casts(names: list[str], to: int) -> Iterator[onnx.NodeProto]:
    for name in names:
        inner = name + SUFFIX
        ends = ([name], [inner]) if to == TensorProto.FLOAT16 else ([inner], [name])
        yield helper.make_node("Cast", *ends, name=f"cast_{name}", to=to)


def _half(weight: TensorProto) -> TensorProto:
    values = numpy_helper.to_array(weight)
    largest = float(np.abs(values).max(initial=0))
    if largest > LARGEST:
        raise ConversionError(f"the weights {weight.name} reach {largest:g}, float16 ends at {LARGEST:g}")
    return numpy_helper.from_array(values.astype(np.float16), weight.name + SUFFIX)


def _retype(node: onnx.NodeProto) -> None:
    """Constants inside a node, and casts to float32."""
    for attribute in node.attribute:
        if attribute.HasField("t") and attribute.t.data_type == TensorProto.FLOAT:
            attribute.t.CopyFrom(_half(attribute.t))
        if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT:
            attribute.i = TensorProto.FLOAT16


def _is_float(value: onnx.ValueInfoProto) -> bool:
    return bool(value.type.tensor_type.elem_type == TensorProto.FLOAT)
