"""A data folder of a mask classifier, written for one test: noise for faces."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

RANDOM = np.random.default_rng(1)


POINTS = (8, 10, 16, 10, 12, 13, 9, 16, 15, 16)  # eyes, nose, corners of the mouth


def write_faces(data: Path, count: int = 8, *, landmarks: bool = False) -> Path:
    """mask/ with `count` faces of each label and split, and detect/fddb with bare ones; those of mask/ with
    landmarks where asked for."""
    (data / "mask").mkdir(parents=True)
    (data / "detect" / "fddb").mkdir(parents=True)
    named = "".join(f",lm{point}{axis}" for point in range(5) for axis in "xy") if landmarks else ""
    points = "".join(f",{value}" for value in POINTS) if landmarks else ""
    rows = [f"file,label,group,split,x1,y1,x2,y2{named},score,n_faces"]
    for index in range(6 * count):
        label = ("with_mask", "without_mask")[index % 2]
        split = ("calib", "val", "train")[index // 2 % 3]
        cv2.imwrite(str(data / "mask" / f"{index}.png"), RANDOM.integers(0, 256, (24, 24, 3), dtype=np.uint8))
        rows.append(f"{index}.png,{label},{index},{split},4,4,20,20{points},,1")
    (data / "mask" / "index.csv").write_text("\n".join(rows) + "\n")
    entries = []
    for index in range(count):
        image = RANDOM.integers(0, 256, (48, 64, 3), dtype=np.uint8)
        cv2.imwrite(str(data / "detect" / "fddb" / f"{index}.png"), image)
        face = {"box": [8, 8, 40, 40], "landmarks": None}
        entries.append({"file": f"{index}.png", "split": "train", "faces": [face], "extra": []})
    (data / "detect" / "fddb" / "annotations.json").write_text(json.dumps(entries))
    return data
