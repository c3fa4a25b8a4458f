"""Models of a few operators that see what `painted_frame` paints: no training, no other package."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from facecap._checks import check_floats, check_fraction
from facecap._files import write_atomic
from facecap.testing import _cell
from facecap.testing._onnx import INT64, Shape, model, node, weights
from facecap.testing.painting import CROP_BORDER

_CROP = 112  # pixels a side
_MASK_GAIN = 4.0  # a crop without blue is P(mask) 0.02, one full of it 0.98
# Gains and biases of no_mask, mask and incorrect. In the middle the first and the last are even; above
# it a mask is worn wrongly, and from an eighth below the full blue on as it should be.
_LOGITS_OF_THREE = ([-8.0, 16.0, 0.0], [0.0, -12.0, 0.0])
_SURE = 1e-6  # a probability of 0 or 1 has no logit


@dataclass(frozen=True, slots=True, eq=False)
class ScriptedModel:
    """An ONNX file and its manifest, in memory."""

    data: bytes
    manifest: dict[str, Any]

    @property
    def source(self) -> tuple[bytes, dict[str, Any]]:
        """What `Detector(...)`, `MaskClassifier(...)` and the others take as a model."""
        return self.data, self.manifest

    def write(self, folder: str | PathLike[str], name: str | None = None) -> Path:
        """Writes the file and its manifest, for programs that take a path; returns the file's.

        Args:
            folder: made where it is not there.
            name: of the model and, without its suffix, of the file; the model's own where None.

        Raises:
            OSError: the folder is not writable.
        """
        manifest = self.manifest if name is None else {**self.manifest, "name": name}
        path = Path(folder) / f"{manifest['name']}.onnx"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, self.data)
        write_atomic(path.with_suffix(".json"), (json.dumps(manifest, indent=1) + "\n").encode())
        return path


def detector_model(*, can_fail: bool = True) -> ScriptedModel:
    """Finds the faces of a painted frame.

    Args:
        can_fail: whether it fails in a frame that is painted with `fails`.
    """
    kernel, bias = _cell.convolution()
    nodes = [node("Conv", ["image", "kernel", "bias"], "faces" if can_fail else "level8", strides=[8, 8])]
    initializers = [weights("kernel", kernel), weights("bias", bias)]
    width, height = _cell.INPUT
    if can_fail:
        # The first pixel as an index: 1 where it is red, which lies outside, else 0.
        only_red = np.array([-1, -1, 1]).reshape(1, 3, 1, 1) / 255
        initializers += [weights("only_red", only_red), weights("nothing", [0])]
        nodes += [
            node("Conv", ["image", "only_red"], "redness", strides=[height, width]),
            node("Relu", ["redness"], "red"),
            node("Cast", ["red"], "index", to=INT64),
            node("Gather", ["nothing", "index"], "taken", "a frame painted with fails=True"),
            node("Add", ["faces", "taken"], "level8"),
        ]
    rows, columns = height // _cell.CELL, width // _cell.CELL
    data = model(
        nodes, {"image": [1, 3, height, width]}, {"level8": [1, len(bias), rows, columns]}, initializers
    )
    parts = {
        "task": "face_detection",
        "input": _input("image", width, height, "bgr", 0.0, 1.0),
        "outputs": [{"role": "level", "name": "level8", "stride": _cell.CELL}],
        "detector": {
            "form": "levels",
            "strides": [_cell.CELL],
            "min_sizes": [[_cell.DEFAULT_SIDE]],
            "variances": [_cell.CENTRE_VARIANCE, _cell.SIZE_VARIANCE],
            "score_threshold": 0.5,
            "nms_iou": 0.4,
        },
    }
    return _scripted("scripted-detector", data, parts)


def classifier_model(*, incorrect: bool = False, fails: bool = False) -> ScriptedModel:
    """Answers what a face was painted with: P(mask) grows with the blue of a crop, from 0.02 to 0.98.

    Args:
        incorrect: whether the model has the class `incorrect` too; without it such a mask is a `mask`.
        fails: whether it fails whenever it runs; the answer is `unknown` then.
    """
    gains, bias = _LOGITS_OF_THREE if incorrect else ([_MASK_GAIN], [0.0])
    gain = np.zeros((3, len(gains)))  # of red, green and blue
    gain[2] = gains
    nodes = [
        node("ReduceMean", ["crops"], "mean", axes=[2, 3], keepdims=0),
        node("MatMul", ["mean", "gain"], "blue"),
    ]
    initializers = [weights("gain", gain), weights("bias", bias)]
    if fails:
        nodes += _failure("blue", "column", initializers)
    nodes.append(node("Add", ["column" if fails else "blue", "bias"], "logits"))
    data = model(nodes, {"crops": ["N", 3, _CROP, _CROP]}, {"logits": ["N", len(gains)]}, initializers)
    parts = {
        "task": "mask",
        "input": _input("crops", _CROP, _CROP, "rgb", 127.5, 127.5),
        "outputs": [{"role": "logits", "name": "logits"}],
        "classifier": {
            "output": "softmax" if incorrect else "sigmoid",
            "classes": ["no_mask", "mask", *(["incorrect"] if incorrect else [])],
            "unknown": [0.45, 0.55],
            "crop_border": CROP_BORDER,
        },
    }
    kind = "classifier-of-three" if incorrect else "classifier"
    return _scripted(f"scripted-failing-{kind}" if fails else f"scripted-{kind}", data, parts)


def refiner_model(
    *,
    face_prob: float = 0.9999,
    points: ArrayLike = _cell.CANONICAL,
    blur: float = 0.0,
    fails: bool = False,
) -> ScriptedModel:
    """Says the same of every face. Below a `face_prob` of 0.1 it is `not_a_face`.

    Args:
        face_prob: probability that it is a face, 0 to 1.
        points: (5, 2) x, y as fractions of the box, in the order of `Detections.landmarks`.
        blur: 0 sharp to 1 blurred.
        fails: whether it fails whenever it runs; the face is captured without it then.

    Raises:
        ValueError, TypeError: an argument is not as above.
    """
    answers: dict[str, list[float]] = {
        "face": [_logit("face_prob", face_prob)],
        "points": check_floats(points, "points", (5, 2)).ravel().tolist(),
        "blur": [_logit("blur", blur)],
    }
    initializers = [weights("zeros", np.zeros((3, 1)))]
    nodes = [
        node("ReduceMean", ["crops"], "mean", axes=[2, 3], keepdims=0),
        node("MatMul", ["mean", "zeros"], "column"),
    ]
    if fails:
        nodes += _failure("column", "rows", initializers)
    for role, values in answers.items():
        initializers.append(weights(f"{role}_value", values))
        nodes.append(node("Add", ["rows" if fails else "column", f"{role}_value"], role))
    outputs: dict[str, Shape] = {role: ["N", len(values)] for role, values in answers.items()}
    data = model(nodes, {"crops": ["N", 3, _CROP, _CROP]}, outputs, initializers)
    parts = {
        "task": "face_refinement",
        "input": _input("crops", _CROP, _CROP, "rgb", 127.5, 127.5),
        "outputs": [{"role": role, "name": role} for role in answers],
        "refiner": {"crop_border": 0.0, "not_a_face": 0.1},
    }
    return _scripted("scripted-failing-refiner" if fails else "scripted-refiner", data, parts)


def embedder_model() -> ScriptedModel:
    """Says one and the same person for every face."""
    nodes = [
        node("ReduceMean", ["crops"], "mean", axes=[2, 3], keepdims=0),
        node("MatMul", ["mean", "zeros"], "zero"),
        node("Add", ["zero", "person"], "vector"),
    ]
    initializers = [weights("zeros", np.zeros((3, 3))), weights("person", [1, 2, 2])]
    data = model(nodes, {"crops": ["N", 3, _CROP, _CROP]}, {"vector": ["N", 3]}, initializers)
    parts = {
        "task": "face_embedding",
        "input": _input("crops", _CROP, _CROP, "rgb", 0.0, 1.0),
        "outputs": [{"role": "embedding", "name": "vector"}],
        "embedder": {"dimensions": 3, "same_person": 0.5},
    }
    return _scripted("scripted-embedder", data, parts)


def _failure(column: str, output: str, initializers: list[bytes]) -> list[bytes]:
    """Nodes that take an entry of a column at an index far outside, which shows only when they run."""
    initializers += [weights("far", [1000]), weights("none", [0])]
    return [
        node("ReduceMax", [column], "most", keepdims=0),
        node("Mul", ["most", "none"], "small"),
        node("Add", ["small", "far"], "distance"),
        node("Cast", ["distance"], "index", to=INT64),
        node("Gather", [column, "index"], output, "a model made with fails=True", axis=1),
    ]


def _input(name: str, width: int, height: int, color: str, mean: float, std: float) -> dict[str, Any]:
    return {
        "name": name,
        "width": width,
        "height": height,
        "fit": "fixed",
        "color": color,
        "mean": [mean] * 3,
        "std": [std] * 3,
    }


def _scripted(name: str, data: bytes, parts: dict[str, Any]) -> ScriptedModel:
    common = {
        "schema": 1,
        "name": name,
        "architecture": "scripted",
        "file": {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)},
        "licence": "Apache-2.0",
        "origin": "facecap.testing",
    }
    return ScriptedModel(data, {**common, **parts})


def _logit(name: str, probability: float) -> float:
    inside = min(max(check_fraction(name, probability, 0, 1), _SURE), 1 - _SURE)
    return math.log(inside / (1 - inside))
