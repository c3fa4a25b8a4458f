"""Recordings on the disk: their size, their age, and what goes wrong there."""

from __future__ import annotations

import errno
import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scripted
from served import Served, eventually, running, settings_in
from test_replay import CAPTURE, answer, files, push

import facecap
from facecap.replay import replay as replayed
from facecap.testing import scripted_pipeline
from facecap_service.recordings import Recordings, reading, recordings
from facecap_service.recordings.writer import Writer
from facecap_service.store_settings import Replay

A = (37, 20)
LEFT = [(0, 0), (0.5, 0), (0.5, 1), (0, 1)]
FRAME = scripted.frame(A)


@pytest.fixture
def capture() -> facecap.FaceCapture:
    return scripted_pipeline(facecap.CaptureConfig(mode="fast", min_hits=2, interval=3, max_captures=0))


Keeping = Callable[..., Recordings]


@pytest.fixture
def keeping(tmp_path: Path) -> Iterator[Keeping]:
    """Makes recordings with settings."""
    with ExitStack() as stack:

        def make(folder: Path = tmp_path, **settings: Any) -> Recordings:
            kept = Recordings(folder, Replay(frames=True, **settings))
            stack.callback(kept.close)
            return kept

        yield make


def feed(kept: Recordings, capture: facecap.FaceCapture, count: int) -> int:
    captures = 0
    for _ in range(count):
        result = capture.process(FRAME)
        kept.add("door", capture, result, FRAME)
        captures += len(result.captures)
    return captures


def stored(service: Served) -> list[Any]:
    found: list[Any] = service.client.get("/v1/captures", params={"limit": 200}).json()["captures"]
    return found


def read(kept: Recordings) -> reading.Kept:
    return kept.read("door", 0.0, float("inf"))


def test_files_of_one_pipeline_are_one_recording(keeping, tmp_path, capture, monkeypatch):
    monkeypatch.setattr(recordings, "_LARGEST_SPAN", 3000)
    kept = keeping()
    captures = feed(kept, capture, 15)
    capture.areas = facecap.Areas(ignore=[LEFT])
    captures += feed(kept, capture, 10)
    capture.areas = facecap.Areas()
    captures += feed(kept, capture, 15)
    captures += len(capture.flush())
    assert len(list(tmp_path.rglob("*.jsonl"))) > 3
    found = read(kept)
    assert not found.damaged
    [recording] = found.recordings
    assert [frame.index for frame in recording.frames] == list(range(40))
    again = replayed(recording)
    assert len(again.captures) == captures
    assert list(again.reasons.values()).count("outside_area") == 10


def test_a_pipeline_that_began_anew_begins_a_recording(keeping, tmp_path, capture):
    kept = keeping()
    feed(kept, capture, 4)
    capture.flush()
    capture.reset()
    feed(kept, capture, 3)
    other = scripted_pipeline(facecap.CaptureConfig(min_hits=1))
    feed(kept, other, 2)
    assert [len(recording.frames) for recording in read(kept).recordings] == [4, 3, 2]


def test_a_clock_that_runs_back_begins_a_recording(keeping, tmp_path, capture):
    kept = keeping()
    first = capture.process(FRAME, timestamp=100.0)
    kept.add("door", capture, first, FRAME)
    kept.add("door", capture, replace(first, frame_index=1, timestamp=50.0), FRAME)
    assert [len(recording.frames) for recording in read(kept).recordings] == [1, 1]


def test_the_oldest_are_removed_beyond_a_size(keeping, tmp_path, capture):
    kept = keeping(max_bytes=1024 * 1024)
    crowd = scripted.frame(*[(10 + 9 * i, 5 + 9 * j) for i in range(7) for j in range(4)])
    for _ in range(400):
        kept.add("door", capture, capture.process(crowd), crowd)
    size = sum(path.stat().st_size for path in tmp_path.rglob("*.jsonl"))
    assert 0.7 * 2**20 < size < 1.1 * 2**20
    [recording] = read(kept).recordings
    assert recording.frames[-1].index == 399 and recording.frames[0].index > 20


def test_what_is_too_old_is_removed_also_where_nothing_is_kept_any_more(keeping, tmp_path, capture):
    feed(keeping(), capture, 2)
    [file] = tmp_path.rglob("*.jsonl")
    off = Recordings(tmp_path, Replay(keep_hours=2))
    off.remove_old(time.time() + 1.9 * 3600)
    assert file.exists()
    off.remove_old(time.time() + 2.1 * 3600)
    assert not file.exists()


def test_retention_removes_recordings(tmp_path: Path, pipeline: dict[str, Any]) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline, replay={"frames": True, "keep_hours": 1})
    with running(settings) as service:
        push(service, 2, A)
    [file] = files(tmp_path)
    os.utime(file, (0, time.time() - 7200))
    with running(settings) as service:
        push(service, 1, A)
        assert answer(service)["frames"] >= 1
        eventually(lambda: not file.exists())


def test_all_of_a_camera_can_be_removed(keeping, tmp_path, capture):
    kept = keeping()
    feed(kept, capture, 3)
    kept.remove("door")
    assert read(kept).recordings == []
    feed(kept, capture, 2)
    assert [len(recording.frames) for recording in read(kept).recordings] == [2]


