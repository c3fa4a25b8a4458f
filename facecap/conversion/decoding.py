"""What a detector's outputs mean, in NumPy: one decoder a family, found in a table.

The core decodes by itself; this is for proofs and measures of graphs that the core does not run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from facecap.conversion.priors import prior_boxes
from facecap.errors import FacecapError

Floats = npt.NDArray[np.float32]
FIRST_FAMILY = "retinaface"  # what a manifest without a family means


@dataclass(frozen=True)
class Answers:
    """All answers of a network for one picture, by level, row, column and anchor, in pixels of its input:
    `scores` (N,), `boxes` (N, 4) as x1 y1 x2 y2, `landmarks` (N, 5, 2)."""

    scores: Floats
    boxes: Floats
    landmarks: Floats


def decode(outputs: Mapping[str, Floats], manifest: Mapping[str, Any], size: tuple[int, int]) -> Answers:
    """Decode the outputs for one picture.

    Args:
        outputs: by the names that the manifest gives them, each with a batch of 1.
        manifest: of the detector.
        size: width and height of the network's input.

    Raises:
        FacecapError: nothing here decodes the manifest's family.
    """
    family = family_of(manifest)
    if family not in DECODERS:
        raise FacecapError(f"no decoder for detectors of the family '{family}'; known: {', '.join(DECODERS)}")
    return DECODERS[family](outputs, manifest, size)


def family_of(manifest: Mapping[str, Any]) -> str:
    """The family of a detector's manifest."""
    return str(manifest["detector"].get("family", FIRST_FAMILY))


def _retinaface(outputs: Mapping[str, Floats], manifest: Mapping[str, Any], size: tuple[int, int]) -> Answers:
    detector = manifest["detector"]
    if detector["form"] == "levels":
        cells = [_cells(outputs[name]) for name in _levels(manifest)]
        parts = [_split(level, level.shape[-1] // 15) for level in cells]
        logits, boxes, points = (np.concatenate(part) for part in zip(*parts, strict=True))
        scores = _sigmoid(logits)
    else:
        names = {entry["role"]: entry["name"] for entry in manifest["outputs"]}
        scores = outputs[names["scores"]][0, :, 1]
        boxes, points = outputs[names["boxes"]][0], outputs[names["landmarks"]][0]
    priors = prior_boxes(size[1], size[0], detector["min_sizes"], detector["strides"])
    centres, side = priors[:, :2], priors[:, 2:]
    of_centre, of_size = detector["variances"]
    middle = centres + of_centre * boxes[:, :2] * side
    half = side * np.exp(of_size * boxes[:, 2:]) / 2
    return _answers(scores, middle - half, middle + half, np.tile(centres, 5) + of_centre * points * side)


def _yunet(outputs: Mapping[str, Floats], manifest: Mapping[str, Any], size: tuple[int, int]) -> Answers:
    parts = []
    for name, stride in _levels(manifest).items():
        cells = _cells(outputs[name])
        corners = _corners(outputs[name], 1)
        middle = (corners + cells[:, 2:4]) * stride
        half = np.exp(cells[:, 4:6]) * stride / 2
        scores = np.sqrt(_sigmoid(cells[:, 0]) * _sigmoid(cells[:, 1]))
        points = (np.tile(corners, 5) + cells[:, 6:]) * stride
        parts.append((scores, middle - half, middle + half, points))
    return _answers(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _scrfd(outputs: Mapping[str, Floats], manifest: Mapping[str, Any], size: tuple[int, int]) -> Answers:
    anchors = manifest["detector"]["anchors"]
    parts = []
    for name, stride in _levels(manifest).items():
        logits, sides, points = _split(_cells(outputs[name]), anchors)
        corners = _corners(outputs[name], anchors)
        first, last = (corners - sides[:, :2]) * stride, (corners + sides[:, 2:]) * stride
        parts.append((_sigmoid(logits), first, last, (np.tile(corners, 5) + points) * stride))
    return _answers(*(np.concatenate(part) for part in zip(*parts, strict=True)))


DECODERS: Mapping[str, Callable[[Mapping[str, Floats], Mapping[str, Any], tuple[int, int]], Answers]] = {
    "retinaface": _retinaface,
    "yunet": _yunet,
    "scrfd": _scrfd,
}


def _levels(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Stride by name of output, ascending."""
    strides = {entry["name"]: int(entry["stride"]) for entry in manifest["outputs"]}
    return dict(sorted(strides.items(), key=lambda entry: entry[1]))


def _cells(level: Floats) -> Floats:
    """(1, C, H, W) as rows of channels, (H W, C)."""
    rows: Floats = np.moveaxis(level[0], 0, -1).reshape(-1, level.shape[1])
    return rows


def _corners(level: Floats, anchors: int) -> Floats:
    """Column and row of every anchor of a level, (H W anchors, 2)."""
    rows, columns = np.mgrid[: level.shape[2], : level.shape[3]]
    cells = np.stack([columns, rows], -1).reshape(-1, 2).astype(np.float32)
    return np.repeat(cells, anchors, 0)


def _split(cells: Floats, anchors: int) -> tuple[Floats, Floats, Floats]:
    """Logits (N,), box numbers (N, 4) and landmark numbers (N, 10) of all anchors of rows of channels."""
    logits, boxes, points = np.split(cells, [anchors, 5 * anchors], axis=1)
    return logits.reshape(-1), boxes.reshape(-1, 4), points.reshape(-1, 10)


def _sigmoid(logits: Floats) -> Floats:
    with np.errstate(over="ignore"):  # of exp; the answer is then 0
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def _answers(scores: Floats, first: Floats, last: Floats, points: Floats) -> Answers:
    boxes = np.concatenate([first, last], 1).astype(np.float32)
    return Answers(scores.astype(np.float32), boxes, points.reshape(-1, 5, 2).astype(np.float32))
