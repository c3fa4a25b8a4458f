"""The worst answers of a mask classifier on one picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.evaluation.mask.answers import THRESHOLD, Answers
from facecap.evaluation.sheet import COLUMNS, sheet, tile

ROWS = 4


def contact_sheet(answers: Sequence[Answers]) -> bytes:
    """A PNG with the worst answers of every set, worst first, each with its label, probability of a mask and
    file; wrong ones in red."""
    return sheet([_part(entry) for entry in answers])


def _part(entry: Answers) -> tuple[str, list[NDArray[np.uint8]]]:
    worst = np.argsort(-entry.errors(), kind="stable")[: COLUMNS * ROWS]
    wrong = int((entry.errors() > THRESHOLD).sum())
    title = (
        f"{entry.part.name}: the {len(worst)} worst of {len(entry.part.masked)} faces, {wrong} wrong (red)"
    )
    return title, [_tile(entry, int(index)) for index in worst]


def _tile(entry: Answers, index: int) -> NDArray[np.uint8]:
    part = entry.part
    crop = np.asarray(cv2.cvtColor(part.crops[index], cv2.COLOR_RGB2BGR), np.uint8)
    label = "mask" if part.masked[index] else "bare"
    lines = (f"{label}, P(mask) {entry.probabilities[index]:.3f}", part.origins[index])
    return tile(crop, lines, wrong=bool(entry.errors()[index] > THRESHOLD))
