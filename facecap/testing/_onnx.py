"""Writes small ONNX files with no other package: the messages of onnx.proto that the scripted models need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

FLOAT, INT64 = 1, 7
"""`TensorProto.DataType`."""
_IR_VERSION, _OPSET = 8, 13  # read by every onnxruntime that the package admits
_INT, _INTS = 2, 7  # AttributeProto.AttributeType

Shape = Sequence[int | str]
"""Lengths; a name stands for any length."""


def node(
    operator: str, inputs: Sequence[str], output: str, name: str = "", **attributes: int | Sequence[int]
) -> bytes:
    """A `NodeProto` with one output. The runtime says its name where it fails. Attributes are whole numbers
    or lists of them."""
    message = b"".join(_text(1, each) for each in inputs) + _text(2, output)
    message += _text(3, name) + _text(4, operator)
    for key, value in attributes.items():
        message += _bytes(5, _attribute(key, value))
    return message


def weights(name: str, values: ArrayLike) -> bytes:
    """A `TensorProto` of float32."""
    array = np.asarray(values, "<f4")
    lengths = b"".join(_number(1, length) for length in array.shape)
    return lengths + _number(2, FLOAT) + _text(8, name) + _bytes(9, array.tobytes())


def model(
    nodes: Sequence[bytes],
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, Shape],
    initializers: Sequence[bytes],
) -> bytes:
    """A `ModelProto` as a file has it; inputs and outputs are float32."""
    graph = b"".join(_bytes(1, each) for each in nodes) + _text(2, "scripted")
    graph += b"".join(_bytes(5, each) for each in initializers)
    for field, values in ((11, inputs), (12, outputs)):
        graph += b"".join(_bytes(field, _value_info(name, shape)) for name, shape in values.items())
    return _number(1, _IR_VERSION) + _bytes(7, graph) + _bytes(8, _number(2, _OPSET))


def _value_info(name: str, shape: Shape) -> bytes:
    sides = [_number(1, side) if isinstance(side, int) else _text(2, side) for side in shape]
    tensor = _number(1, FLOAT) + _bytes(2, b"".join(_bytes(1, side) for side in sides))
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _number(3, value) + _number(20, _INT)
    return _text(1, name) + b"".join(_number(8, each) for each in value) + _number(20, _INTS)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; a negative number as 64 bits."""
    value &= 2**64 - 1
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
