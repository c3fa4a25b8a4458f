"""A tiny folder of pictures in one sub-folder a class: discs of a colour for each class."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

COLOURS = {"blue": (220, 60, 40), "green": (40, 200, 60), "red": (40, 50, 220)}  # BGR


def paint(name: str, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """60 x 80 x 3 BGR."""
    image = rng.integers(90, 130, (60, 80, 3)).astype(np.uint8)
    centre = (int(rng.integers(25, 55)), int(rng.integers(20, 40)))
    cv2.circle(image, centre, 18, COLOURS[name], -1)
    return image


def write_class_folder(root: Path, counts: Mapping[str, int], seed: int = 0) -> Path:
    """`root/<class>/<number>.png`, as many as `counts` says of each class."""
    rng = np.random.default_rng(seed)
    for name, count in counts.items():
        folder = root / name
        folder.mkdir(parents=True)
        for number in range(count):
            cv2.imwrite(str(folder / f"{number:02d}.png"), paint(name, rng))
    return root
