"""A camera or a network stream as a source: the latest frame, and reconnection with back-off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator

import numpy as np

from facecap.sources.base import Capture, Frame, LeftOut, Report, Source, SourceError
from facecap.sources.picture import EncodedPicture
from facecap.sources.picture_header import PictureError

_FIRST_DELAY = 0.5  # seconds
_LONGEST_DELAY = 10.0
_JOIN = 2.0


class LiveSource(Source):
    """Frames in their own time. One thread reads; a frame that is not taken before the next comes is dropped.

    A connection that is lost or cannot be made is tried again, up to `retries` times in a row, with doubling
    pauses.
    """

    live = True

    def __init__(
        self,
        name: str,
        connect: Callable[[], Capture],
        retries: int,
        report: Report,
        left_out: LeftOut = lambda error: None,
    ) -> None:
        """`connect` raises SourceError where it does not succeed."""
        super().__init__(name, report, left_out)
        self._connect = connect
        self._retries = retries
        self._news = threading.Condition()
        self._latest: Frame | None = None
        self._received = 0
        self._epoch = time.time() - time.monotonic()  # the wall clock may be set back, this one is not
        self._end: str | None = None
        self._fault: BaseException | None = None  # that nobody foresaw

    def frames(self) -> Generator[Frame, None, None]:
        """Frames until `stop`; raises SourceError when the retries are used up or reading breaks down."""
        reader = threading.Thread(target=self._run, name=f"facecap source {self.name}", daemon=True)
        reader.start()
        try:
            while not self._stopped.is_set():
                with self._news:
                    # The time limit lets a signal handler run while nothing comes.
                    self._news.wait_for(lambda: self._latest or self._end, timeout=0.2)
                    frame, self._latest = self._latest, None
                    end = self._end
                if frame is not None:
                    yield frame
                elif end is not None:
                    raise SourceError(end) from self._fault
        finally:
            self._stopped.set()
            reader.join(_JOIN)

    def _run(self) -> None:
        """The thread: whatever ends it, `frames` hears of it."""
        try:
            self._read()
        except BaseException as error:
            self._fault = error
            self._finish(f"{self.name}: reading it broke down: {type(error).__name__}: {error}")

    def _finish(self, end: str) -> None:
        with self._news:
            self._end = end
            self._news.notify()

    def _read(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                capture = self._connect()
            except SourceError as error:
                trouble = str(error)
            else:
                if self._read_connection(capture):
                    failures = 0
                trouble = f"{self.name}: the connection was lost"
            failures += 1
            if self._stopped.is_set():
                return
            if failures > self._retries:
                tried = f"; given up after {self._retries} retries" if self._retries else ""
                self._finish(trouble + tried)
                return
            delay = min(_FIRST_DELAY * 2 ** (failures - 1), _LONGEST_DELAY)
            self._report(f"{trouble}; retry {failures} of {self._retries} in {delay:g} s")
            self._stopped.wait(delay)

    def _read_connection(self, capture: Capture) -> bool:
        """Read until the connection ends; whether it was of use: at least half of its frames were whole."""
        before, damaged = self._received, self.damaged
        try:
            while not self._stopped.is_set():
                ok, image = capture.read()
                if not ok:
                    break
                if isinstance(image, PictureError):
                    self._leave_out(f"{self.name}: frame {self._received}", image)
                    self._received += 1
                    continue
                read = time.monotonic()
                picture = image if isinstance(image, EncodedPicture) else np.asarray(image, np.uint8)
                frame = Frame(self._received, self._epoch + read, picture, "", read)
                self._received += 1
                with self._news:
                    self.dropped += self._latest is not None
                    self._latest = frame
                    self._news.notify()
        finally:
            capture.release()
        came = self._received - before
        return came > 0 and 2 * (self.damaged - damaged) <= came
