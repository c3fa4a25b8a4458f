"""Progress of a run on standard error: one renewed line on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_TERMINAL_INTERVAL = 0.2  # seconds
_LOG_INTERVAL = 5.0


class Progress:
    """Says how far a run is; messages pass through it, so that they do not run into the line."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self.length: int | None = None
        """Frames in all, None where it is not known."""
        self._quiet = quiet
        self._stream = stream if stream is not None else sys.stderr
        self._terminal = self._stream.isatty()
        self._interval = _TERMINAL_INTERVAL if self._terminal else _LOG_INTERVAL
        self._start = self._last = time.monotonic()
        self._shown = False

    def update(self, place: int, frames: int, captures: int) -> None:
        """`place`: frames of the source behind us; `frames`: those that were processed."""
        now = time.monotonic()
        if self._quiet or now - self._last < self._interval:
            return
        self._last = now
        self._show(self.line(place, frames, captures, now - self._start))

    def line(self, place: int, frames: int, captures: int, elapsed: float) -> str:
        """The text of one line after `elapsed` seconds."""
        rate = frames / elapsed if elapsed > 0 else 0.0
        parts = [f"frame {place}", f"{rate:.1f} frames/s", f"{captures} captured"]
        if self.length:
            left = elapsed * max(self.length - place, 0) / place
            parts[0] += f" of {self.length} ({100 * place / self.length:.0f} %)"
            parts.append(f"{int(left) // 60}:{int(left) % 60:02d} left")
        return "  ".join(parts)

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
