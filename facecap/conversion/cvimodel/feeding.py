"""How pixels come into a `.cvimodel`: the options of the toolchain, and what the manifest says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

InputKind = Literal["int8", "float32", "packed", "planar"]
INPUTS = ("int8", "float32", "packed", "planar")


def transform_options(kind: InputKind, entry: Mapping[str, Any]) -> list[str]:
    """Options of model_transform for the `input` of a manifest: raw pixels need the mean and the scale."""
    if kind not in ("packed", "planar"):
        return []
    mean = ",".join(f"{value:.9g}" for value in entry["mean"])
    scale = ",".join(f"{1 / value:.9g}" for value in entry["std"])
    return ["--mean", mean, "--scale", scale, "--pixel_format", entry["color"]]


def deploy_options(kind: InputKind, entry: Mapping[str, Any], int8_outputs: bool) -> list[str]:
    """Options of model_deploy."""
    options = ["--quant_output"] if int8_outputs else []
    if kind == "int8":
        options.append("--quant_input")
    elif kind != "float32":
        layout = f"{entry['color']}_{kind}".upper()
        options += ["--fuse_preprocess", "--customization_format", layout]
    return options


def manifest_input(kind: InputKind, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The `input` of the result's manifest: with mean and scale inside, it takes pixels as they are."""
    if kind in ("packed", "planar"):
        return {**entry, "mean": [0, 0, 0], "std": [1, 1, 1]}
    return dict(entry)
