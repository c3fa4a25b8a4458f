"""What broke in the thread that reads a live source ended it in silence, and its user waited for ever."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from facecap.sources import SourceError, open_source
from facecap.sources.live import LiveSource


class Breaking:
    """Gives two frames and then breaks."""

    def __init__(self, fault: BaseException) -> None:
        self.fault = fault
        self.left = 2
        self.released = False

    def read(self) -> tuple[bool, Any]:
        if self.left == 0:
            raise self.fault
        self.left -= 1
        return True, np.zeros((4, 4, 3), np.uint8)

    def release(self) -> None:
        self.released = True


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "fault", [MemoryError("no room"), cv2.error("bad"), RuntimeError("x"), SystemExit(3)]
)
def test_a_reader_that_breaks_is_reported(fault: BaseException) -> None:
    capture = Breaking(fault)
    source = LiveSource("camera", lambda: capture, 5, lambda text: None)
    with pytest.raises(SourceError, match=rf"camera: .*{type(fault).__name__}") as error:
        list(source.frames())
    assert error.value.__cause__ is fault
    assert capture.released


@pytest.mark.timeout(20)
def test_a_connection_that_breaks_is_reported() -> None:
    def connect() -> Breaking:
        raise RuntimeError("nobody thought of this")

    with pytest.raises(SourceError, match="nobody thought of this"):
        list(LiveSource("camera", connect, 5, lambda text: None).frames())


@pytest.mark.timeout(20)
def test_a_report_that_breaks_is_logged() -> None:
    def report(text: str) -> None:
        raise ValueError("the log is closed")

    source = open_source("rtsp://127.0.0.1:1/cam", report=report)
    with pytest.raises(SourceError, match="the log is closed"):
        list(source.frames())
