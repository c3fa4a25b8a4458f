"""The checkpoint of a training run, but of a detector, as a model file and its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from facecap.conversion.checkpoint import CheckpointError, fit, weights_in
from facecap.conversion.manifest import write_model
from facecap.conversion.network_onnx import INPUT, to_onnx
from facecap.errors import FacecapError
from facecap.training.networks.face_refiner import FaceRefiner
from facecap.training.networks.registry import build


def is_run(checkpoint: Mapping[str, Any]) -> bool:
    """Whether it holds what the `best.pt` of a run holds: `model` and `manifest`."""
    return all(isinstance(checkpoint.get(key), Mapping) for key in ("model", "manifest"))


def export_run(checkpoint: Mapping[str, Any], path: Path, out: Path, about: Mapping[str, Any]) -> None:
    """Write the model of `checkpoint`, read from `path`, as `out` (`.onnx`) with its manifest.

    `about` replaces entries of the manifest, name, licence or origin.

    Raises:
        CheckpointError: the weights are not those of the architecture that the manifest names.
        ConversionError: the graph would not answer like the network; nothing is written.
    """
    manifest = {**checkpoint["manifest"], **about}
    try:
        network = _network(manifest).eval()
        sides = (manifest["input"]["width"], manifest["input"]["height"])
        outputs = [output["name"] for output in manifest["outputs"]]
    except (KeyError, IndexError, TypeError, FacecapError) as error:
        raise CheckpointError(f"{path}: its manifest does not describe a network: {error!r}") from error
    fit(network, weights_in(checkpoint["model"], path), f"{path}: does not fit {manifest['architecture']}")
    data = to_onnx(network, sides, outputs=outputs)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_model(out, data, {**manifest, "input": {**manifest["input"], "name": INPUT}})


def _network(manifest: Mapping[str, Any]) -> nn.Module:
    if manifest["task"] == "face_refinement":
        return FaceRefiner()
    return build(manifest["architecture"], _outputs(manifest))


def _outputs(manifest: Mapping[str, Any]) -> int:
    if "embedder" in manifest:
        return int(manifest["embedder"]["dimensions"])
    classifier = manifest["classifier"]
    return 1 if classifier["output"] == "sigmoid" else len(classifier["classes"])
