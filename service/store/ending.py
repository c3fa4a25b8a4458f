"""How long a process that ends tries a database that fails."""

from __future__ import annotations

import math
import threading
import time

from .errors import StoreError

_LONG_SECONDS = 1.0
"""What fails sooner, as where nobody listens, may be tried again at any time."""


class Ending:
    """Once the time is up, nobody waits again for what has failed after a wait. For any number of threads."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._at = math.inf
        self._failure: str | None = None
        """The last, where it came after a wait and nothing has succeeded since."""

    def begin(self, seconds: float) -> None:
        """The process ends: its time is up after so long; where this comes again, at the earliest moment."""
        with self._changing:
            self._at = min(self._at, time.monotonic() + seconds)

    @property
    def time_is_up(self) -> bool:
        """Whether nothing is tried again and again any more."""
        return time.monotonic() > self._at

    def note(self, failure: str | None, seconds: float) -> None:
        """What came of a try that took so long; None: it succeeded."""
        if failure is None:
            self._failure = None
        elif seconds >= _LONG_SECONDS:
            self._failure = failure

    def check(self) -> None:
        """Raise `StoreError` in place of a try that would wait as the last one did."""
        if self._failure is not None and self.time_is_up:
            raise StoreError(f"{self._failure} (not tried again, as this process ends)")
