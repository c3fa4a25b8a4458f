"""`facecap convert int8`: calibrate, quantise, and say how near the result is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnx

from facecap.conversion import run_graph
from facecap.conversion.equality import ConversionError
from facecap.conversion.int8.calibration import Calibration, find_ranges
from facecap.conversion.int8.calibration_set import AS_IS, DataOptions, draw, used_of
from facecap.conversion.int8.equalize import equalized
from facecap.conversion.int8.quantize import OPERATORS, Int8, quantize
from facecap.conversion.manifest import write_model
from facecap.conversion.network_input import Floats, noise
from facecap.conversion.source import Source, check_apart, open_source

WAY = Int8()
EQUALIZED_WITH = 32  # pictures
CHECKED_WITH = 8
EQUALIZED_TOLERANCE = 1e-4  # share of an output's largest value


@dataclass(frozen=True)
class Quantized:
    """What a conversion came to: bytes of both files, and the signal-to-noise ratio of each output in dB."""

    float_bytes: int
    bytes: int
    decibels: dict[str, float]


def convert(
    model: str | Path,
    data: Path,
    out: Path,
    calibration: Calibration,
    way: Int8 = WAY,
    options: DataOptions = AS_IS,
    progress: Callable[[str], None] = lambda text: print(text, file=sys.stderr, flush=True),
) -> Quantized:
    """Write `out` (`.onnx`) and its manifest: the model in int8.

    Args:
        model: a file, a registry name or a checkpoint, float32.
        data: the folder that holds the training data of its task (`calibration_set.draw`).
        out: the file to write.
        calibration: how the ranges of activations are found.
        way: what is quantised how.
        options: more of the data.
        progress: called with what goes on.

    Raises:
        ConversionError: the model is converted already, `out` is its own file, or there is nothing to
            calibrate it with.
    """
    check_apart(model, out)
    source = open_source(model)
    batch = run_graph.batch_of(source.graph)
    pictures = draw(source.manifest, data, calibration.count, calibration.seed, options, batch)
    checks = pictures.first(CHECKED_WITH)
    graph = source.graph
    if way.equalized:
        graph = equalized(graph, pictures.inputs(EQUALIZED_WITH))
        _check_equal(source, graph)
    total = len(pictures.drawn)

    def tell(done: int) -> None:
        if done % 16 == 0 and done < total:
            progress(f"calibrating: {done} of {total} pictures")

    ranges = find_ranges(graph, OPERATORS, pictures.inputs(), calibration, tell)
    progress(used_of(pictures, calibration.count))
    data_written = quantize(graph, ranges, checks[0], way).SerializeToString()
    decibels = _decibels(source.graph.SerializeToString(), data_written, checks)
    described = calibration.described(pictures.classes)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_model(
        out, data_written, source.derived(precision="int8", calibration=described, quantized=asdict(way))
    )
    return Quantized(source.manifest["file"]["bytes"], len(data_written), decibels)


def _check_equal(source: Source, graph: onnx.ModelProto) -> None:
    pictures = noise(source.manifest["input"], 2)
    wanted, found = (run_graph.outputs(model, pictures) for model in (source.graph, graph))
    difference = run_graph.largest_difference(wanted, found)
    if not difference <= EQUALIZED_TOLERANCE:
        raise ConversionError(
            f"with balanced channels the network answers differently, by {difference:.1e} of its range "
            f"(allowed {EQUALIZED_TOLERANCE:g}): quantise it without"
        )


def _decibels(wanted: bytes, found: bytes, checks: list[Floats]) -> dict[str, float]:
    """Signal-to-noise ratio of every output over some inputs."""
    signal: dict[str, float] = {}
    noise_power: dict[str, float] = {}
    sessions = [run_graph.session(model) for model in (wanted, found)]
    names = [output.name for output in sessions[0].get_outputs()]
    for blob in checks:
        answers = [s.run(names, {s.get_inputs()[0].name: blob}) for s in sessions]
        for name, right, other in zip(names, *answers, strict=True):
            signal[name] = signal.get(name, 0.0) + float(np.square(right, dtype=np.float64).sum())
            error = np.subtract(right, other, dtype=np.float64)
            noise_power[name] = noise_power.get(name, 1e-30) + float(np.square(error).sum())
    return {name: 10 * float(np.log10(signal[name] / noise_power[name])) for name in names}
