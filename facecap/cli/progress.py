"""Progress of a run on standard error: one renewed line on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

_TERMINAL_INTERVAL = 0.2  # seconds
_LOG_INTERVAL = 5.0


class ProgressLine:
    """A line that renews itself; messages pass through it, so that they do not run into it."""

    def __init__(
        self, *, quiet: bool = False, stream: TextIO | None = None, log_interval: float = _LOG_INTERVAL
    ) -> None:
        """`log_interval`: seconds from line to line where there is no terminal."""
        self._quiet = quiet
        self._stream = stream if stream is not None else sys.stderr
        self._terminal = self._stream.isatty()
        self._interval = _TERMINAL_INTERVAL if self._terminal else log_interval
        self._shown = False
        self.restart()

    def restart(self) -> None:
        """Count the seconds from now on."""
        self._start = self._last = time.monotonic()

    def renew(self, line: Callable[[float], str]) -> None:
        """Show the line anew where it is time to; `line` is called with the seconds since the start."""
        now = time.monotonic()
        if self._quiet or now - self._last < self._interval:
            return
        self._last = now
        self._show(line(now - self._start))

    def say(self, text: str) -> None:
        """A message of its own."""
        self.clear()
        print(f"facecap: {text}", file=self._stream, flush=True)

    def clear(self) -> None:
        """Wipe the renewing line."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False

    def _show(self, line: str) -> None:
        if self._terminal:
            self._stream.write(f"\r\x1b[K{line}")
            self._shown = True
        else:
            self._stream.write(f"facecap: {line}\n")
        self._stream.flush()


class Progress(ProgressLine):
    """Says how far a run is."""

    length: int | None = None
    """Frames in all, None where it is not known."""

    def update(self, place: int, frames: int, captures: int) -> None:
        """`place`: frames of the source behind us; `frames`: those that were processed."""
        self.renew(lambda elapsed: self.line(place, frames, captures, elapsed))

    def line(self, place: int, frames: int, captures: int, elapsed: float) -> str:
        """The text of one line after `elapsed` seconds."""
        rate = frames / elapsed if elapsed > 0 else 0.0
        parts = [f"frame {place}", f"{rate:.1f} frames/s", f"{captures} captured"]
        if self.length:
            parts[0] += f" of {self.length} ({100 * place / self.length:.0f} %)"
            parts.append(time_left(elapsed, place / self.length))
        return "  ".join(parts)


def time_left(elapsed: float, share: float) -> str:
    """In words, where `elapsed` seconds did this share of the work, above 0."""
    left = int(elapsed * max(1 / share - 1, 0))
    hours, minutes, seconds = left // 3600, left // 60 % 60, left % 60
    return f"{hours}:{minutes:02d}:{seconds:02d} left" if hours else f"{minutes}:{seconds:02d} left"
