"""What happened in the last minute: by kind how often, and since when without a pause."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque

_SECONDS = 60.0
_SPAN = 5.0
"""Seconds that are counted together."""


class LastMinute:
    """Counts by name, for any number of threads; names are few.

    Every method takes the moment by `time.monotonic`; None: now.
    """

    def __init__(self) -> None:
        self._spans: deque[tuple[float, Counter[str]]] = deque()
        self._runs: dict[str, tuple[float, float]] = {}
        """Of a name, when it happened first without a pause of a minute, in seconds since 1970, and last."""
        self._changing = threading.Lock()

    def add(self, name: str, now: float | None = None) -> None:
        """It happened."""
        now = time.monotonic() if now is None else now
        with self._changing:
            if not self._spans or now - self._spans[-1][0] >= _SPAN:
                self._drop(now)
                self._spans.append((now, Counter()))
            self._spans[-1][1][name] += 1
            begin, last = self._runs.get(name, (0.0, now - _SECONDS))
            self._runs[name] = (time.time() if now - last >= _SECONDS else begin), now

    def counts(self, now: float | None = None) -> Counter[str]:
        """How often each happened."""
        now = time.monotonic() if now is None else now
        with self._changing:
            self._drop(now)
            return sum((counts for _, counts in self._spans), Counter())

    def since(self, name: str) -> float | None:
        """Since when it happens without a pause of a minute, in seconds since 1970."""
        with self._changing:
            run = self._runs.get(name)
        return run[0] if run is not None else None

    def _drop(self, now: float) -> None:
        while self._spans and now - self._spans[0][0] >= _SECONDS:
            self._spans.popleft()
