"""Small ONNX files in the form in which YuNet and SCRFD are published: random weights, strides 8 and 16."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import tiny_models as tiny
from onnx import helper

FEATURES = 8  # channels
STRIDES = (8, 16)


class _Writer:
    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def constant(self, values: object, dtype: str = "float32") -> str:
        name = f"c{len(self.weights)}"
        self.weights.append(tiny.constant(name, values, dtype))
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str | None = None, **attributes: object) -> str:
        output = output or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def conv(self, x: str, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1) -> str:
        spread = (2 / (inputs // groups * size * size)) ** 0.5
        weight = self.random.normal(0, spread, (outputs, inputs // groups, size, size))
        bias = self.random.normal(0, 0.1, outputs)
        return self.node(
            "Conv", [x, self.constant(weight), self.constant(bias)], kernel_shape=[size, size],
            pads=[size // 2] * 4, strides=[stride] * 2, group=groups,
        )  # fmt: skip

    def features(self, scale: float) -> list[str]:
        """The two levels of a pyramid, the finer one with the coarser added. `scale` brings pixels down."""
        x = self.node("Relu", [self.conv("image", 3, FEATURES, 3, stride=2)])
        self.weights[0].CopyFrom(tiny.constant("c0", onnx.numpy_helper.to_array(self.weights[0]) * scale))
        for _ in range(2):
            x = self.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])
            x = self.node("Relu", [self.conv(x, FEATURES, FEATURES, 3)])
        coarse = self.node("Relu", [self.conv(x, FEATURES, FEATURES, 3, stride=2)])
        larger = self.node(
            "Resize",
            [coarse, "", self.constant([1, 1, 2, 2])],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        return [self.node("Relu", [self.node("Add", [x, larger])]), coarse]

    def rows(self, x: str, values: int, output: str, sigmoid: bool, batched: bool = True) -> None:
        x = self.node("Transpose", [x], perm=[0, 2, 3, 1])
        shape = self.constant([1, -1, values] if batched else [-1, values], "int64")
        x = self.node("Reshape", [x, shape], None if sigmoid else output)
        if sigmoid:
            self.node("Sigmoid", [x], output)

    def model(self, side: int | None, outputs: Sequence[onnx.ValueInfoProto]) -> onnx.ModelProto:
        sides = ["height", "width"] if side is None else [side, side]
        made = tiny.model(self.nodes, [tiny.info("image", [1, 3, *sides])], outputs, self.weights)
        onnx.checker.check_model(made)
        return made


def yunet(side: int | None = None) -> onnx.ModelProto:
    """Four heads a level, each a 1x1 and a depthwise convolution; any input size where `side` is None."""
    writer = _Writer(1)
    outputs = []
    levels = writer.features(0.01)
    for name, values in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
        for stride, x in zip(STRIDES, levels, strict=True):
            head = writer.conv(x, FEATURES, values, 1)
            head = writer.conv(head, values, values, 3, groups=values)
            writer.rows(head, values, f"{name}_{stride}", sigmoid=values == 1)
            outputs.append(tiny.info(f"{name}_{stride}", [1, "rows", values]))
    return writer.model(side, outputs)


def scrfd(
    side: int | None = 64, *, anchors: int = 2, apart: bool = False, batched: bool = True
) -> onnx.ModelProto:
    """Three heads a level, the box's with a scale; `apart`, the points have a layer of their own before."""
    writer = _Writer(2)
    outputs = []
    levels = writer.features(1.0)
    beside = [writer.node("Relu", [writer.conv(x, FEATURES, FEATURES, 3)]) for x in levels]
    for place, values in enumerate((1, 4, 10)):
        for number, x in enumerate(levels):
            source = beside[number] if apart and values == 10 else x
            head = writer.conv(source, FEATURES, anchors * values, 3)
            if values == 4:
                head = writer.node("Mul", [head, writer.constant(0.8 + 0.1 * number)])
            name = f"out{2 * place + number}"
            writer.rows(head, values, name, sigmoid=values == 1, batched=batched)
            outputs.append(tiny.info(name, ([1] if batched else []) + ["rows", values]))
    return writer.model(side, outputs)
