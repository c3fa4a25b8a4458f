"""Pipelines that wait until a test lets them go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from served import Served, running, settings_in

from facecap import Areas, CaptureConfig, Faces, FrameResult


class HeldPipeline:
    """Finds nothing; each frame waits until the test lets it go, and is written down."""

    config = CaptureConfig()
    areas = Areas()
    watching = False

    def __init__(self, seen: list[int], gate: threading.Semaphore | None = None) -> None:
        self._seen = seen
        self._gate = gate

    def process(self, image: Any, frame_index: int, timestamp: float | None) -> FrameResult:
        if self._gate is not None:
            assert self._gate.acquire(timeout=30)
        self._seen.append(frame_index)
        faces = Faces(
            np.empty((0, 4), np.float32),
            np.empty(0, np.float32),
            np.empty((0, 5, 2), np.float32),
            np.empty(0, np.int64),
            np.empty(0, np.bool_),
            np.empty(0, np.float32),
            np.empty((0, 3), np.float32),
            np.empty(0, np.bool_),
            np.empty(0, np.float32),
            np.empty(0, np.float32),
            (),
        )
        return FrameResult(frame_index, timestamp, faces, [], {"total": 0.0}, 0, 0)

    def flush(self) -> list[Any]:
        return []


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Serve pipelines that wait: the service, what they have seen, and the gate."""
    opened: list[Any] = []

    def start(**sections: Any) -> tuple[Served, list[int], threading.Semaphore]:
        seen: list[int] = []
        gate = threading.Semaphore(0)
        context = running(settings_in(tmp_path, **sections), lambda: HeldPipeline(seen, gate))
        opened.append((context, gate))
        return context.__enter__(), seen, gate

    yield start
    for context, gate in opened:
        gate.release(1000)
        context.__exit__(None, None, None)
