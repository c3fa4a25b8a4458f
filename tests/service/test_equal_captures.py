"""A clip over HTTP and through `facecap run`: the same captures, to the last digit and pixel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from served import Served, running, settings_in

from facecap.demo import clip, portrait
from facecap.sources import open_source

Pushed = tuple[bytes, int, float]
"""A picture, its frame index and its timestamp."""


def test_pictures_of_a_camera(tmp_path: Path) -> None:
    folder = tmp_path / "clip"
    folder.mkdir()
    for number, frame in enumerate(clip.frames(portrait.load())):
        cv2.imwrite(str(folder / f"{number:03}.jpg"), frame)
    frames = (
        (file.read_bytes(), number, number / 25) for number, file in enumerate(sorted(folder.iterdir()))
    )
    captures = same_captures(tmp_path, frames, str(folder), "--fps", "25")
    assert {one["mask"] for one in captures} == {"mask", "no_mask"}


def test_frames_of_a_video(tmp_path: Path, shared: Path) -> None:
    video = str(shared / "data" / "video" / "facenet_video.mp4")
    assert len(same_captures(tmp_path, frames_of(video), video)) >= 5


def frames_of(video: str) -> Iterator[Pushed]:
    """Without loss."""
    for frame in open_source(video).frames():
        assert frame.timestamp is not None
        yield cv2.imencode(".png", frame.image)[1].tobytes(), frame.index, frame.timestamp


def same_captures(folder: Path, frames: Iterator[Pushed], *source: str) -> list[dict[str, Any]]:
    """What `facecap run` captures of a source, which is what the service captures of the same frames."""
    out = folder / "run"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FACECAP_")}
    command = [sys.executable, "-m", "facecap", "run", *source, "--out", str(out)]
    subprocess.run(command, env=environment, check=True, timeout=300)
    captures = [json.loads(line) for line in (out / "captures.jsonl").read_text().splitlines()]
    crops = [cv2.imread(str(out / capture.pop("crop"))) for capture in captures]
    with running(settings_in(folder)) as service:
        assert list(pushed(service, frames)) == captures
        listed = service.client.get("/v1/captures", params={"limit": 200}).json()["captures"]
        assert len(listed) == len(captures)
        for row, crop in zip(reversed(listed), crops, strict=True):
            stored = service.client.get(f"/v1/captures/{row['id']}/crop").content
            assert np.array_equal(cv2.imdecode(np.frombuffer(stored, np.uint8), 1), crop)
    return captures


def pushed(service: Served, frames: Iterator[Pushed]) -> Iterator[dict[str, Any]]:
    """Captures as they are answered."""
    for picture, index, seconds in frames:
        yield from service.push("clip", picture, frame_index=index, timestamp=seconds).json()["captures"]
    yield from service.client.post("/v1/cameras/clip/flush").json()["captures"]
