"""A tiny data folder in the layout that training and evaluation read: painted faces, bare and masked."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

LANDMARKS = [(44.0, 50.0), (76.0, 50.0), (60.0, 68.0), (48.0, 86.0), (72.0, 86.0)]
BOX = (26.0, 24.0, 94.0, 108.0)
COLUMNS = ["file", "label", "group", "split", "x1", "y1", "x2", "y2"]
COLUMNS += [f"lm{i}{axis}" for i in range(5) for axis in "xy"]


def paint_face(masked: bool, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A face of 120 x 120 x 3 BGR with its points at LANDMARKS."""
    image = np.full((120, 120, 3), rng.integers(60, 200, 3), np.uint8)
    skin = tuple(int(v) for v in np.array([140, 170, 220]) * rng.uniform(0.5, 1.1))
    cv2.ellipse(image, (60, 66), (34, 42), 0, 0, 360, skin, -1)
    for x in (44, 76):
        cv2.circle(image, (x, 50), 4, (30, 20, 20), -1)
    cv2.ellipse(image, (60, 86), (12, 4), 0, 0, 360, (60, 60, 170), -1)
    if masked:
        cv2.fillPoly(image, [np.array([(28, 64), (60, 60), (92, 64), (78, 106), (42, 106)])], (220, 200, 160))
    return image


def write_face_folder(root: Path, faces: int = 12) -> Path:
    """`mask/` with `faces` training faces a label and four for each other split, and `detect/fddb`."""
    rng = np.random.default_rng(5)
    rows = []
    for split, count in (("train", faces), ("val", 4), ("calib", 4)):
        for label in ("with_mask", "without_mask"):
            for number in range(count):
                name = f"{label}/{split}_{number}.png"
                _write(root / "mask" / name, paint_face(label == "with_mask", rng))
                rows.append([name, label, f"g{split}{label}{number}", split, *BOX, *np.ravel(LANDMARKS)])
    with (root / "mask" / "index.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    photos = []
    for split in ("train", "val"):
        for number in range(4):
            _write(root / "detect/fddb" / f"{split}_{number}.png", paint_face(False, rng))
            face = {"box": BOX, "landmarks": LANDMARKS}
            photos.append({"file": f"{split}_{number}.png", "split": split, "faces": [face]})
    (root / "detect/fddb/annotations.json").write_text(json.dumps(photos))
    return root


def _write(path: Path, image: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), image)
