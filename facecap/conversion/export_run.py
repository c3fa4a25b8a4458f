"""The checkpoint of a training run, but of a detector, as a model file and its manifest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch import nn

from facecap.conversion.checkpoint import CheckpointError, fit, weights_in
from facecap.conversion.equality import OutputDifference
from facecap.conversion.manifest import write_model
from facecap.conversion.network_onnx import INPUT, to_compared_onnx
from facecap.errors import FacecapError
from facecap.training.networks.face_refiner import FaceRefiner
from facecap.training.networks.registry import build


def is_run(checkpoint: Mapping[str, Any]) -> bool:
    """Whether it holds what the `best.pt` of a run holds: `model` and `manifest`."""
    return all(isinstance(checkpoint.get(key), Mapping) for key in ("model", "manifest"))


def export_run(
    checkpoint: Mapping[str, Any], path: Path, out: Path, about: Mapping[str, Any]
) -> OutputDifference:
    """Write the model of `checkpoint`, read from `path`, as `out` (`.onnx`) with its manifest; returns how
    far its answers are from the network's.

    `about` replaces entries of the manifest, name, licence or origin.

    Raises:
        CheckpointError: the weights are not those of the architecture that the manifest names.
        ConversionError: the graph would not answer like the network; nothing is written.
    """
    manifest = {**checkpoint["manifest"], **about}
    try:
        network = network_of(manifest).eval()
        sides = (manifest["input"]["width"], manifest["input"]["height"])
        outputs = [output["name"] for output in manifest["outputs"]]
    except (KeyError, IndexError, TypeError, FacecapError) as error:
        raise CheckpointError(f"{path}: its manifest does not describe a network: {error!r}") from error
    fit(network, weights_in(checkpoint["model"], path), f"{path}: does not fit {manifest['architecture']}")
    data, difference = to_compared_onnx(network, sides, outputs=outputs)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_model(out, data, {**manifest, "input": {**manifest["input"], "name": INPUT}})
    return difference


def network_of(manifest: Mapping[str, Any]) -> nn.Module:
    """The network that training builds under a manifest, with random weights.

    Raises:
        FacecapError: no run makes models of its task, or there is no such architecture.
    """
    task = manifest["task"]
    if task not in NETWORKS:
        raise FacecapError(f"no network of a run has the task '{task}'; known: {', '.join(NETWORKS)}")
    return NETWORKS[task](manifest)


def _classifier(manifest: Mapping[str, Any]) -> nn.Module:
    classifier = manifest["classifier"]
    outputs = 1 if classifier["output"] == "sigmoid" else len(classifier["classes"])
    return build(manifest["architecture"], outputs)


def _embedder(manifest: Mapping[str, Any]) -> nn.Module:
    return build(manifest["architecture"], int(manifest["embedder"]["dimensions"]))


NETWORKS: Mapping[str, Callable[[Mapping[str, Any]], nn.Module]] = {
    "face_refinement": lambda manifest: FaceRefiner(),
    "mask": _classifier,
    "classification": _classifier,
    "face_embedding": _embedder,
}
