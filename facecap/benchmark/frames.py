"""Frames with as many faces as a benchmark wants, tiled from one photograph in the public domain."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import Detector
from facecap.demo.portrait import photograph


def crowd(faces: int, width: int = 640, height: int = 480) -> NDArray[np.uint8]:
    """A BGR picture of `faces` heads in a grid, each with its surroundings."""
    photo = photograph()
    x1, y1, x2, y2 = Detector().detect(photo).boxes[0]
    margin = 0.45 * (x2 - x1)
    top, left = max(0, int(y1 - margin)), max(0, int(x1 - margin))
    head = photo[top : int(y2 + margin), left : int(x2 + margin)]
    columns = int(np.ceil(np.sqrt(faces * width / height)))
    rows = -(-faces // columns)
    cell = (width // columns, height // rows)
    tile = cv2.resize(head, cell, interpolation=cv2.INTER_AREA)
    picture = np.full((height, width, 3), 96, np.uint8)
    for i in range(faces):
        row, column = divmod(i, columns)
        # Neighbours differ a little, as people do.
        face = cv2.convertScaleAbs(tile[:, ::-1] if i % 2 else tile, alpha=0.85 + 0.05 * (i % 7))
        picture[row * cell[1] : (row + 1) * cell[1], column * cell[0] : (column + 1) * cell[0]] = face
    return picture
