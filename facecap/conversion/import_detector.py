"""Turns a public ONNX file of a detector into a model with its manifest, and proves that both agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from facecap.conversion import run_graph
from facecap.conversion.decoding import Answers, decode
from facecap.conversion.equality import (
    BOX_TOLERANCE,
    REPORTED,
    SCORE_TOLERANCE,
    ConversionError,
    Difference,
    photograph,
)
from facecap.conversion.graph import Floats
from facecap.conversion.manifest import write_model
from facecap.conversion.public_detector import PublicDetector

INPUTS: Mapping[str, dict[str, Any]] = {
    "yunet": {"color": "bgr", "mean": [0, 0, 0], "std": [1, 1, 1]},
    "scrfd": {"color": "rgb", "mean": [127.5, 127.5, 127.5], "std": [128, 128, 128]},
}
SIZES = ((192, 160), (256, 320), (608, 512))  # width and height, where a file computes any


def import_detector(model: onnx.ModelProto, path: Path, out: Path, about: Mapping[str, Any]) -> Difference:
    """Write a public YuNet or SCRFD, read from `path`, as `out` (`.onnx`) with its manifest.

    Args:
        model: the file's graph with its weights.
        path: for texts.
        out: file to write.
        about: name, licence, origin and what else is known.

    Returns:
        How far scores and boxes differ from the file's.

    Raises:
        ConversionError: the file is no detector that is known, or the written model does not answer like it;
            nothing is written.
    """
    public = PublicDetector(model, str(path))
    written, manifest = public.rewritten(), manifest_of(public)
    difference = _check_same(public, written, manifest)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_model(out, written.SerializeToString(), {**manifest, **about})
    return difference


def manifest_of(public: PublicDetector) -> dict[str, Any]:
    """What a manifest says of the rewritten file but for its name and its provenance."""
    strides = [level.stride for level in public.levels]
    anchors = {"anchors": public.anchors} if public.family == "scrfd" else {}
    return {
        "task": "face_detection",
        "architecture": public.family,
        "input": {
            "name": "image",
            "width": 640,
            "height": 640,
            "fit": "native",
            "multiple": strides[-1],
            **INPUTS[public.family],
        },
        "outputs": [{"role": "level", "name": f"level_{s}", "stride": s} for s in strides],
        "detector": {
            "family": public.family,
            "form": "levels",
            "strides": strides,
            **anchors,
            "score_threshold": 0.5,
            "nms_iou": 0.4,
        },
    }


def _check_same(public: PublicDetector, written: onnx.ModelProto, manifest: Mapping[str, Any]) -> Difference:
    worst = Difference(0.0, 0.0)
    for image in _inputs(public, manifest["input"]):
        size = (image.shape[3], image.shape[2])
        wanted = _of_public(public, run_graph.outputs(public.model, image), size)
        found = decode(run_graph.outputs(written, image), manifest, size)
        seen = np.maximum(wanted.scores, found.scores) >= REPORTED
        factors = len(public.levels[0].heads) - 2  # in a score, whose root magnifies the rounding near 0
        worst = Difference(
            max(
                worst.score,
                _apart(wanted.scores[seen], found.scores[seen]),
                _apart(wanted.scores**factors, found.scores**factors),
            ),
            max(
                worst.box,
                _apart(wanted.boxes[seen], found.boxes[seen]),
                _apart(wanted.landmarks[seen], found.landmarks[seen]),
            ),
        )
    if not (worst.score <= SCORE_TOLERANCE and worst.box <= BOX_TOLERANCE):
        raise ConversionError(
            f"{public.source}: the converted model differs from it: "
            f"scores by {worst.score:.2e} (allowed {SCORE_TOLERANCE:g}), "
            f"boxes by {worst.box:.2e} px (allowed {BOX_TOLERANCE:g})"
        )
    return worst


def _apart(wanted: Floats, found: Floats) -> float:
    return float(np.abs(wanted - found).max(initial=0))


def _inputs(public: PublicDetector, entry: Mapping[str, Any]) -> Iterator[Floats]:
    """Noise and a photograph, as the network is fed with them."""
    mean, std = (np.array(entry[key], np.float32)[None, :, None, None] for key in ("mean", "std"))
    random = np.random.default_rng(0)
    sizes = SIZES if public.size is None else (public.size,) * 2
    for width, height in sizes[:-1]:
        yield (random.uniform(0, 255, (1, 3, height, width)).astype(np.float32) - mean) / std
    picture = photograph(*sizes[-1])
    yield np.ascontiguousarray(picture if entry["color"] == "bgr" else picture[:, ::-1]) / std - mean / std


def _of_public(public: PublicDetector, outputs: Mapping[str, Floats], size: tuple[int, int]) -> Answers:
    """What the public file answered, decoded as its makers do: from its own rows, not from channels."""
    parts = []
    for level in public.levels:
        *scores, box, points = (
            outputs[head.output].reshape(-1, outputs[head.output].shape[-1]) for head in level.heads
        )
        columns = size[0] // level.stride
        cell = np.arange(len(box)) // public.anchors
        place = np.stack([cell % columns, cell // columns], 1)
        if public.family == "yunet":
            middle, half = place + box[:, :2], np.exp(box[:, 2:]) / 2
            corners = np.concatenate([middle - half, middle + half], 1)
        else:
            corners = np.concatenate([place - box[:, :2], place + box[:, 2:]], 1)
        score = np.prod(scores, 0)[:, 0] ** (1 / len(scores))
        spots = place[:, None] + points.reshape(-1, 5, 2)
        parts.append((score, corners * level.stride, spots * level.stride))
    return Answers(*(np.concatenate(part).astype(np.float32) for part in zip(*parts, strict=True)))
