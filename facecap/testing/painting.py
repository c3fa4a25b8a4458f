"""Frames in which the scripted models see what a test wants them to see."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from facecap import crop_rect
from facecap._checks import check_whole
from facecap.testing import _cell
from facecap.testing.faces import PaintedFace, face_landmarks

CROP_BORDER = 0.15
"""Of the scripted classifier."""
_SMALLEST, _LARGEST = 12, 640  # pixels of the detector's input: a side of a face
_MOST_SCALE = 8
_BLUE = {"no_mask": 0, "mask": 255, "incorrect": 191, "unknown": 128}  # of a face's crop
_FAR = 300  # pixels of the detector's input, at least, that a landmark may be away from the box's centre


def painted_frame(
    *faces: PaintedFace, size: tuple[int, int] = _cell.INPUT, fails: bool = False
) -> NDArray[np.uint8]:
    """A black frame with these faces in it.

    Keep the frame lossless (PNG, not JPEG), or box, points and mask are not those that were painted. JPEG
    does no harm to a face of the default side, points and mask whose x and y are odd multiples of a 160th of
    the frame's width.

    Args:
        faces: those of the frame, at most one in a cell of an 80th of the frame's width and a 45th of its
            height. Boxes that overlap by more than 0.4 hide each other, as from any detector.
        size: (width, height) in pixels: 640 x 360, or both 2 to 8 times as many.
        fails: whether the scripted detector fails in this frame.

    Returns:
        (height, width, 3) uint8, BGR.

    Raises:
        ValueError, TypeError: an argument is not as above, or a face cannot be painted in such a frame.
    """
    scale = _scale(size)
    frame = np.zeros((size[1], size[0], 3), np.uint8)
    cells: dict[tuple[int, int], PaintedFace] = {}
    for face in faces:
        place = _place(face, size, scale)
        if cells.setdefault(place, face) is not face:
            raise ValueError(f"{face} and {cells[place]} are in one cell, wanted them farther apart")
        if face.mask != "no_mask":
            _paint_mask(frame, face, scale)
    for (column, row), face in cells.items():
        numbers = _numbers(face, (column, row), scale)
        default = face.mask == "no_mask" and not numbers.any()  # white, which is the same in a JPEG
        cell = _cell.painted(numbers, _logit(face.score), 255 if default else _BLUE[face.mask])
        side = _cell.CELL * scale
        frame[row * side : (row + 1) * side, column * side : (column + 1) * side] = cell.repeat(
            scale, axis=0
        ).repeat(scale, axis=1)
    if fails:
        frame[:scale, :scale] = (0, 0, 255)
    return frame


def painted_frames(
    *walks: Sequence[PaintedFace | None], size: tuple[int, int] = _cell.INPUT, empty: int = 0
) -> Iterator[NDArray[np.uint8]]:
    """The frames of some walks at once, made one after the other.

    Args:
        walks: of each face what it is in frame 0, 1, and so on; None where it is not in the frame. It is away
            where its walk is over.
        size: (width, height) in pixels, as in `painted_frame`.
        empty: frames without a face that follow, so that tracks are lost.

    Yields:
        (height, width, 3) uint8, BGR.

    Raises:
        ValueError, TypeError: an argument is not as above.
    """
    _scale(size)
    count = check_whole("empty", empty, 0, 2**31)
    for each in walks:
        if not isinstance(each, Sequence):
            raise TypeError(f"a walk is {type(each).__name__}, wanted a list of PaintedFace and None")
    return _frames(walks, size, count)


def _frames(
    walks: Sequence[Sequence[PaintedFace | None]], size: tuple[int, int], empty: int
) -> Iterator[NDArray[np.uint8]]:
    for faces in zip_longest(*walks):
        yield painted_frame(*(face for face in faces if face is not None), size=size)
    for _ in range(empty):
        yield painted_frame(size=size)


def _scale(size: tuple[int, int]) -> int:
    """Frame pixels a pixel of the detector's input."""
    width, height = _cell.INPUT
    for scale in range(1, _MOST_SCALE + 1):
        if isinstance(size, tuple | list) and tuple(size) == (width * scale, height * scale):
            return scale
    raise ValueError(f"size is {size!r}, wanted ({width}, {height}) or both 2 to {_MOST_SCALE} times as many")


def _side(face: PaintedFace, scale: int) -> float:
    side = _cell.DEFAULT_SIDE * scale if face.side is None else face.side
    if not _SMALLEST * scale <= side <= _LARGEST * scale:
        raise ValueError(
            f"side of {face} is {side:g}, wanted {_SMALLEST * scale} to {_LARGEST * scale} pixels"
        )
    return side


def _box(face: PaintedFace, scale: int) -> NDArray[np.float64]:
    half = _side(face, scale) / 2
    return np.array([face.x - half, face.y - half, face.x + half, face.y + half])


def _place(face: PaintedFace, size: tuple[int, int], scale: int) -> tuple[int, int]:
    """Column and row of the cell that the box's centre is in."""
    if not isinstance(face, PaintedFace):
        raise TypeError(f"a face is {type(face).__name__}, wanted a PaintedFace")
    if not (face.x < size[0] and face.y < size[1]):
        raise ValueError(f"{face} lies outside of a frame of {size[0]}x{size[1]}")
    side = _cell.CELL * scale
    return int(face.x // side), int(face.y // side)


def _numbers(face: PaintedFace, place: tuple[int, int], scale: int) -> NDArray[np.float64]:
    """What the detector has to say of the cell beyond the default face."""
    centre = (np.array(place) + 0.5) * _cell.CELL * scale
    unit = _cell.CENTRE_VARIANCE * _cell.DEFAULT_SIDE * scale
    side = _side(face, scale)
    numbers = np.zeros(len(_cell.RANGES))
    numbers[:2] = (np.array([face.x, face.y]) - centre) / unit
    numbers[2:4] = math.log(side / (_cell.DEFAULT_SIDE * scale)) / _cell.SIZE_VARIANCE
    points = face_landmarks(_box(face, scale), face.yaw) if face.landmarks is None else face.landmarks
    numbers[4:] = np.ravel((np.asarray(points, np.float64) - centre) / unit) - _cell.default_points()
    far = np.abs(numbers) > _cell.RANGES
    if far.any():
        point = np.reshape(points, (-1, 2))[(int(far.argmax()) - 4) // 2]
        raise ValueError(
            f"a landmark of {face} is {point.tolist()}, wanted at most {_FAR * scale} pixels from the centre"
        )
    return np.round(numbers, 4)  # less than a step: a default face is one in spite of rounding


def _paint_mask(frame: NDArray[np.uint8], face: PaintedFace, scale: int) -> None:
    """Makes all blue that the crop will show, which the detector does not see."""
    height, width = frame.shape[:2]
    box = np.clip(_box(face, scale), 0, [width - 1, height - 1] * 2)  # as the detector clips it
    x1, y1, x2, y2 = crop_rect(box, (width, height), CROP_BORDER)
    # A pixel more: what the detector says of the box differs in the last digit.
    frame[max(y1 - 1, 0) : y2 + 1, max(x1 - 1, 0) : x2 + 1, 0] = _BLUE[face.mask]


def _logit(probability: float) -> float:
    low, high = _cell.SCORE_LOGITS
    if not 0 < probability < 1:
        return low if probability <= 0 else high
    return math.log(probability / (1 - probability))
