"""Recordings of all cameras: written frame by frame, and held within a time and a size."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facecap import FaceCapture, FrameResult

from .. import logs
from ..store_settings import Replay
from . import files
from .reading import Kept, read
from .writer import Writer

_SPAN_SECONDS = 600.0
_SPANS = 16
"""Files that `max_bytes` are made of at least: what is removed is a whole one."""
_LARGEST_SPAN = 4 * 1024 * 1024
_PAUSE_SECONDS = 5.0
"""After a recording could not be written, before another is begun."""
_LOCKS = 16
"""Shared by all cameras, as there may be any number of names."""
_log = logging.getLogger("facecap.service.recordings")


class Recordings:
    """Keeps what cameras found, where the settings ask for it. Methods may be called from any thread."""

    def __init__(self, folder: Path, settings: Replay) -> None:
        """`folder`: where the recordings lie; it need not be there."""
        self.on = settings.frames
        """Whether frames are kept."""
        self.replaying = threading.Lock()
        """Held while a replay reads them: one at a time has the processor to itself long enough."""
        self._folder = folder
        self._settings = settings
        self._writers: dict[str, Writer] = {}
        self._pauses: dict[str, float] = {}
        """Until when, by `time.monotonic`, a camera begins no recording."""
        self._locks = [threading.Lock() for _ in range(_LOCKS)]
        self._removing = threading.Lock()
        self._seldom = logs.Seldom(_log)
        self._span_bytes = min(_LARGEST_SPAN, settings.max_bytes // _SPANS)

    def add(
        self, camera: str, capture: FaceCapture, result: FrameResult, image: NDArray[np.uint8] | None
    ) -> None:
        """Keep what `capture` found in a frame; `image` is None where it was skipped.

        What cannot be written is logged and lost, and none is begun for some seconds.
        """
        if not self.on:
            return
        with self._lock(camera):
            try:
                self._add(camera, capture, result, image)
            except Exception as error:  # whatever it is, the frame's captures are to be stored
                self._end(camera)
                self._pauses[camera] = time.monotonic() + _PAUSE_SECONDS
                said = error if isinstance(error, OSError) else repr(error)
                self._seldom.error("write", "camera %s: its recording has a gap: %s", camera, said)

    def flushed(self, camera: str) -> None:
        """Every visit of the camera has ended."""
        with self._lock(camera):
            if (writer := self._writers.get(camera)) is not None:
                writer.flushed = True

    def read(self, camera: str, begin: float, end: float) -> Kept:
        """What is kept of a camera, files that meet the time from `begin` to `end`, in seconds since 1970.

        Raises:
            TooMuch: it is more than is read at once.
        """
        spans = files.spans(self._folder, camera)
        return read([span for span in spans if span.end >= begin and span.begin <= end])

    def end(self, camera: str) -> None:
        """The camera's pipeline is gone."""
        with self._lock(camera):
            self._end(camera)

    def remove(self, camera: str) -> None:
        """Remove all that is kept of a camera; where it sends, what comes later begins a recording."""
        with self._lock(camera):
            self._end(camera)
            for span in files.spans(self._folder, camera):
                span.path.unlink(missing_ok=True)

    def remove_old(self, now: float) -> None:
        """Remove what is older than `keep_hours` or beyond `max_bytes`; `now` in seconds since 1970.

        Raises:
            OSError: a file cannot be removed.
        """
        self._remove(now - self._settings.keep_hours * 3600)

    def _remove(self, oldest: float) -> None:
        with self._removing:
            kept = [span for name in files.cameras(self._folder) for span in files.spans(self._folder, name)]
            total = sum(span.size for span in kept)
            for span in sorted(kept):
                if span.end < oldest or total > self._settings.max_bytes:
                    span.path.unlink(missing_ok=True)
                    total -= span.size

    def close(self) -> None:
        """Close all files."""
        for camera in list(self._writers):
            self.end(camera)

    def _lock(self, camera: str) -> threading.Lock:
        """Held by whoever writes, ends or removes recordings of the camera."""
        return self._locks[hash(camera) % _LOCKS]

    def _add(
        self, camera: str, capture: FaceCapture, result: FrameResult, image: NDArray[np.uint8] | None
    ) -> None:
        writer = self._writers.get(camera)
        if writer is not None and writer.is_removed:  # by another service, or to make room
            self._end(camera)
            writer = None
        if writer is None and (image is None or time.monotonic() < self._pauses.get(camera, 0.0)):
            return  # a recording begins with a frame whose size is known
        now = time.time()
        if writer is None or not writer.goes_on(capture, result):
            writer = self._begin(camera, Writer(capture), now)
        elif writer.size >= self._span_bytes or not 0 <= now - writer.began < _SPAN_SECONDS:
            writer = self._begin(camera, writer, now)
        writer.write(result, image, now)

    def _end(self, camera: str) -> None:
        self._pauses.pop(camera, None)
        if (writer := self._writers.pop(camera, None)) is not None:
            writer.close()

    def _begin(self, camera: str, writer: Writer, now: float) -> Writer:
        """Go on in a new file, and make room for it."""
        earlier = self._writers.get(camera)
        if earlier is not None and earlier is not writer:
            earlier.close()
        self._writers[camera] = writer
        writer.begin(files.new_path(self._folder, camera, now), now)
        with suppress(OSError):  # retention says it; that also knows whether the clock can be believed
            self._remove(0.0)
        return writer
