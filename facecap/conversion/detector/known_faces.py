"""Pictures with one known face each, by which a detector shows whether it is read as it was trained.

They are cut out of the photograph of `facecap.demo.portrait`, at several sizes and places, half of them
mirrored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.conversion.detector.families.answers import Answers
from facecap.conversion.detector.priors import MEAN
from facecap.demo.portrait import photograph
from facecap.evaluation.detector.average_precision import overlaps

Picture = NDArray[np.uint8]
Box = NDArray[np.float32]

SIDE = 320  # px of a picture
HEIGHTS = (24, 32, 44, 60, 84, 112, 150, 190)  # px of the faces
PLACES = ((0.5, 0.5), (0.2, 0.3), (0.8, 0.4), (0.35, 0.9))  # of what is left beside the cut-out
LEFT, TOP, RIGHT, BOTTOM = (60, 0, 480, 480)  # head and shoulders in the photograph
FACE = (181, 119, 361, 337)  # the face in the photograph
SCORE = 0.5  # from which an answer is a detection
OVERLAP = 0.5  # intersection over union from which it is the face


@dataclass(frozen=True)
class Seen:
    """How many of the known faces a detector found, `of` how many, and the mean overlap of their boxes, 0 to
    1."""

    found: int
    of: int
    overlap: float

    def __str__(self) -> str:
        text = f"finds {self.found} of {self.of} known faces"
        return f"{text}, their boxes overlapping by {self.overlap:.2f}" if self.found else text

    @property
    def enough(self) -> bool:
        """Whether it works: a detector that is read wrongly finds hardly any."""
        return self.found >= self.of / 2


def pictures() -> Iterator[tuple[Picture, Box]]:
    """BGR pictures of SIDE x SIDE, and the corners of the face in each."""
    head = photograph()[TOP:BOTTOM, LEFT:RIGHT]
    face = np.subtract(FACE, (LEFT, TOP, LEFT, TOP)).astype(np.float32)
    for number, height in enumerate(HEIGHTS):
        scale = height / float(face[3] - face[1])
        width, tall = round(head.shape[1] * scale), round(head.shape[0] * scale)
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        part = np.asarray(cv2.resize(head, (width, tall), interpolation=method), np.uint8)
        box = face * np.tile(np.divide((width, tall), head.shape[1::-1]), 2).astype(np.float32)
        if number % 2:
            part, box = part[:, ::-1], np.array([width - box[2], box[1], width - box[0], box[3]], np.float32)
        part, shown = part[:SIDE, :SIDE], (min(width, SIDE), min(tall, SIDE))
        share = PLACES[number % len(PLACES)]
        x, y = (round((SIDE - side) * part_of) for side, part_of in zip(shown, share, strict=True))
        canvas = np.full((SIDE, SIDE, 3), MEAN, np.uint8)
        canvas[y : y + shown[1], x : x + shown[0]] = part
        yield canvas, box + np.array([x, y, x, y], np.float32)


def compare(answers: Sequence[Answers]) -> Seen:
    """What a detector found whose answers to each of `pictures`, all of them, are these.

    A face is found where the surest answer to the picture is a detection that overlaps it.
    """
    found = []
    for (_, box), own in zip(pictures(), answers, strict=True):
        surest = int(own.scores[0].argmax())
        overlap = float(overlaps(box[None], own.boxes[0, surest : surest + 1])[0, 0])
        if own.scores[0, surest] >= SCORE and overlap >= OVERLAP:
            found.append(overlap)
    return Seen(len(found), len(answers), float(np.mean(found)) if found else 0.0)
