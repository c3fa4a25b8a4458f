"""Networks in float32, float16 and int8, alone in ONNX Runtime, at several batches, in one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx

from facecap.benchmark.interleave import Turns, take_turns
from facecap.benchmark.report import machine, table
from facecap.conversion import run_graph
from facecap.conversion.batch import with_batch
from facecap.conversion.equality import ConversionError
from facecap.conversion.float16 import to_float16
from facecap.conversion.int8.calibration import Calibration, find_ranges
from facecap.conversion.int8.quantize import OPERATORS, Int8, quantize
from facecap.conversion.network_input import noise
from facecap.conversion.source import Source, open_source, precision_of

BATCHES = (1, 4, 8)
PRECISIONS = ("float32", "float16", "int8")
CALIBRATED_WITH = 2  # inputs of noise: time does not depend on how well ranges fit


@dataclass(frozen=True)
class Measured:
    """CPU time of every (model, precision) at one batch; `left_out` says why some are not there."""

    batch: int
    turns: Turns
    left_out: dict[str, str]


def measure(
    models: Sequence[str], size: tuple[int, int], turns: int, progress: Callable[[str], None]
) -> list[Measured]:
    """Run all models in all precisions, one thread, everybody in turn.

    Args:
        models: files, registry names or checkpoints. Of a float32 one the other precisions are made here; one
            that is converted runs as it is.
        size: width and height in pixels for networks of any size.
        turns: how often everybody runs at each batch.
        progress: called with what goes on.
    """
    contenders: dict[str, tuple[Source, onnx.ModelProto]] = {}
    for model in models:
        source = open_source(model, converted=True)
        for precision, graph in _precisions(source).items():
            contenders[f"{model} {precision}"] = (source, graph)
    measured = []
    for batch in BATCHES:
        progress(f"batch {batch}: {turns} turns of {len(contenders)}")
        calls: dict[str, Callable[[], object]] = {}
        left_out = {}
        for name, (source, graph) in contenders.items():
            try:
                calls[name] = _call(source, graph, batch, size)
            except ConversionError as error:
                left_out[name] = str(error)
        measured.append(Measured(batch, take_turns(calls, turns), left_out))
    return measured


def report(results: Sequence[Measured]) -> str:
    """Rows are models and precisions; a cell has pictures a second and, of one picture, ms."""
    names = list(dict.fromkeys(name for one in results for name in (*one.turns.seconds, *one.left_out)))
    rows = []
    for name in names:
        cells = [_cell(one, name) for one in results]
        rows.append((name, *cells, _over_float32(results[0], name)))
    header = ("pictures/s (ms a picture)", *(f"batch {one.batch}" for one in results), "batch 1 / float32")
    reasons = sorted({reason for one in results for reason in one.left_out.values()})
    notes = [f"-: {reason}" for reason in reasons]
    notes.append(
        "one thread, network alone; facecap runs detectors one picture at a time, whatever a file takes; "
        f"{machine()['processor']}"
    )
    return "\n".join([table(header, rows), *notes])


def to_json(results: Sequence[Measured]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "machine": machine(),
        "batches": [
            {
                "batch": one.batch,
                "ms": {name: 1000 * one.turns.median(name) for name in one.turns.seconds},
                "pictures_per_second": {
                    name: one.batch / one.turns.median(name) for name in one.turns.seconds
                },
                "left_out": one.left_out,
            }
            for one in results
        ],
    }


def _precisions(source: Source) -> dict[str, onnx.ModelProto]:
    found = precision_of(source.graph)
    if found != "float32":
        return {found: source.graph}
    batch = run_graph.batch_of(source.graph)
    pictures = np.split(noise(source.manifest["input"], CALIBRATED_WITH * batch), CALIBRATED_WITH)
    ranges = find_ranges(source.graph, OPERATORS, pictures, Calibration("minmax"))
    return {
        "float32": source.graph,
        "float16": to_float16(source.graph),
        "int8": quantize(source.graph, ranges, pictures[0], Int8()),
    }


def _call(source: Source, graph: onnx.ModelProto, batch: int, size: tuple[int, int]) -> Callable[[], object]:
    entry = source.manifest["input"]
    own = graph.graph.input[0].type.tensor_type.shape.dim[0].dim_value
    if own != batch:
        graph = with_batch(graph, batch, entry)
    network = run_graph.session(graph)
    if entry["fit"] == "native":
        unit = entry["multiple"]
        entry = {**entry, "fit": "fixed", "width": size[0] // unit * unit, "height": size[1] // unit * unit}
    feed = {network.get_inputs()[0].name: noise(entry, batch)}
    return lambda: network.run(None, feed)


def _cell(one: Measured, name: str) -> str:
    if name in one.left_out:
        return "-"
    seconds = one.turns.median(name) / one.batch
    return f"{1 / seconds:.1f} ({1000 * seconds:.2f})"


def _over_float32(one: Measured, name: str) -> str:
    base = f"{name.rpartition(' ')[0]} float32"
    known = name in one.turns.seconds and base in one.turns.seconds
    return f"{one.turns.ratio(name, base):.2f}" if known else "-"
