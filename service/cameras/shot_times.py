"""When shots were taken, where frames are distinguished by a clock that nobody sets."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

_STEP = 0.05
"""Seconds; a wall clock that is corrected by less goes on as it was."""
_KEPT = 1000


class ShotTimes:
    """The wall clock at every moment of a steady one, through corrections of the wall clock."""

    def __init__(self) -> None:
        self._changes: deque[tuple[float, float]] = deque(maxlen=_KEPT)
        """Since which moment the wall clock is ahead by how much, of both in seconds."""

    def note(self, steady: float, wall: float) -> None:
        """Both clocks, now; `steady` does not run back."""
        ahead = wall - steady
        if not self._changes or abs(ahead - self._changes[-1][1]) > _STEP:
            self._changes.append((steady, ahead))

    def wall(self, steady: float) -> float:
        """Seconds since 1970 at an earlier moment of the steady clock; one at least was noted."""
        place = bisect_right(self._changes, steady, key=lambda change: change[0])
        return steady + self._changes[max(0, place - 1)][1]
