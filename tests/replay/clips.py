"""Clips, and what is captured of them while it is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

import facecap
from facecap.replay import Recorder, Recording, read_recording

Picture = np.ndarray[Any, np.dtype[np.uint8]]


def record(
    capture: facecap.FaceCapture, pictures: Iterable[Picture], *, every_look: bool = True, fps: float = 25
) -> tuple[Recording, list[facecap.Capture]]:
    """The recording as it comes back from its files, and the captures with those of the end."""
    recorder = Recorder(capture, every_look=every_look)
    header, lines, captures = recorder.header(), [], []
    for number, picture in enumerate(pictures):
        result = capture.process(picture, timestamp=number / fps)
        captures += result.captures
        lines.append(recorder.frame(result, picture))
    return read_back(header, lines), captures + capture.flush()


def read_back(header: dict[str, Any], lines: list[dict[str, Any]]) -> Recording:
    return read_recording(
        json.dumps(header).encode(),
        [json.dumps(line).encode() + b"\n" for line in lines],
        ("header", "lines"),
    )


def events(captures: Iterable[Any]) -> list[tuple[Any, ...]]:
    """All that is known of captures of a run and of a replay, exact."""
    return [
        (
            *(c.kind, c.track_id, c.sequence, c.frame, c.shot_frame, c.timestamp),
            *np.float32(c.box).tolist(),
            float(np.float32(c.score)),
            round(c.quality, 6),
        )
        for c in captures
    ]