@pytest.mark.parametrize(
    "remove",
    [lambda other: other.remove("door"), lambda other: other.remove_old(time.time() + 25 * 3600)],
    ids=["with its camera", "by its age"],
)
def test_what_another_service_removed_begins_anew_with_the_next_frame(
    keeping: Keeping, capture: facecap.FaceCapture, remove: Callable[[Recordings], None]
) -> None:
    kept, other = keeping(), keeping()
    feed(kept, capture, 3)
    remove(other)
    skipped = capture.process(FRAME)
    kept.add("door", capture, skipped, None)  # a recording begins with a frame whose size is known
    assert read(other).recordings == []
    feed(kept, capture, 2)
    found = read(other)
    assert not found.damaged
    [recording] = found.recordings
    assert [frame.index for frame in recording.frames] == [4, 5]


def test_a_full_disk_costs_the_recording_and_no_frame(keeping, tmp_path, capture, monkeypatch, caplog):
    monkeypatch.setattr(recordings, "_PAUSE_SECONDS", 0.0)
    kept = keeping()
    feed(kept, capture, 3)
    whole = Writer.write

    def full(self: Writer, *arguments: object) -> None:
        self._stream.write(b'{"half')
        self._stream.truncate(self.size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Writer, "write", full)
    feed(kept, capture, 3)
    monkeypatch.setattr(Writer, "write", whole)
    feed(kept, capture, 3)
    assert "camera door: its recording has a gap: [Errno 28] No space left" in caplog.text
    found = read(kept)
    assert not found.damaged
    kept_frames = [[frame.index for frame in recording.frames] for recording in found.recordings]
    assert kept_frames == [[0, 1, 2], [6, 7, 8]]


def test_a_full_disk_is_not_filled_with_empty_files(keeping, tmp_path, capture, monkeypatch):
    class Full(io.FileIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    tried = []

    def full(path: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if mode != "xb":
            return whole(path, mode, *arguments, **named)
        tried.append(path)
        return Full(path, "x")

    whole, kept = Path.open, keeping()
    monkeypatch.setattr(Path, "open", full)
    assert feed(kept, capture, 30) > 3
    assert not list(tmp_path.rglob("*.jsonl"))
    assert len(tried) < 30


def test_whatever_fails_in_a_recording_costs_no_capture(
    tmp_path: Path, pipeline: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(Writer, "write", broken)
    with running(
        settings_in(tmp_path, pipeline=pipeline, capture=CAPTURE, replay={"frames": True})
    ) as service:
        captures = push(service, 9, A)
        assert captures and len(stored(service)) == captures


def test_a_camera_that_is_removed_while_it_sends_loses_no_capture(
    tmp_path: Path, pipeline: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, removals = Writer.write, []

    def write(self: Writer, *arguments: Any) -> None:
        removal = threading.Thread(target=service.services.recordings.remove, args=("door",))
        removals.append(removal)
        removal.start()
        removal.join(0.1)  # it has this frame's recording to wait for
        whole(self, *arguments)

    with running(
        settings_in(tmp_path, pipeline=pipeline, capture=CAPTURE, replay={"frames": True})
    ) as service:
        captures = push(service, 2, A)
        monkeypatch.setattr(Writer, "write", write)
        captures += push(service, 4, A)
        monkeypatch.setattr(Writer, "write", whole)
        for removal in removals:
            removal.join()
        assert captures and len(stored(service)) == captures
        assert not files(tmp_path)
        push(service, 3, A)
        assert answer(service)["frames"] == 3


def test_a_folder_that_cannot_be_made_is_no_trouble_of_a_frame(keeping, tmp_path, capture, caplog):
    (tmp_path / "file").write_text("")
    kept = keeping(tmp_path / "file")
    assert feed(kept, capture, 3) == 1
    assert "camera door: its recording has a gap" in caplog.text
    assert read(kept) == reading.Kept()


def test_more_than_is_read_at_once_is_refused(keeping, tmp_path, capture, monkeypatch):
    kept = keeping()
    feed(kept, capture, 3)
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    with pytest.raises(reading.TooMuch, match="at most 100 are read at once: ask for less time"):
        read(kept)


def test_more_frames_than_are_replayed_at_once_are_refused(
    tmp_path: Path, pipeline: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_FRAMES", 6, raising=False)
    with running(settings_in(tmp_path, pipeline=pipeline, replay={"frames": True})) as service:
        push(service, 6, A)
        assert answer(service)["frames"] == 6
        service.client.post("/v1/cameras/door/flush")
        push(service, 1, A)
        refused = service.client.post("/v1/replay", json={"camera": "door"})
    assert (refused.status_code, refused.json()["code"]) == (422, "too_much_recorded")
    assert "7 frames are kept of this time, at most 6 are read at once" in refused.json()["detail"]


def test_frames_of_other_sizes_are_replayed_in_theirs(keeping, tmp_path, capture):
    kept = keeping()
    small = np.ascontiguousarray(FRAME[::3, ::3])
    kept.add("door", capture, capture.process(FRAME), FRAME)
    kept.add("door", capture, capture.process(small), small)
    [recording] = read(kept).recordings
    assert [frame.size for frame in recording.frames] == [(1920, 1080), (640, 360)]
