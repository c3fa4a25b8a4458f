"""Video files and animated GIFs as sources."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

import cv2
import numpy as np
import pytest

from facecap.sources import Limits, SourceError, open_source


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        pass


def write_clip(path: Path, frames: int = 30, fps: float = 20.0, codec: str = "MJPG") -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (64, 48))
    if not writer.isOpened():
        pytest.skip(f"this OpenCV has no {codec} encoder")
    for number in range(frames):
        writer.write(np.full((48, 64, 3), min(8 * number, 255), np.uint8))
    writer.release()


@pytest.mark.parametrize(("name", "codec"), [("clip.mp4", "mp4v"), ("clip.avi", "MJPG")])
def test_frames_come_in_order_with_their_times(tmp_path: Path, name: str, codec: str) -> None:
    write_clip(tmp_path / name, codec=codec)
    source = open_source(str(tmp_path / name))
    frames = list(source.frames())
    assert (source.length, source.fps) == (30, 20.0)
    assert [frame.index for frame in frames] == list(range(30))
    assert [frame.timestamp for frame in frames] == pytest.approx([n / 20 for n in range(30)], abs=0.002)
    assert all(abs(int(frame.image.mean()) - 8 * frame.index) < 6 for frame in frames)
    assert (source.damaged, source.ended_early) == (0, False)


def test_an_animated_gif_keeps_the_durations_of_its_frames(tmp_path: Path) -> None:
    if not hasattr(cv2, "imwriteanimation"):
        pytest.skip("this OpenCV writes no animations")
    animation = cv2.Animation()
    animation.frames = [np.full((48, 64, 3), 40 * n, np.uint8) for n in range(4)]
    animation.durations = np.array([100, 300, 50, 100], np.int32)
    cv2.imwriteanimation(str(tmp_path / "moving.gif"), animation)
    frames = list(open_source(str(tmp_path / "moving.gif")).frames())
    assert [frame.timestamp for frame in frames] == pytest.approx([0, 0.1, 0.4, 0.45], abs=0.011)
    assert all(frame.image.shape == (48, 64, 3) for frame in frames)


def test_a_video_that_is_cut_short_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    write_clip(path, frames=60)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    said: list[str] = []
    source = open_source(str(path), report=said.append)
    found = len(list(source.frames()))
    assert 0 < found < 60
    if source.length == 60:  # where the header of the file still says
        assert source.ended_early
        assert "of 60 frames" in said[-1]


def test_a_file_that_is_no_video_is_named(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("no video " * 50)
    with pytest.raises(SourceError, match=r"notes\.mp4: it cannot be opened as a video"):
        open_source(str(tmp_path / "notes.mp4"))


def test_frames_beyond_the_limit_are_refused(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.avi")
    with pytest.raises(SourceError, match=r"64 x 48 pixels, the limit is 100"):
        open_source(str(tmp_path / "clip.avi"), limits=Limits(pixels=100))


@pytest.mark.parametrize("clip", ["facenet_video.mp4", "intel_people-detection.gif"])
def test_real_clips_are_read_to_their_end(shared: Path, clip: str) -> None:
    source = open_source(str(shared / "data" / "video" / clip))
    frames = list(source.frames())
    times = [frame.timestamp for frame in frames]
    assert len(frames) == source.length
    assert all(b > a for a, b in pairwise(times))
    assert (source.damaged, source.ended_early) == (0, False)


def test_a_video_behind_http_is_a_file_with_an_end(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mp4", codec="mp4v")
    serve = partial(QuietHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        source = open_source(f"http://127.0.0.1:{server.server_port}/clip.mp4")
        assert not source.live
        assert [frame.index for frame in source.frames()] == list(range(30))
        server.shutdown()
