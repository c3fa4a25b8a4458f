"""A WIDER FACE of two events and three pictures, in the official layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

EVENTS = {"0--Parade": ["0_Parade_a", "0_Parade_b"], "1--Handshaking": ["1_Handshaking_c"]}
BOXES = [[[10, 10, 20, 20], [60, 10, 30, 40]], np.zeros((0, 4)), [[5, 5, 40, 40]]]
HARD = [[1, 2], [], [1]]
EASY = [[2], [], [1]]


def cells(values: list[Any]) -> np.ndarray:
    array = np.empty((len(values), 1), object)
    for place, value in enumerate(values):
        array[place, 0] = value
    return array


def by_event(values: list[Any]) -> np.ndarray:
    return cells([cells(values[:2]), cells(values[2:])])


def write_ground_truth(folder: Path) -> Path:
    from scipy.io import savemat

    folder.mkdir(parents=True, exist_ok=True)
    names = [name for event in EVENTS.values() for name in event]
    content = {
        "event_list": cells(list(EVENTS)),
        "file_list": by_event(names),
        "face_bbx_list": by_event([np.array(boxes, np.int32).reshape(-1, 4) for boxes in BOXES]),
    }
    savemat(folder / "wider_face_val.mat", content)
    for subset, wanted in (("easy", EASY), ("medium", HARD), ("hard", HARD)):
        lists = by_event([np.array(one, np.uint8).reshape(-1, 1) for one in wanted])
        savemat(folder / f"wider_{subset}_val.mat", content | {"gt_list": lists})
    return folder


def write_images(folder: Path) -> Path:
    for event, names in EVENTS.items():
        (folder / event).mkdir(parents=True)
        for name in names:
            cv2.imwrite(str(folder / event / f"{name}.jpg"), np.zeros((90, 120, 3), np.uint8))
    return folder


def write_perfect(folder: Path) -> Path:
    """Predictions in the upstream layout that find every face."""
    names = [(event, name) for event, listed in EVENTS.items() for name in listed]
    for (event, name), boxes in zip(names, BOXES, strict=True):
        (folder / event).mkdir(parents=True, exist_ok=True)
        lines = [name, str(len(boxes))]
        lines += [" ".join(map(str, box)) + f" {0.9 - 0.1 * place}" for place, box in enumerate(boxes)]
        (folder / event / f"{name}.txt").write_text("\n".join(lines) + "\n")
    return folder
