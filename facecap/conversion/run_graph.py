"""Runs ONNX graphs in memory, as proofs and measures of conversions do."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx

from facecap import _core
from facecap.conversion.network_input import Floats


def session(model: onnx.ModelProto | bytes, optimized: bool = True) -> Any:
    """A session of one thread; not `optimized`, it computes every node as it stands."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not _core.has_vnni():  # then the faster product of uint8 and int8 overflows
        options.add_session_config_entry("session.x64quantprecision", "1")
    if not optimized:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    data = model if isinstance(model, bytes) else model.SerializeToString()
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def batch_of(model: onnx.ModelProto) -> int:
    """How many pictures the graph takes at once, 1 where it takes any number."""
    return model.graph.input[0].type.tensor_type.shape.dim[0].dim_value or 1


def fill_batch(network: Any, blob: Floats) -> Floats:
    """One picture (1, 3, height, width), as often as the network's batch wants it."""
    batch = network.get_inputs()[0].shape[0]
    return np.repeat(blob, batch, 0) if isinstance(batch, int) else blob


def outputs(model: onnx.ModelProto | bytes, pictures: Floats) -> dict[str, Floats]:
    """Every output for pictures (N, 3, height, width), N in a row however large a batch the graph takes."""
    network = session(model)
    entry = network.get_inputs()[0]
    batch = entry.shape[0] if isinstance(entry.shape[0], int) else len(pictures)
    chunks = []
    for start in range(0, len(pictures), batch):
        some = pictures[start : start + batch]
        fed = np.concatenate([some, np.repeat(some[-1:], batch - len(some), 0)])
        chunks.append([value[: len(some)] for value in network.run(None, {entry.name: fed})])
    names = [output.name for output in network.get_outputs()]
    return {name: np.concatenate(parts) for name, parts in zip(names, zip(*chunks, strict=True), strict=True)}


def largest_difference(wanted: dict[str, Floats], found: dict[str, Floats]) -> float:
    """Over all outputs, relative to each output's largest value; nan where a number is none."""
    differences = [
        np.abs(wanted[name] - found[name]).max() / max(float(np.abs(wanted[name]).max()), 1e-12)
        for name in wanted
    ]
    return float(max(differences, key=lambda value: (np.isnan(value), value)))
