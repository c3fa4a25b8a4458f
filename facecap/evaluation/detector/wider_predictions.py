"""Detections as text files in the layout of WIDER FACE: `<event>/<picture>.txt`.

The first line is the picture's name, the second the number of faces; then one face a line: left, top, width
and height in pixels, and the score.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facecap._files import write_atomic
from facecap.errors import FacecapError
from facecap.evaluation.detector.detection import Found

SHOWN = 5


class _Damaged(Exception):
    pass


def read_predictions(folder: Path, entries: Sequence[Mapping[str, Any]]) -> list[Found]:
    """Detections of every picture; raises `FacecapError` with the files that are missing or damaged."""
    if not folder.is_dir():
        raise FacecapError(f"{folder}: no such folder; --predictions wants one folder an event")
    found, wrong = [], []
    for entry in entries:
        path = folder / prediction_name(entry)
        try:
            found.append(_parse(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            wrong.append(f"{prediction_name(entry)}: no such file")
        except (_Damaged, UnicodeDecodeError) as error:
            wrong.append(f"{prediction_name(entry)}: {error}")
    if wrong:
        rest = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise FacecapError(
            f"{folder}: {len(wrong)} of {len(entries)} prediction files cannot be used: "
            + "; ".join(wrong[:SHOWN])
            + rest
        )
    return found


def write_predictions(folder: Path, entries: Sequence[Mapping[str, Any]], found: Sequence[Found]) -> None:
    """One file a picture, also where nothing was found."""
    for entry, detections in zip(entries, found, strict=True):
        path = folder / prediction_name(entry)
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [path.stem, str(len(detections.scores))]
        for (x1, y1, x2, y2), score in zip(
            detections.boxes.tolist(), detections.scores.tolist(), strict=True
        ):
            lines.append(f"{x1:.3f} {y1:.3f} {x2 - x1:.3f} {y2 - y1:.3f} {score:.7f}")
        write_atomic(path, ("\n".join(lines) + "\n").encode())


def prediction_name(entry: Mapping[str, Any]) -> str:
    """The file of a picture, relative to the folder of predictions."""
    return f"{entry['event']}/{Path(entry['file']).stem}.txt"


def _parse(text: str) -> Found:
    lines = text.splitlines()
    if len(lines) < 2 or not re.fullmatch(r"\d{1,9}", lines[1].strip(), re.ASCII):
        raise _Damaged("wanted the picture's name, then the number of faces")
    faces = [line.split() for line in lines[2:] if line.strip()]
    if len(faces) != int(lines[1]):
        raise _Damaged(f"says {lines[1].strip()} faces, has {len(faces)}")
    values = np.zeros((len(faces), 5), np.float32)
    for place, face in enumerate(faces):
        try:
            x, y, width, height, score = map(float, face)
        except ValueError:
            raise _Damaged(f"line {place + 3}: wanted x y width height score") from None
        if not all(map(math.isfinite, (x, y, width, height, score))):
            raise _Damaged(f"line {place + 3}: not finite")
        values[place] = x, y, x + width, y + height, score
    values = values[np.argsort(-values[:, 4], kind="stable")]
    return Found(values[:, :4], values[:, 4])
