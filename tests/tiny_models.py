"""Small ONNX models with their manifests, written for one test each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

INPUT = {"name": "x", "fit": "fixed", "color": "rgb", "mean": [127.5] * 3, "std": [127.5] * 3}


def info(name: str, shape: Sequence[int | str], kind: int = TensorProto.FLOAT) -> onnx.ValueInfoProto:
    """An input or output of a graph."""
    return helper.make_tensor_value_info(name, kind, list(shape))


def constant(name: str, values: Any, dtype: str = "float32") -> onnx.TensorProto:
    """Weights of a graph."""
    return onnx.numpy_helper.from_array(np.asarray(values, dtype), name)


def model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    weights: Sequence[onnx.TensorProto] = (),
) -> onnx.ModelProto:
    """A model that every admitted onnxruntime reads."""
    graph = helper.make_graph(list(nodes), "tiny", list(inputs), list(outputs), list(weights))
    made: onnx.ModelProto = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    )
    return made


def classifier(side: int = 8, columns: int = 1, hidden: int = 4) -> onnx.ModelProto:
    """(n, 3, side, side) -> 3x3 convolution -> mean -> (n, columns), random weights."""
    random = np.random.default_rng(7)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "v"], ["y"]),
    ]
    weights = [
        constant("w", random.normal(size=(hidden, 3, 3, 3))),
        constant("v", random.normal(size=(hidden, columns))),
    ]
    return model(nodes, [info("x", ["n", 3, side, side])], [info("y", ["n", columns])], weights)


def refiner(side: int = 8, hidden: int = 4) -> onnx.ModelProto:
    """(n, 3, side, side) -> 3x3 convolution -> mean -> face (n, 1), points (n, 10), blur (n, 1)."""
    random = np.random.default_rng(7)
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
    ]
    weights = [constant("w", random.normal(size=(hidden, 3, 3, 3)))]
    columns = {"face": 1, "points": 10, "blur": 1}
    for role, count in columns.items():
        nodes.append(helper.make_node("Gemm", ["f", f"{role}_w"], [role]))
        weights.append(constant(f"{role}_w", random.normal(size=(hidden, count))))
    outputs = [info(role, ["n", count]) for role, count in columns.items()]
    return model(nodes, [info("x", ["n", 3, side, side])], outputs, weights)


def mask_manifest(data: bytes, side: int = 8, output: str = "sigmoid") -> dict[str, Any]:
    """A manifest that fits `classifier`."""
    return {
        "schema": 1,
        "name": "tiny-mask",
        "architecture": "one convolution",
        "task": "mask",
        "file": {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)},
        "input": {**INPUT, "width": side, "height": side},
        "outputs": [{"role": "logits", "name": "y"}],
        "classifier": {
            "output": output,
            "classes": ["no_mask", "mask"],
            "unknown": [0.3, 0.7],
            "crop_border": 0.15,
        },
        "licence": "MIT",
        "origin": "made by a test",
    }


def classification_manifest(data: bytes, classes: Sequence[str], side: int = 8) -> dict[str, Any]:
    """A manifest that fits `classifier` with a column for each class."""
    manifest = {**mask_manifest(data, side), "name": "tiny-classes", "task": "classification"}
    return {**manifest, "classifier": {"output": "softmax", "classes": list(classes)}}


FAMILIES: dict[str, dict[str, Any]] = {
    "retinaface": {"min_sizes": [[10, 20], [32, 64]], "variances": [0.1, 0.2]},
    "yunet": {"family": "yunet"},
    "scrfd": {"family": "scrfd", "anchors": 2},
}
CHANNELS = {"retinaface": 30, "yunet": 16, "scrfd": 30}  # of a level


def detector_manifest(data: bytes, form: str = "levels", family: str = "retinaface") -> dict[str, Any]:
    """A manifest of a detector with two strides."""
    common = {key: value for key, value in mask_manifest(data).items() if key != "classifier"}
    outputs = (
        [{"role": "level", "name": f"level_{stride}", "stride": stride} for stride in (8, 16)]
        if form == "levels"
        else [{"role": role, "name": role} for role in ("boxes", "scores", "landmarks")]
    )
    return {
        **common,
        "name": "tiny-detector" if family == "retinaface" else f"tiny-{family}",
        "task": "face_detection",
        "input": {**INPUT, "width": 64, "height": 64, "fit": "native", "multiple": 16},
        "outputs": outputs,
        "detector": {
            **FAMILIES[family],
            "strides": [8, 16],
            "form": form,
            "score_threshold": 0.5,
            "nms_iou": 0.4,
        },
    }


def refiner_manifest(data: bytes, side: int = 8) -> dict[str, Any]:
    """A manifest of a refiner."""
    common = {key: value for key, value in mask_manifest(data, side).items() if key != "classifier"}
    return {
        **common,
        "name": "tiny-refiner",
        "task": "face_refinement",
        "outputs": [{"role": role, "name": role} for role in ("face", "points", "blur")],
        "refiner": {"crop_border": 0.25, "not_a_face": 0.1},
    }


def detector(family: str) -> onnx.ModelProto:
    """(1, 3, height, width) -> a level for strides 8 and 16, random weights; fits `detector_manifest`."""
    random = np.random.default_rng(11)
    nodes, weights = [], []
    for stride in (8, 16):
        nodes.append(
            helper.make_node("Conv", ["x", f"w{stride}"], [f"level_{stride}"], strides=[stride, stride])
        )
        values = random.normal(scale=0.05, size=(CHANNELS[family], 3, stride, stride))
        weights.append(constant(f"w{stride}", values))
    outputs = [info(f"level_{s}", [1, CHANNELS[family], f"height_{s}", f"width_{s}"]) for s in (8, 16)]
    return model(nodes, [info("x", [1, 3, "height", "width"])], outputs, weights)


def write_detector(folder: Path, family: str, stem: str = "detector", **changes: Any) -> Path:
    """A detector that computes, `changes` made to the manifest's section `detector`."""
    data = detector(family).SerializeToString()
    manifest = detector_manifest(data, family=family)
    return write(folder, data, {**manifest, "detector": {**manifest["detector"], **changes}}, stem)


def embedder_manifest(data: bytes, dimensions: int, side: int = 8) -> dict[str, Any]:
    """A manifest of an embedder."""
    common = {key: value for key, value in mask_manifest(data, side).items() if key != "classifier"}
    return {
        **common,
        "name": "tiny-embedder",
        "task": "face_embedding",
        "outputs": [{"role": "embedding", "name": "y"}],
        "embedder": {"dimensions": dimensions, "same_person": 0.5},
    }


def write_refiner(folder: Path, side: int = 8, stem: str = "refiner") -> Path:
    """A refiner that works."""
    data = refiner(side).SerializeToString()
    return write(folder, data, refiner_manifest(data, side), stem)


def write(folder: Path, data: bytes, manifest: dict[str, Any] | str | None, stem: str = "tiny") -> Path:
    """Put a model and, unless None, its manifest into a folder; returns the model's path."""
    path = folder / f"{stem}.onnx"
    path.write_bytes(data)
    if manifest is not None:
        text = manifest if isinstance(manifest, str) else json.dumps(manifest)
        path.with_suffix(".json").write_text(text, encoding="utf-8")
    return path


def write_mask(folder: Path, side: int = 8, stem: str = "tiny") -> Path:
    """A mask classifier that works."""
    data = classifier(side).SerializeToString()
    return write(folder, data, mask_manifest(data, side), stem)
