"""Models of one layer that see what a test paints, so that the whole pipeline runs on a script."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FRAME = (1920, 1080)
SCALE = 3  # the detector sees 640x360
CELL = 8 * SCALE  # a painted block of this size is one face
POINTS = [(0.30, 0.40), (0.70, 0.40), (0.50, 0.60), (0.35, 0.78), (0.65, 0.78)]  # the canonical face


def save(folder: Path, stem: str, graph: onnx.GraphProto, manifest: dict) -> Path:
    path = folder / f"{stem}.onnx"
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    data = model.SerializeToString()
    path.write_bytes(data)
    manifest = {
        "schema": 1,
        "name": stem,
        "architecture": "scripted",
        "file": {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)},
        "licence": "MIT",
        "origin": "made by a test",
    } | manifest
    path.with_suffix(".json").write_text(json.dumps(manifest))
    return path


def detector(folder: Path, face: float = 200.0, *, poisoned: bool = False) -> Path:
    """Finds a face of `face` pixels, centred on every white block of CELL x CELL pixels. One that is poisoned
    fails where the picture's first cell is white."""
    weight = np.zeros((15, 3, 8, 8), np.float32)
    weight[0] = 20 / (255 * 3 * 64)
    bias = np.zeros(15, np.float32)
    bias[0] = -10
    bias[5:] = [10 * (fraction - 0.5) for point in POINTS for fraction in point]
    initializers = [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(bias, "bias")]
    nodes = [helper.make_node("Conv", ["image", "weight", "bias"], ["faces"], strides=[8, 8])]
    if poisoned:
        # The brightness of the picture's first pixel is an index, and only 0 is inside.
        for name, value in {"zero": [0], "one": [1], "axes": [1], "rows": [2], "columns": [3]}.items():
            initializers.append(numpy_helper.from_array(np.array(value, np.int64), name))
        initializers.append(numpy_helper.from_array(np.zeros(1, np.float32), "nothing"))
        nodes += [
            helper.make_node("Slice", ["image", "zero", "one", "axes"], ["blue"]),
            helper.make_node("Slice", ["blue", "zero", "one", "rows"], ["row"]),
            helper.make_node("Slice", ["row", "zero", "one", "columns"], ["pixel"]),
            helper.make_node("Cast", ["pixel"], ["index"], to=TensorProto.INT64),
            helper.make_node("Gather", ["nothing", "index"], ["taken"]),
            helper.make_node("Add", ["faces", "taken"], ["level8"]),
        ]
    else:
        nodes[0].output[0] = "level8"
    graph = helper.make_graph(
        nodes,
        "scripted",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 360, 640])],
        [helper.make_tensor_value_info("level8", TensorProto.FLOAT, [1, 15, 45, 80])],
        initializers,
    )
    return save(
        folder,
        f"detector{face:g}{'_poisoned' * poisoned}",
        graph,
        {
            "task": "face_detection",
            "input": {
                "name": "image",
                "width": 640,
                "height": 360,
                "fit": "fixed",
                "color": "bgr",
                "mean": [0, 0, 0],
                "std": [1, 1, 1],
            },
            "outputs": [{"role": "level", "name": "level8", "stride": 8}],
            "detector": {
                "form": "levels",
                "strides": [8],
                "min_sizes": [[face / SCALE]],
                "variances": [0.1, 0.2],
                "score_threshold": 0.5,
                "nms_iou": 0.4,
            },
        },
    )


