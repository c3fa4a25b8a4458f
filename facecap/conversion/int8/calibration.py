"""Ranges of a network's activations over calibration pictures, by ONNX Runtime's calibrators."""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx

from facecap.conversion.equality import ConversionError
from facecap.conversion.network_input import Floats

Method = Literal["minmax", "percentile", "entropy"]
Ranges = Mapping[str, tuple[float, float]]
HISTOGRAM_BINS = {"percentile": 2048, "entropy": 512}


@dataclass(frozen=True)
class Calibration:
    """How ranges are found: `minmax` takes everything, `percentile` (0 to 100) cuts the rarest values off on
    both sides together, `entropy` cuts where the distribution changes least."""

    method: Method = "minmax"
    percentile: float = 99.99
    count: int = 64
    seed: int = 0

    def described(self, used: Mapping[str, int]) -> dict[str, Any]:
        """For a manifest; `used`: the pictures that the ranges come from, by class."""
        fields = {"method": self.method, "count": sum(used.values()), "seed": self.seed, "pictures": used}
        return {**fields, "percentile": self.percentile} if self.method == "percentile" else fields


def find_ranges(
    graph: onnx.ModelProto,
    operators: Iterable[str],
    inputs: Iterable[Floats],
    calibration: Calibration,
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, tuple[float, float]]:
    """Low and high of the inputs and outputs of all `operators` in the graph.

    Args:
        graph: the float model.
        operators: types of the nodes that are to be quantised.
        inputs: what the network is fed with, one after the other; their sides may differ.
        calibration: how.
        progress: called with how many inputs are done.

    Raises:
        ConversionError: there was no input.
    """
    from onnxruntime.quantization import CalibrationMethod
    from onnxruntime.quantization.calibrate import create_calibrator

    kind = {"minmax": "MinMax", "percentile": "Percentile", "entropy": "Entropy"}[calibration.method]
    options: dict[str, Any] = {}
    if calibration.method in HISTOGRAM_BINS:
        options["num_bins"] = HISTOGRAM_BINS[calibration.method]
    if calibration.method == "percentile":
        options["percentile"] = calibration.percentile
    with tempfile.TemporaryDirectory() as folder, silent():
        path = Path(folder) / "float.onnx"
        onnx.save(graph, str(path))
        calibrator = create_calibrator(
            path,
            list(operators),
            str(Path(folder) / "augmented.onnx"),
            CalibrationMethod[kind],
            extra_options=options,
        )
        name, done = graph.graph.input[0].name, 0
        for blob in inputs:
            # One at a time: the calibrators keep every tensor of a reader's pictures until its end.
            calibrator.collect_data(OneInput({name: blob}))
            done += 1
            progress(done)
        if not done:
            raise ConversionError("calibration found no picture")
        found = calibrator.compute_data()
        return {tensor: _pair(data) for tensor, data in found.items()}


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """ONNX Runtime's quantiser says much on standard output, where results belong, and advises to prepare
    graphs that are prepared."""
    disabled, logging.root.disabled = logging.root.disabled, True
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.root.disabled = disabled


class OneInput:
    """A reader of a single input."""

    def __init__(self, feed: dict[str, Floats]) -> None:
        self._feeds = [feed]

    def get_next(self) -> dict[str, Floats] | None:
        return self._feeds.pop() if self._feeds else None


def _pair(data: Any) -> tuple[float, float]:
    low, high = (float(np.asarray(bound).reshape(-1)[0]) for bound in data.range_value)
    return min(low, 0.0), max(high, 0.0)
