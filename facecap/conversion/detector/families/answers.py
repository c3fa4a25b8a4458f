"""What a family of detectors is on the Python side, and what several share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Answers:
    """All answers of a network to N pictures, by level, row, column and anchor, in pixels of its input.

    `scores` (N, answers), `boxes` (N, answers, 4) as x1 y1 x2 y2, `landmarks` (N, answers, 5, 2).
    """

    scores: Floats
    boxes: Floats
    landmarks: Floats


@dataclass(frozen=True)
class PublicFile:
    """How a family's public ONNX file is known, and what it means.

    Attributes:
        scores: outputs of one number a row that each level has, beside one of 4 and one of 10.
        input: `color`, `mean` and `std` of a manifest.
        keys: keys that a manifest's section `detector` has of this family alone, from the answers a cell.
        corners: x1 y1 x2 y2 (N, 4) from the rows of 4 and the columns and rows (N, 2) of their cells; all in
            strides.
    """

    scores: int
    input: Mapping[str, Any]
    keys: Callable[[int], dict[str, Any]]
    corners: Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Family:
    """What a family's forms mean, by their names in a manifest, each decoded as
    `facecap.conversion.detector.families.decode` says; `public` is None where no file of others is read."""

    forms: Mapping[str, Callable[[Mapping[str, Floats], Mapping[str, Any], tuple[int, int]], Answers]]
    public: PublicFile | None = None


def levels(outputs: Mapping[str, Floats], manifest: Mapping[str, Any]) -> list[tuple[int, Floats]]:
    """Stride and output (N, C, H, W) of every level, strides ascending."""
    found = [(int(entry["stride"]), outputs[entry["name"]]) for entry in manifest["outputs"]]
    return sorted(found, key=lambda level: level[0])


def cells(level: Floats) -> Floats:
    """An output (N, C, H, W) as rows of channels (N, H W, C)."""
    count, channels = level.shape[:2]
    rows: Floats = np.moveaxis(level, 1, -1).reshape(count, -1, channels)
    return rows


def corners(level: Floats, anchors: int = 1) -> Floats:
    """Column and row of the cell of every answer of a level, (H W anchors, 2)."""
    rows, columns = np.mgrid[: level.shape[2], : level.shape[3]]
    places = np.stack([columns, rows], -1).reshape(-1, 2).astype(np.float32)
    return np.repeat(places, anchors, 0)


def by_anchor(level: Floats, anchors: int) -> tuple[Floats, Floats, Floats]:
    """Logits (N, A), box numbers (N, A, 4) and point numbers (N, A, 10) of all answers of a level whose
    channels are those of RetinaFace and SCRFD."""
    rows = cells(level)
    logits, boxes, points = np.split(rows, [anchors, 5 * anchors], axis=2)
    count = len(rows)
    return logits.reshape(count, -1), boxes.reshape(count, -1, 4), points.reshape(count, -1, 10)


def sigmoid(logits: Floats) -> Floats:
    """Probabilities of logits."""
    with np.errstate(over="ignore"):  # of exp; the answer is then 0
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def joined(parts: Sequence[tuple[Floats, Floats, Floats]]) -> Answers:
    """Scores (N, A), boxes (N, A, 4) and points (N, A, 10) of each level, as answers."""
    scores, boxes, points = (np.concatenate(part, 1) for part in zip(*parts, strict=True))
    landmarks = points.reshape(*points.shape[:2], 5, 2)
    return Answers(*(np.asarray(values, np.float32) for values in (scores, boxes, landmarks)))