def mask_classifier(folder: Path, *, fails: bool = False) -> Path:
    """Says mask for a bright crop. One that fails does so only when it runs."""
    nodes = [
        helper.make_node("ReduceMean", ["crops"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["logit" if not fails else "column"]),
    ]
    initializers = [numpy_helper.from_array(np.array([1], np.int64), "last")]
    if fails:
        # An index that the input decides, far outside.
        initializers.append(numpy_helper.from_array(np.array(1000, np.float32), "far"))
        nodes += [
            helper.make_node("Add", ["mean", "far"], ["distance"]),
            helper.make_node("Cast", ["distance"], ["index"], to=TensorProto.INT64),
            helper.make_node("Gather", ["column", "index"], ["taken"], axis=1),
            helper.make_node("ReduceMean", ["taken"], ["logit"], axes=[1], keepdims=1),
        ]
    shape = ["N", 3, 112, 112]
    graph = helper.make_graph(
        nodes,
        "scripted",
        [helper.make_tensor_value_info("crops", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logit", TensorProto.FLOAT, ["N", 1])],
        initializers,
    )
    return save(
        folder,
        "failing" if fails else "bright",
        graph,
        {
            "task": "mask",
            "input": {
                "name": "crops",
                "width": 112,
                "height": 112,
                "fit": "fixed",
                "color": "rgb",
                "mean": [127.5, 127.5, 127.5],
                "std": [127.5, 127.5, 127.5],
            },
            "outputs": [{"role": "logits", "name": "logit"}],
            "classifier": {
                "output": "sigmoid",
                "classes": ["no_mask", "mask"],
                "unknown": [0.45, 0.55],
                "crop_border": 0.15,
            },
        },
    )


def refiner(
    folder: Path,
    *,
    face: float = 9.0,
    points: list[tuple[float, float]] = POINTS,
    blur: float = -9.0,
    fails: bool = False,
    stem: str = "refiner",
) -> Path:
    """Says the same of every face: the logits `face` and `blur`, and `points` as fractions of the box. One
    that fails does so only when it runs."""
    answers = {"face": [face], "points": np.ravel(points), "blur": [blur]}
    nodes = [
        helper.make_node("ReduceMean", ["crops"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("Mul", ["column", "nothing"], ["zero"]),
    ]
    initializers = [
        numpy_helper.from_array(np.array([1], np.int64), "last"),
        numpy_helper.from_array(np.zeros(1, np.float32), "nothing"),
    ]
    if fails:
        # An index that the input decides, far outside.
        initializers.append(numpy_helper.from_array(np.array(1000, np.float32), "far"))
        nodes += [
            helper.make_node("Add", ["mean", "far"], ["distance"]),
            helper.make_node("Cast", ["distance"], ["index"], to=TensorProto.INT64),
            helper.make_node("Gather", ["zero", "index"], ["taken"], axis=1),
            helper.make_node("ReduceMean", ["taken"], ["rows"], axes=[1], keepdims=1),
        ]
    for role, values in answers.items():
        initializers.append(numpy_helper.from_array(np.array(values, np.float32), f"{role}_value"))
        nodes.append(helper.make_node("Add", ["rows" if fails else "zero", f"{role}_value"], [role]))
    graph = helper.make_graph(
        nodes,
        "scripted",
        [helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["N", 3, 112, 112])],
        [
            helper.make_tensor_value_info(role, TensorProto.FLOAT, ["N", len(values)])
            for role, values in answers.items()
        ],
        initializers,
    )
    return save(
        folder,
        stem,
        graph,
        {
            "task": "face_refinement",
            "input": {
                "name": "crops",
                "width": 112,
                "height": 112,
                "fit": "fixed",
                "color": "rgb",
                "mean": [127.5, 127.5, 127.5],
                "std": [127.5, 127.5, 127.5],
            },
            "outputs": [{"role": role, "name": role} for role in answers],
            "refiner": {"crop_border": 0.0, "not_a_face": 0.1},
        },
    )


def embedder(folder: Path, *, height: int = 112) -> Path:
    """Says one and the same person for every face."""
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["crops"], ["mean"], axes=[2, 3], keepdims=0),
            helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
            helper.make_node("Add", ["zero", "person"], ["vector"]),
        ],
        "scripted",
        [helper.make_tensor_value_info("crops", TensorProto.FLOAT, ["N", 3, height, 112])],
        [helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["N", 3])],
        [
            numpy_helper.from_array(np.zeros(1, np.float32), "nothing"),
            numpy_helper.from_array(np.array([1, 2, 2], np.float32), "person"),
        ],
    )
    return save(
        folder,
        f"embedder{height}",
        graph,
        {
            "task": "face_embedding",
            "input": {
                "name": "crops",
                "width": 112,
                "height": height,
                "fit": "fixed",
                "color": "rgb",
                "mean": [0, 0, 0],
                "std": [1, 1, 1],
            },
            "outputs": [{"role": "embedding", "name": "vector"}],
            "embedder": {"dimensions": 3, "same_person": 0.5},
        },
    )


def frame(*cells: tuple[int, int]) -> np.ndarray:
    """A black frame with a face in each of these cells (column 0..79, row 0..44)."""
    image = np.zeros((FRAME[1], FRAME[0], 3), np.uint8)
    for column, row in cells:
        image[row * CELL : (row + 1) * CELL, column * CELL : (column + 1) * CELL] = 255
    return image
