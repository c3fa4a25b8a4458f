"""The toolchain's tables: ranges of tensors, and which layers are computed in what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from facecap.conversion.equality import ConversionError

SMALLEST = 1e-5  # a range of zero has no scale

Ranges = Mapping[str, tuple[float, float]]


def calibration_table(ranges: Ranges) -> str:
    """One line a tensor: name, the magnitude that the largest integer stands for, low and high.

    Raises:
        ConversionError: there is no tensor, or a range is not finite.
    """
    if not ranges:
        raise ConversionError("calibration found no tensor")
    lines = ["# op_name    threshold    min    max"]
    for name, (low, high) in ranges.items():
        largest = max(abs(low), abs(high), SMALLEST)
        if not largest < float("inf"):
            raise ConversionError(
                f"calibration: the range of {name} is {low} to {high}: is the model finite?"
            )
        lines.append(f"{name} {largest:.7f} {low:.7f} {high:.7f}")
    return "\n".join(lines) + "\n"


def quantize_table(layers: Iterable[str], kind: str = "BF16") -> str:
    """One line a layer that is computed in `kind` and not in what the rest is."""
    return "".join(
        f"{line}\n" for line in ("# op_name   quantize_mode", *(f"{name} {kind}" for name in layers))
    )
