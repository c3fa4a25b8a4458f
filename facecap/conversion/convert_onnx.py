"""`facecap convert onnx`: any model as ONNX with a manifest, in the asked batch, form and precision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import onnx

from facecap.conversion import run_graph
from facecap.conversion.batch import TOLERANCE, with_batch
from facecap.conversion.detector.import_checkpoint import Form
from facecap.conversion.equality import ConversionError
from facecap.conversion.float16 import to_float16
from facecap.conversion.input_size import fix_shape, fixed_input
from facecap.conversion.manifest import write_model
from facecap.conversion.network_input import noise
from facecap.conversion.source import Source, check_apart, open_source

Precision = Literal["float32", "float16"]
Batch = int | Literal["free"] | None
FLOAT16_TOLERANCE = 0.02  # share of an output's largest value, on noise; docs/conversion.md has what is found


def convert(
    model: str | Path,
    out: Path,
    *,
    batch: Batch = None,
    form: Form | None = None,
    precision: Precision = "float32",
    sides: tuple[int, int] | None = None,
) -> float | None:
    """Write `out` (`.onnx`) and its manifest; returns by how much its answers differ from the model's.

    Args:
        model: a file, a registry name or a checkpoint.
        out: the file to write.
        batch: pictures at once, "free" for any number; None keeps the model's own.
        form: of a detector's outputs, `levels` or `concatenated`; checkpoints only.
        precision: of weights and computation; inputs and outputs are float32 in any case.
        sides: width and height in pixels that the input is fixed to; None leaves it as it is.

    Returns:
        The largest difference on noise, as a share of an output's largest value; None where nothing of the
        graph was changed, a checkpoint's being compared with its network when it is made.

    Raises:
        ConversionError: the model cannot be converted so, `out` is its own file, or the result would answer
            differently.
    """
    check_apart(model, out)
    source = open_source(model, form)
    entry = source.manifest["input"] if sides is None else fixed_input(source.manifest["input"], sides)
    graph = _batched(source, batch)
    if sides is not None:
        graph = _of_size(graph, entry)
    if precision == "float16":
        graph = to_float16(graph)
    difference = None if graph is source.graph else _check(source, graph, entry, precision)
    manifest = {**source.derived(precision=precision, batch=batch or "as it was"), "input": entry}
    out.parent.mkdir(parents=True, exist_ok=True)
    write_model(out, graph.SerializeToString(), manifest)
    return difference


def _batched(source: Source, batch: Batch) -> onnx.ModelProto:
    if batch is None:
        return source.graph
    if source.task == "face_detection" and batch not in (1, "free"):
        raise ConversionError(
            f"batch {batch}: a detector answers one picture at a time: wanted 1, or free for other programs"
        )
    return with_batch(source.graph, None if batch == "free" else batch, source.manifest["input"])


def _of_size(graph: onnx.ModelProto, entry: Mapping[str, Any]) -> onnx.ModelProto:
    fixed = onnx.ModelProto()
    fixed.CopyFrom(graph)
    fix_shape(fixed, (None, 3, entry["height"], entry["width"]))
    return onnx.shape_inference.infer_shapes(fixed)


def _check(source: Source, graph: onnx.ModelProto, entry: Mapping[str, Any], precision: Precision) -> float:
    pictures = noise(entry, 2)
    difference = run_graph.largest_difference(
        run_graph.outputs(source.graph, pictures), run_graph.outputs(graph, pictures)
    )
    allowed = FLOAT16_TOLERANCE if precision == "float16" else TOLERANCE
    if not difference <= allowed:
        raise ConversionError(
            f"the converted model differs by {difference:.1e} of its range (allowed {allowed:g})"
        )
    return difference
