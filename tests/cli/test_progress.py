"""Progress on a terminal and elsewhere."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from facecap.batch.task import Advance, Failure, Result, Version
from facecap.cli import progress
from facecap.cli.batch_progress import BatchProgress
from facecap.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves, in seconds."""
    now = [0.0]
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def test_a_terminal_gets_one_line_that_renews_itself(clock):
    stream = Terminal()
    bar = Progress(stream=stream)
    bar.length = 100
    for frame in range(1, 51):
        clock[0] += 0.125
        bar.update(frame, frame, 2)
    bar.say("a message")
    lines = stream.getvalue().split("\r\x1b[K")
    assert lines[-2] == "frame 50 of 100 (50 %)  8.0 frames/s  2 captured  0:06 left"
    assert lines[-1] == "facecap: a message\n"  # on a line of its own
    assert len(lines) < 40


def test_a_log_gets_a_line_now_and_then(clock):
    stream = io.StringIO()
    bar = Progress(stream=stream)
    for frame in range(1, 121):
        clock[0] += 0.125
        bar.update(frame, frame, 0)
    assert stream.getvalue().splitlines() == [
        "facecap: frame 40  8.0 frames/s  0 captured",
        "facecap: frame 80  8.0 frames/s  0 captured",
        "facecap: frame 120  8.0 frames/s  0 captured",
    ]


def test_a_batch_tells_files_frames_and_the_time_that_is_left_once_a_minute(clock):
    stream = io.StringIO()
    bar = BatchProgress(stream=stream)
    bar.begin({"a": Version(600, 0), "b": Version(200, 0), "c": Version(200, 0)})
    clock[0] = 50
    bar.update(Result("b", Version(200, 0), {"frames": 1000}, [{}, {}], [], []))
    clock[0] = 60
    bar.update(Advance("a", 0.5, frames=800, captures=1))
    clock[0] = 100
    bar.update(Failure("c", "it cannot be opened"))
    clock[0] = 10_000
    bar.update(None)
    assert stream.getvalue().splitlines() == [
        "facecap: file 1 of 3 (50 %)  1800 frames  30.0 frames/s  3 captured  1:00 left",
        "facecap: file 2 of 3 (70 %)  1 left out  1800 frames  0.2 frames/s  3 captured  1:11:25 left",
    ]


def test_quiet_keeps_messages(clock):
    stream = io.StringIO()
    bar = Progress(quiet=True, stream=stream)
    clock[0] += 100
    bar.update(1, 1, 0)
    bar.say("left out x.jpg")
    assert stream.getvalue() == "facecap: left out x.jpg\n"
