"""Captures of recorded faces, again and with other settings, without the pictures: docs/replay.md."""

from facecap.replay.changes import KINDS, Change, Kind, compare
from facecap.replay.engine import Replayed, ReplayedCapture, replay
from facecap.replay.recording import (
    FRAMES,
    HEADER,
    RecordedFrame,
    Recorder,
    Recording,
    read_recording,
    read_run,
)

__all__ = [
    "FRAMES",
    "HEADER",
    "KINDS",
    "Change",
    "Kind",
    "RecordedFrame",
    "Recorder",
    "Recording",
    "Replayed",
    "ReplayedCapture",
    "compare",
    "read_recording",
    "read_run",
    "replay",
]
