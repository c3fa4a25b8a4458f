"""Public ONNX files of detectors as level graphs: any input size, one output a stride, logits.

What a file is shows in the shapes of its outputs. Its layers are copied node by node up to the heads; these
are fused where they look at the same tensor. `import_onnx` proves the result against the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from facecap.conversion.detector.families import FAMILIES
from facecap.conversion.detector.families.answers import PublicFile
from facecap.conversion.equality import ConversionError
from facecap.conversion.graph import Graph, Kernel, stacked

VALUES = (1, 4, 10)  # numbers a row: a score, a box, five points
SHAPING = {"Sigmoid", "Reshape", "Transpose", "Squeeze", "Identity"}  # between a head and its output
COPIED = {"Relu", "LeakyRelu", "PRelu", "Add", "MaxPool", "AveragePool"}
SAME_PLACE = ("strides", "pads", "dilations", "auto_pad")  # attributes that fused convolutions share


@dataclass(frozen=True)
class Head:
    """One output of the public file: the convolutions before it in order, and the tensor that they read."""

    output: str
    layers: list[tuple[Kernel, dict[str, Any]]]  # each with its attributes
    source: str


@dataclass(frozen=True)
class Level:
    """Outputs of one stride in the order of a family's channels: scores, box, points."""

    stride: int
    heads: list[Head]


