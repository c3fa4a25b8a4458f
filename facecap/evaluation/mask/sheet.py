"""The worst answers of a mask classifier on one picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.evaluation.mask.answers import THRESHOLD, Answers

COLUMNS, ROWS = 10, 4
SIDE = 144  # px of a drawn crop
LINE = 13
LETTERS = 21  # that fit under a crop


def contact_sheet(answers: Sequence[Answers]) -> bytes:
    """A PNG with the worst answers of every set, worst first, each with its set, label, probability of a mask
    and file; wrong ones in red."""
    rows = []
    for entry in answers:
        worst = np.argsort(-entry.errors(), kind="stable")[: COLUMNS * ROWS]
        tiles = [_tile(entry, int(index)) for index in worst]
        tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
        rows += [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    _, code = cv2.imencode(".png", cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
    return code.tobytes()


def _tile(entry: Answers, index: int) -> NDArray[np.uint8]:
    part = entry.part
    crop = cv2.resize(part.crops[index], (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    footer = np.zeros((2 * LINE + 4, SIDE, 3), np.uint8)
    colour = (255, 90, 90) if entry.errors()[index] > THRESHOLD else (120, 220, 120)
    label = "mask" if part.masked[index] else "bare"
    lines = (f"{part.name} {label} {entry.probabilities[index]:.3f}", part.origins[index][-LETTERS:])
    for place, text in enumerate(lines, start=1):
        cv2.putText(footer, text, (2, place * LINE), cv2.FONT_HERSHEY_PLAIN, 0.75, colour, 1, cv2.LINE_AA)
    return np.vstack([np.asarray(crop, np.uint8), footer])
