"""A folder as `facecap train refiner-crops` leaves it, of drawn faces and noise."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

POINTS = [[48, 52], [72, 52], [60, 64], [50, 76], [70, 76]]


def write_crop_folder(folder: Path, faces: int = 24, others: int = 24) -> Path:
    """Faces are light ovals with dark points, everything else is noise; each eighth is held out."""
    rng = np.random.default_rng(0)
    for kind, count in (("faces", faces), ("walls", others)):
        (folder / kind).mkdir(parents=True)
        lines = []
        for number in range(count):
            image = rng.integers(0, 90, (120, 120, 3), np.uint8)
            if kind == "faces":
                cv2.ellipse(image, (60, 64), (26, 34), 0, 0, 360, (190, 200, 220), -1)
                for x, y in POINTS:
                    cv2.circle(image, (x, y), 3, (30, 30, 40), -1)
            file = f"{kind}/{number:05}.png"
            cv2.imwrite(str(folder / file), image)
            entry = {
                "file": file,
                "source": kind,
                "picture": file,
                "part": "val" if number % 8 == 0 else "train",
                "face": kind == "faces",
                "scale": 0.5,
                "boxes": [[34, 30, 86, 98], [32, 31, 88, 99]],
                "points": POINTS if kind == "faces" else None,
            }
            entry |= {"points_by": "people"} if kind == "faces" else {"score": 0.6}
            lines.append(json.dumps(entry))
        (folder / f"{kind}.jsonl").write_text("".join(f"{line}\n" for line in lines))
    return folder
