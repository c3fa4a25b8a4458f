"""The golden set: a walk bare-faced and one with a mask, and the captures that every way has to give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap._files import write_atomic
from facecap.demo import clip, portrait

Image = NDArray[np.uint8]
Captures = list[dict[str, Any]]

INPUT_SIZE = (480, 384)
"""Width and height of the detector's input, pixels."""
CONFIG: dict[str, Any] = {
    "mode": "auto",
    "min_hits": 5,
    "interval": 5,
    "max_captures": 3,
    "miss_limit": 10,
}
"""Options of `CaptureConfig`."""
EXPECTED = Path(__file__).with_name("golden_captures.json")

_EVERY = 3  # of the demo's frames: the simulator takes seconds for each


def frames() -> list[Image]:
    """The frames, 480 x 640 x 3, BGR.

    Raises:
        FacecapError: the demo's photograph is missing: pip install 'facecap[demo]'.
    """
    return list(clip.frames(portrait.load()))[::_EVERY]


def write_frames(folder: Path) -> int:
    """Write the frames as PNG files, for programs that read them; returns how many there are."""
    pictures = frames()
    for index, picture in enumerate(pictures):
        _, png = cv2.imencode(".png", picture)
        write_atomic(folder / f"{index:04d}.png", png.tobytes())
    return len(pictures)


def expected() -> Captures:
    """The captures of the default models through ONNX Runtime, as lines of `captures.jsonl` without crops."""
    captures: Captures = json.loads(EXPECTED.read_text())["captures"]
    return captures


def write_expected(captures: Captures) -> None:
    """Make these captures the expected ones, for the day on which a default model changes."""
    about = {"input_size": INPUT_SIZE, "config": CONFIG, "captures": captures}
    write_atomic(EXPECTED, (json.dumps(about, indent=1) + "\n").encode())
