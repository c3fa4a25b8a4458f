"""Cameras that the service reads by itself: RTSP and Motion JPEG over HTTP."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from facecap import FacecapError
from facecap.addresses import shown_address
from facecap.sources import Frame, Limits, PictureError, Source, open_source

from .cameras import Cameras, PushedFrame
from .cameras.hours import Hours
from .frames.picture import refusal
from .problems import Problem

_log = logging.getLogger("facecap.service.pullers")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # seconds
_REST = 1.0
"""Seconds between two looks whether the camera's hours have begun."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A stream that is not there."""

    since: float
    """Seconds since 1970."""
    detail: str


class Pulled(Protocol):
    """A camera that the service reads, as reports see it."""

    @property
    def lost(self) -> Lost | None:
        """Why there is no stream, once one could not be had or was lost."""
        ...

    def report(self) -> dict[str, Any]:
        """How it gets on, in plain JSON types; from any thread."""
        ...


class Puller:
    """Reads one camera on a thread of its own, for ever: a connection that is lost is made again.

    Frames go to the camera one by one; what comes while one is at work is dropped and counted, as with any
    live source. Outside of the camera's hours there is no connection.
    """

    def __init__(
        self, name: str, url: str, limits: Limits, cameras: Cameras, hours: Hours | None = None
    ) -> None:
        self.name = name
        self.lost: Lost | None = None
        """Why there is no stream, once one could not be had or was lost."""
        self._url = url
        self._address = shown_address(url)
        self._limits = limits
        self._cameras = cameras
        self._hours = hours
        self._state: Literal["connecting", "streaming", "retrying", "resting", "stopped"] = "connecting"
        self._detail: str | None = None
        self._reconnects = 0
        self._dropped = 0
        self._next_index = 0
        self._stopping = threading.Event()
        self._source: Source | None = None
        self._thread = threading.Thread(target=self._run, name=f"facecap puller {name}", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end."""
        self._stopping.set()
        source = self._source  # which its thread may take away at any moment
        if source is not None:
            source.stop()

    def join(self, seconds: float) -> None:
        """Wait for the thread's end, but not longer for a camera that hangs."""
        self._thread.join(seconds)

    def report(self) -> dict[str, Any]:
        """How it gets on, in plain JSON types; from any thread."""
        source = self._source
        dropped = source.dropped if source is not None else 0
        return {
            "address": self._address,
            "state": self._state,
            "detail": self._detail,
            "reconnects": self._reconnects,
            "dropped": self._dropped + dropped,
        }

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            if self._is_at_rest:
                self._state, self._detail, self.lost = "resting", None, None
                self._stopping.wait(_REST)
                continue
            before = self._next_index
            try:
                self._read()
                trouble = f"{self._address}: the stream ended"
            except FacecapError as error:
                trouble = str(error)
            except Exception:
                _log.exception("camera %s cannot be read", self.name)
                trouble = "the service failed at this camera; its log says more"
            if self._stopping.is_set():
                break
            if self._is_at_rest:
                continue
            pause = _FIRST_PAUSE if self._next_index > before else min(2 * pause, _LONGEST_PAUSE)
            self._state, self._detail = "retrying", trouble
            self.lost = Lost(self.lost.since if self.lost else time.time(), trouble)
            self._reconnects += 1
            _log.warning("camera %s: %s; tried again in %g s", self.name, trouble, pause)
            self._stopping.wait(pause)
        self._state = "stopped"

    def _read(self) -> None:
        """One connection to its end."""
        source = open_source(
            self._url, limits=self._limits, left_out=self._leave_out, retries=0, encoded=True
        )
        self._source = source
        if self._stopping.is_set():
            source.stop()
        first = self._next_index
        try:
            with closing(source.frames()) as frames:
                for frame in frames:
                    if self._is_at_rest:
                        break
                    self._state, self._detail, self.lost = "streaming", None, None
                    self._next_index = first + frame.index + 1
                    self._push(frame, first + frame.index)
        finally:
            self._source = None
            self._dropped += source.dropped

    def _leave_out(self, error: PictureError) -> None:
        self._cameras.refuse(self.name, refusal(error))

    @property
    def _is_at_rest(self) -> bool:
        return self._hours is not None and not self._hours.open

    def _push(self, frame: Frame, index: int) -> None:
        now = time.monotonic()
        read = now if frame.read is None else frame.read
        pushed = PushedFrame(frame.picture, index, read, taken=time.time() - (now - read))
        done = threading.Event()
        try:
            self._cameras.submit(
                self.name,
                pushed,
                lambda result, problem: done.set(),
                "pull",
            )
        except Problem as problem:
            self._detail = problem.detail
            self._stopping.wait(_FIRST_PAUSE)
        else:
            done.wait()