class PublicDetector:
    """A public file taken apart: its `family` with its `kind`, `anchors` a cell and `levels`.

    Raises:
        ConversionError: the file is no detector that is known here; the text says what it holds.
    """

    def __init__(self, model: onnx.ModelProto, source: str) -> None:
        self.model = model
        self.source = source
        self._constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        for node in model.graph.node:
            if node.op_type == "Constant" and node.attribute[0].name == "value":
                self._constants[node.output[0]] = numpy_helper.to_array(node.attribute[0].t)
        self._makers: dict[str, onnx.NodeProto] = {
            name: node for node in model.graph.node for name in node.output
        }
        self._readers = Counter(name for node in model.graph.node for name in node.input)
        self._strides: dict[str, int] = {}
        inputs = [entry for entry in model.graph.input if entry.name not in self._constants]
        self.family, self.kind = self._family(inputs)
        self.input = inputs[0].name
        self.size = self._size(inputs[0])

    def _family(self, inputs: Sequence[onnx.ValueInfoProto]) -> tuple[str, PublicFile]:
        widths = Counter(shape(output)[-1] if shape(output) else 0 for output in self.model.graph.output)
        scores, boxes, points = (widths[value] for value in VALUES)
        if len(inputs) == 1 and set(widths) == set(VALUES) and boxes == points:
            for name, family in FAMILIES.items():
                if family.public is not None and scores == family.public.scores * points:
                    return name, family.public
        found = ", ".join(f"{output.name} {shape(output)}" for output in self.model.graph.output)
        known = " or ".join(
            f"{name}, {family.public.scores} of 1, one of 4 and one of 10"
            for name, family in FAMILIES.items()
            if family.public is not None
        )
        raise ConversionError(
            f"{self.source}: {len(inputs)} inputs and the outputs {found} are no detector that is known; "
            f"known by the numbers a row of the outputs of each level: {known}"
        )

    def _size(self, entry: onnx.ValueInfoProto) -> tuple[int, int] | None:
        """Width and height that the file computes, None for any."""
        height, width = shape(entry)[-2:]
        return (width, height) if isinstance(width, int) and isinstance(height, int) else None

    @cached_property
    def levels(self) -> list[Level]:
        """The heads by stride. Of two scores the first output is the class, the second the object."""
        by_stride: dict[int, list[Head]] = {}
        outputs = sorted(self.model.graph.output, key=lambda output: VALUES.index(shape(output)[-1]))
        for output in outputs:
            head = self._head(output)
            stride = self._stride(head.source) * int(np.prod([a["strides"][0] for _, a in head.layers]))
            by_stride.setdefault(stride, []).append(head)
        levels = [Level(stride, by_stride[stride]) for stride in sorted(by_stride)]
        if len({len(level.heads) for level in levels}) != 1:
            found = {level.stride: [head.output for head in level.heads] for level in levels}
            raise ConversionError(f"{self.source}: its outputs by stride are {found}, not equally many")
        return levels

    @cached_property
    def anchors(self) -> int:
        """Answers a cell."""
        return self.levels[0].heads[-1].layers[-1][0].outputs // VALUES[-1]

    def _head(self, output: onnx.ValueInfoProto) -> Head:
        """Walks from an output to its convolutions; a factor on the way goes into the last of them."""
        name, gain, sigmoid = output.name, np.float32(1), False
        node = self._maker(name)
        while node.op_type in SHAPING or self._factor(node) is not None:
            factor = self._factor(node)
            if factor is not None:
                gain *= factor
            sigmoid |= node.op_type == "Sigmoid"
            name = next(each for each in node.input if each not in self._constants)
            node = self._maker(name)
        if sigmoid != (shape(output)[-1] == 1):
            raise ConversionError(
                f"{self.source}: {output.name} is {'' if sigmoid else 'not '}behind a sigmoid"
            )
        layers: list[tuple[Kernel, dict[str, Any]]] = []
        while node.op_type == "Conv" and (not layers or self._readers[name] == 1):
            layers.insert(0, self._convolution(node))
            name = node.input[0]
            if name == self.input:
                break
            node = self._maker(name)
        if not layers:
            raise ConversionError(f"{self.source}: {output.name} is not made by a convolution")
        kernel, attributes = layers[-1]
        layers[-1] = Kernel(kernel.weight * gain, kernel.bias * gain), attributes
        return Head(output.name, layers, name)

    def _factor(self, node: onnx.NodeProto) -> np.float32 | None:
        """The one number that a node multiplies with, None for any other node."""
        if node.op_type != "Mul":
            return None
        given = [self._constants[name] for name in node.input if name in self._constants]
        return np.float32(given[0].item()) if len(given) == 1 and given[0].size == 1 else None

    def _maker(self, name: str) -> onnx.NodeProto:
        if name not in self._makers:
            raise ConversionError(f"{self.source}: no layer makes {name}")
        return self._makers[name]

    def _convolution(self, node: onnx.NodeProto) -> tuple[Kernel, dict[str, Any]]:
        values = [self._constants.get(name) for name in node.input[1:]]
        if not values or any(value is None for value in values):
            raise ConversionError(f"{self.source}: the convolution {node.output[0]} has no constant weights")
        weight = np.asarray(values[0], np.float32)
        bias = np.asarray(values[1] if len(values) > 1 else np.zeros(len(weight)), np.float32)
        return Kernel(weight, bias), {"strides": [1, 1], "group": 1, **attributes_of(node)}

    def _stride(self, name: str) -> int:
        """Pixels of the input a cell of a tensor."""
        if name == self.input:
            return 1
        if name not in self._strides:
            node = self._maker(name)
            if node.op_type == "Resize":
                read = {self._stride(node.input[0]) // 2}
            else:
                read = {self._stride(each) for each in node.input if each not in self._constants}
            if len(read) != 1:
                raise ConversionError(f"{self.source}: {node.op_type} {name} reads tensors of strides {read}")
            self._strides[name] = read.pop() * int(attributes_of(node).get("strides", [1])[0])
        return self._strides[name]

    def rewritten(self) -> onnx.ModelProto:
        """The graph `image` (1, 3, height, width) to `level_<stride>` (1, channels, height / stride, width /
        stride); height and width are multiples of the largest stride.

        No node holds on to the batch of 1: `facecap.conversion.batch.with_batch` frees it.
        """
        graph = Graph(f"{self.family}_levels")
        done = {self.input: "image"}
        for level in self.levels:
            self._fused(graph, level, [self._copied(graph, head.source, done) for head in level.heads])
        values = sum(VALUES) - 1 + self.kind.scores
        shapes: dict[str, Sequence[int | str]] = {
            f"level_{s}": [1, values * self.anchors, f"height_{s}", f"width_{s}"]
            for s in (level.stride for level in self.levels)
        }
        return graph.model({"image": [1, 3, "height", "width"]}, shapes)

    def _fused(self, graph: Graph, level: Level, sources: Sequence[str]) -> None:
        """All heads of a level in one row of convolutions, or side by side where they do not look alike."""
        name = f"level_{level.stride}"
        rows = [head.layers for head in level.heads]
        if len(set(sources)) == 1 and len({len(layers) for layers in rows}) == 1:
            merged = [
                _merged(layers, first=place == 0) for place, layers in enumerate(zip(*rows, strict=True))
            ]
            if all(layer is not None for layer in merged):
                self._row(graph, sources[0], [layer for layer in merged if layer is not None], name)
                return
        answers = [self._row(graph, x, layers) for x, layers in zip(sources, rows, strict=True)]
        graph.node("Concat", answers, name, axis=1)

    def _row(
        self, graph: Graph, x: str, layers: Sequence[tuple[Kernel, dict[str, Any]]], output: str | None = None
    ) -> str:
        for place, (kernel, attributes) in enumerate(layers):
            last = place == len(layers) - 1
            weights = [graph.constant(kernel.weight), graph.constant(kernel.bias)]
            x = graph.node("Conv", [x, *weights], output if last else None, **attributes)
        return x

    def _copied(self, graph: Graph, name: str, done: dict[str, str]) -> str:
        """The tensor `name` of the public file in the new graph, with all that it is made of."""
        if name in done:
            return done[name]
        node = self._maker(name)
        if node.op_type == "Conv":
            x = self._copied(graph, node.input[0], done)
            done[name] = self._row(graph, x, [self._convolution(node)])
        elif node.op_type == "Resize":
            x = self._copied(graph, node.input[0], done)
            how = {key: attributes_of(node).get(key) for key in ("mode", "coordinate_transformation_mode")}
            if how != {"mode": b"nearest", "coordinate_transformation_mode": b"asymmetric"}:
                raise ConversionError(f"{self.source}: {name} is resized in the way {how}, wanted nearest")
            done[name] = graph.node(
                "Resize", [x, "", graph.constant(np.array([1, 1, 2, 2], np.float32))], mode="nearest",
                coordinate_transformation_mode="asymmetric", nearest_mode="floor",
            )  # fmt: skip
        elif node.op_type in COPIED:
            inputs = [
                graph.constant(self._constants[each])
                if each in self._constants
                else self._copied(graph, each, done)
                for each in node.input
            ]
            done[name] = graph.node(node.op_type, inputs, **attributes_of(node))
        else:
            raise ConversionError(
                f"{self.source}: the layer {node.op_type} ({name}) is not known here; known are Conv, "
                f"Resize, {', '.join(sorted(COPIED))}"
            )
        return done[name]


def shape(value: onnx.ValueInfoProto) -> list[int | str]:
    """Sides of an input or output, free ones by their name."""
    return [side.dim_param or int(side.dim_value) for side in value.type.tensor_type.shape.dim]


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes of a node by name."""
    return {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}


def _merged(
    layers: Sequence[tuple[Kernel, Mapping[str, Any]]], *, first: bool
) -> tuple[Kernel, dict[str, Any]] | None:
    """Convolutions side by side: of one tensor where they are the `first` of their rows, else each of its own
    part of what was merged before, which only depthwise ones can stay; None where they differ."""
    kernels = [kernel for kernel, _ in layers]
    attributes = [attributes for _, attributes in layers]
    alike = all(
        kernel.weight.shape[1:] == kernels[0].weight.shape[1:]
        and all(other.get(key) == attributes[0].get(key) for key in SAME_PLACE)
        for kernel, other in zip(kernels, attributes, strict=True)
    )
    groups = [int(entry["group"]) for entry in attributes]
    depthwise = groups == [kernel.outputs for kernel in kernels] and kernels[0].weight.shape[1] == 1
    if not alike or not (set(groups) == {1} if first else depthwise):
        return None
    return stacked(kernels), {**attributes[0], "group": 1 if first else sum(groups)}
