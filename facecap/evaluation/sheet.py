"""Pictures of the worst answers: crops in rows under a heading, each with some lines of text."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

COLUMNS = 10
SIDE = 144  # px of a drawn crop
LETTERS = 21  # that fit under a crop
LINE = 13
HEADING = 30
WRONG, RIGHT = (90, 90, 255), (120, 220, 120)  # BGR; a wrong answer has a frame too
FRAME = 3


def tile(crop: Image, lines: Sequence[str], *, wrong: bool) -> Image:
    """A crop (H, W, 3) BGR with lines of text below it, of which the last letters are kept where one is too
    long; a wrong answer in red and framed."""
    colour = WRONG if wrong else RIGHT
    drawn = np.asarray(cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC), np.uint8)
    if wrong:
        cv2.rectangle(drawn, (1, 1), (SIDE - 2, SIDE - 2), colour, FRAME)
    footer = np.zeros((len(lines) * LINE + 4, SIDE, 3), np.uint8)
    for place, text in enumerate(lines, start=1):
        at = (2, place * LINE)
        cv2.putText(footer, text[-LETTERS:], at, cv2.FONT_HERSHEY_PLAIN, 0.75, colour, 1, cv2.LINE_AA)
    return np.vstack([drawn, footer])


def sheet(parts: Sequence[tuple[str, Sequence[Image]]]) -> bytes:
    """A PNG of some headings, each with its tiles in rows below it; parts without tiles are left out."""
    rows = []
    for title, tiles in parts:
        if not tiles:
            continue
        heading = np.full((HEADING, COLUMNS * SIDE, 3), 60, np.uint8)
        at = (6, HEADING - 9)
        cv2.putText(heading, title, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
        filled = [*tiles, *[np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)]
        rows.append(heading)
        rows += [np.hstack(filled[start : start + COLUMNS]) for start in range(0, len(filled), COLUMNS)]
    whole = np.vstack(rows) if rows else np.zeros((HEADING, COLUMNS * SIDE, 3), np.uint8)
    return cv2.imencode(".png", whole)[1].tobytes()
