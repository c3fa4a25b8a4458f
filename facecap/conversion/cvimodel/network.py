"""A model's graph in the form that the toolchain takes: one picture, fixed sides, opset 13, plain shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import onnx

from facecap.conversion import run_graph
from facecap.conversion.equality import ConversionError
from facecap.conversion.input_size import fix_shape, fixed_input
from facecap.conversion.network_input import noise
from facecap.conversion.source import Source

OPSET, IR = 13, 8
TOLERANCE = 1e-4  # share of an output's largest value


@dataclass(frozen=True)
class Network:
    """A graph that the toolchain takes, and the manifest that fits it: `input.fit` is `fixed`."""

    graph: onnx.ModelProto
    manifest: dict[str, Any]

    @property
    def sides(self) -> tuple[int, int]:
        """Width and height of the input."""
        return int(self.manifest["input"]["width"]), int(self.manifest["input"]["height"])


def prepare(source: Source, sides: tuple[int, int] | None = None) -> Network:
    """Fix the input and lower the graph.

    Args:
        source: the float model.
        sides: width and height; the manifest's own where None.

    Raises:
        ConversionError: the sides do not fit the model, or a node needs a newer opset.
    """
    entry = fixed_input(source.manifest["input"], sides)
    graph = onnx.ModelProto()
    graph.CopyFrom(source.graph)
    fix_shape(graph, (1, 3, entry["height"], entry["width"]))
    _lower_opset(graph)
    graph = onnx.shape_inference.infer_shapes(graph)
    network = Network(graph, {**source.manifest, "input": entry})
    try:
        onnx.checker.check_model(graph)
        check_same(source.graph, graph, entry)
    except (onnx.checker.ValidationError, RuntimeError) as error:
        raise ConversionError(
            f"the graph does not fit opset {OPSET}, which the toolchain takes: {error}"
        ) from error
    return network


def check_same(
    wanted: onnx.ModelProto,
    found: onnx.ModelProto,
    entry: Mapping[str, Any],
    tolerance: float = TOLERANCE,
) -> None:
    """Run both on noise; `tolerance` is a share of an output's largest value.

    Raises:
        ConversionError: they answer differently.
    """
    pictures = noise(entry, 1)
    difference = run_graph.largest_difference(
        run_graph.outputs(wanted, pictures), run_graph.outputs(found, pictures)
    )
    if not difference <= tolerance:
        raise ConversionError(
            f"prepared for the toolchain the network answers differently, by {difference:.1e} of its range "
            f"(allowed {tolerance:g})"
        )


def _lower_opset(model: onnx.ModelProto) -> None:
    """Take the nodes as they are; that opset 13 means the same by them is proved by running."""
    for entry in model.opset_import:
        if entry.domain in ("", "ai.onnx"):
            entry.version = min(entry.version, OPSET)
    model.ir_version = min(model.ir_version, IR)
