"""What stands behind a detection: which detectors see it, and what a teacher sees when it is shown the place
enlarged, many places on one canvas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.evaluation.detector.average_precision import areas, overlaps
from facecap.evaluation.detector.detection import Found
from facecap.training.detector.teacher import Floats, Teacher, suppress

Image = NDArray[np.uint8]

LOWEST = 0.15  # score from which a detector counts
SAME = 0.5  # overlap of two boxes of one face
NEAR = 0.1  # overlap from which a box may be of a face
TEACHER_LOWEST = 0.1  # score from which the teacher may be right
AGREED = ((0.6, 0.5), (0.75, 0.2))  # scores of the teacher and of the second best detector that make a face
TILE, SIDE = 160, 640  # px of a place and of the canvas
PLACES = (SIDE // TILE) ** 2
AROUND = 2.2  # side of what is shown of a place, as a multiple of its box's longer side


@dataclass(frozen=True)
class Candidate:
    """What detectors took for one face in a picture.

    Attributes:
        boxes: (D, 4), of the detectors that found it, highest score first.
        score: the highest.
        second: the highest of another detector, 0 where there is none.
        alone: whether nothing else that may be a face is near.
    """

    boxes: Floats
    score: float
    second: float
    alone: bool


def candidates(found: Sequence[Found]) -> list[Candidate]:
    """What the detectors found in one picture, face by face, highest score first."""
    rows = [
        np.column_stack([one.boxes, np.full(len(one.boxes), place), one.scores])
        for place, one in enumerate(found)
    ]
    every = np.concatenate([np.zeros((0, 6)), *rows]).astype(np.float32)
    every = every[every[:, 5] >= LOWEST]
    result = []
    for best in suppress(every, SAME):
        overlap = overlaps(best[None, :4], every[:, :4])[0]
        same = every[overlap >= SAME]
        same = same[np.argsort(-same[:, 5], kind="stable")]
        others = same[same[:, 4] != best[4], 5]
        seen = near(every[:, :4], best[None, :4]) & (every[:, 4] != best[4])
        second = float(others.max(initial=0))
        result.append(Candidate(_one_each(same), float(best[5]), second, not seen.any()))
    return result


def _one_each(rows: Floats) -> Floats:
    """The first box of every detector."""
    _, first = np.unique(rows[:, 4], return_index=True)
    return rows[np.sort(first), :4]


def near(boxes: Floats, regions: Floats) -> NDArray[np.bool_]:
    """Which boxes overlap a region, lie in one by half or hold one by half."""
    low = np.maximum(boxes[:, None, :2], regions[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], regions[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    smaller = np.minimum(areas(boxes)[:, None], areas(regions)[None])
    found: NDArray[np.bool_] = ((overlaps(boxes, regions) >= NEAR) | (shared > 0.5 * smaller)).any(1)
    return found


def empty_square(
    found: Sequence[Found], known: Floats, size: tuple[int, int], rng: np.random.Generator
) -> Floats:
    """A square (1, 4) at a random place where no detector sees anything, none (0, 4) where ten tries fail;
    `size` is width and height."""
    regions = np.concatenate([known, *(one.boxes for one in found)])
    for _ in range(10):
        side = float(np.exp(rng.uniform(np.log(20), np.log(max(21, 0.6 * min(size))))))
        left, top = (float(rng.uniform(0, max(length - side, 1))) for length in size)
        square = np.array([[left, top, left + side, top + side]], np.float32)
        if not near(square, regions)[0]:
            return square
    return np.zeros((0, 4), np.float32)


@dataclass(frozen=True)
class Tile:
    """A place enlarged: its pixels, and how a point of the picture comes to lie there: (point - corner) *
    scale."""

    pixels: Image
    corner: NDArray[np.int64]
    scale: float


def enlarge(image: Image, box: Floats) -> Tile:
    """A square about a box, as far as the picture goes."""
    height, width = image.shape[:2]
    centre = (box[:2] + box[2:]) / 2
    half = AROUND * float((box[2:] - box[:2]).max()) / 2
    low = np.clip(np.floor(centre - half), 0, (width - 1, height - 1)).astype(int)
    high = np.clip(np.ceil(centre + half), low + 1, (width, height)).astype(int)
    part = image[low[1] : high[1], low[0] : high[0]]
    scale = TILE / max(part.shape[:2])
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return Tile(np.asarray(cv2.resize(part, size, interpolation=method), np.uint8), low, scale)


def ask(teacher: Teacher, tiles: Sequence[Tile]) -> list[Floats]:
    """The teacher's faces in each of at most `PLACES` tiles, (N, 15) in pixels of their pictures."""
    canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
    row = SIDE // TILE
    for place, tile in enumerate(tiles):
        top, left = TILE * (place // row), TILE * (place % row)
        height, width = tile.pixels.shape[:2]
        canvas[top : top + height, left : left + width] = tile.pixels
    faces = teacher.detect(canvas)
    centres = (faces[:, :2] + faces[:, 2:4]) / 2 // TILE
    answers = []
    for place, tile in enumerate(tiles):
        corner = np.array([place % row, place // row], np.float32)
        own = faces[(centres == corner).all(1)].copy()
        own[:, :14] = (own[:, :14] - np.tile(corner * TILE, 7)) / tile.scale + np.tile(tile.corner, 7)
        answers.append(own)
    return answers


def same_face(box: Floats, faces: Floats) -> Floats | None:
    """The teacher's face (15,) that a box is of."""
    if not len(faces):
        return None
    overlap = overlaps(box[None], faces[:, :4])[0]
    best = int(overlap.argmax())
    return faces[best] if overlap[best] >= SAME else None


def agreed(teacher: float, second: float) -> bool:
    """Whether these scores make a face. The teacher alone takes heads of animals for faces."""
    return any(teacher >= sure and second >= other for sure, other in AGREED)
