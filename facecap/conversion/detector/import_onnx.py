"""Turns a public ONNX file of a detector into a model with its manifest, and proves that both agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from facecap.conversion import run_graph
from facecap.conversion.detector.families import decode
from facecap.conversion.detector.families.answers import Answers, joined
from facecap.conversion.detector.public_file import PublicDetector
from facecap.conversion.equality import Difference, check_answers, portrait_input
from facecap.conversion.graph import Floats
from facecap.conversion.manifest import write_model

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
    difference = check_answers(_pairs(public, written, manifest), path.name)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_model(out, written.SerializeToString(), {**manifest, **about})
    return difference


def manifest_of(public: PublicDetector) -> dict[str, Any]:
    """What a manifest says of the rewritten file but for its name and its provenance."""
    strides = [level.stride for level in public.levels]
    return {
        "task": "face_detection",
        "architecture": public.family,
        "input": {
            "name": "image",
            "width": 640,
            "height": 640,
            "fit": "native",
            "multiple": strides[-1],
            **public.kind.input,
        },
        "outputs": [{"role": "level", "name": f"level_{s}", "stride": s} for s in strides],
        "detector": {
            "family": public.family,
            "form": "levels",
            "strides": strides,
            **public.kind.keys(public.anchors),
            "score_threshold": 0.5,
            "nms_iou": 0.4,
        },
    }


def _pairs(
    public: PublicDetector, written: onnx.ModelProto, manifest: Mapping[str, Any]
) -> Iterator[tuple[Answers, Answers]]:
    """What the file and the written model answer to the same pictures."""
    network = run_graph.session(public.model)
    names = [output.name for output in network.get_outputs()]
    for image in _inputs(public, manifest["input"]):
        size = (image.shape[3], image.shape[2])
        answered = network.run(None, {public.input: image})
        wanted = _of_public(public, dict(zip(names, answered, strict=True)), size)
        yield wanted, decode(run_graph.outputs(written, image), manifest, size)


def _inputs(public: PublicDetector, entry: Mapping[str, Any]) -> Iterator[Floats]:
    """Noise and a photograph, as the network is fed with them."""
    mean, std = (np.array(entry[key], np.float32)[None, :, None, None] for key in ("mean", "std"))
    random = np.random.default_rng(0)
    sizes = SIZES if public.size is None else (public.size,) * 2
    for width, height in sizes[:-1]:
        yield (random.uniform(0, 255, (1, 3, height, width)).astype(np.float32) - mean) / std
    picture = portrait_input(*sizes[-1])
    yield np.ascontiguousarray(picture if entry["color"] == "bgr" else picture[:, ::-1]) / std - mean / std


def _of_public(public: PublicDetector, outputs: Mapping[str, Floats], size: tuple[int, int]) -> Answers:
    """What the public file answered, decoded from its own rows."""
    parts = []
    for level in public.levels:
        *scores, box, points = (
            outputs[head.output].reshape(-1, outputs[head.output].shape[-1]) for head in level.heads
        )
        cell = np.arange(len(box)) // public.anchors
        columns = size[0] // level.stride
        places = np.stack([cell % columns, cell // columns], 1).astype(np.float32)
        score = np.prod(scores, 0)[:, 0] ** (1 / len(scores))
        spots = np.tile(places, 5) + points
        boxes = public.kind.corners(box, places)
        parts.append((score[None], boxes[None] * level.stride, spots[None] * level.stride))
    return joined(parts)
