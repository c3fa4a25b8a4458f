"""The input of a model at one fixed size: its manifest and its graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx

from facecap.conversion.equality import ConversionError


def fixed_input(entry: Mapping[str, Any], sides: tuple[int, int] | None) -> dict[str, Any]:
    """The `input` of a manifest with `fit` `fixed`.

    Args:
        entry: that of the model.
        sides: width and height in pixels; the manifest's own where None.

    Raises:
        ConversionError: the model computes another size only, or the sides are no multiples of its step.
    """
    width, height = sides or (entry["width"], entry["height"])
    unit = entry.get("multiple", 1)
    if entry["fit"] == "fixed" and (width, height) != (entry["width"], entry["height"]):
        raise ConversionError(
            f"input {width}x{height}: the model takes {entry['width']}x{entry['height']} only"
        )
    if min(width, height) < 1 or width % unit or height % unit:
        raise ConversionError(f"input {width}x{height}: wanted multiples of {unit}")
    fixed = {key: value for key, value in entry.items() if key != "multiple"}
    return {**fixed, "width": width, "height": height, "fit": "fixed"}


def fix_shape(model: onnx.ModelProto, shape: Sequence[int | None]) -> None:
    """Give the input its shape, None for a dimension as it is; that of what is computed is forgotten, and
    shape inference finds it anew."""
    for dimension, size in zip(model.graph.input[0].type.tensor_type.shape.dim, shape, strict=True):
        if size is not None:
            dimension.Clear()
            dimension.dim_value = size
    for output in model.graph.output:
        for dimension in output.type.tensor_type.shape.dim:
            dimension.Clear()
    del model.graph.value_info[:]
