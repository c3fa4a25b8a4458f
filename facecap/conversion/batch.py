"""The batch of a graph: fixed, or free."""

from __future__ import annotations

from typing import Any

import onnx

from facecap.conversion import run_graph
from facecap.conversion.equality import ConversionError
from facecap.conversion.network_input import noise

TOLERANCE = 1e-4  # share of an output's largest value
FREE = "batch"


def with_batch(model: onnx.ModelProto, batch: int | None, entry: dict[str, Any]) -> onnx.ModelProto:
    """The same graph for `batch` pictures at once, None for any number; `entry` is the manifest's `input`.

    Raises:
        ConversionError: a node inside holds on to another batch.
    """
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for value in (*changed.graph.input, *changed.graph.output):
        first = value.type.tensor_type.shape.dim[0]
        if batch is None:
            first.dim_param = FREE
        else:
            first.dim_value = batch
    del changed.graph.value_info[:]
    pictures = noise(entry, 2 * (batch or 2))
    try:
        difference = run_graph.largest_difference(
            run_graph.outputs(model, pictures), run_graph.outputs(changed, pictures)
        )
    except Exception as error:  # onnxruntime has no class of its own for what a node may say
        raise ConversionError(f"the graph holds on to its batch: {error}") from error
    if not difference <= TOLERANCE:
        raise ConversionError(f"in a batch the graph answers differently, by {difference:.1e} of its range")
    return changed
