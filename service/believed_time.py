"""A wall clock by which things are deleted: one that jumps is not believed at once."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta

from .store.times import now

_log = logging.getLogger("facecap.service")
_PROBATION = timedelta(hours=1)
_TOLERANCE = timedelta(minutes=1)
"""By so much a clock may be corrected, or a machine may have slept, unnoticed."""


class BelievedTime:
    """The present moment, never later than it can be.

    A clock that was not seen yet, or that has jumped, is believed after an hour without a jump. Until then
    time goes on from what was believed before, by a clock that nobody sets.

    Args:
        known: a moment that has passed, such as when the last capture came; None where there is none.
    """

    def __init__(self, known: datetime | None) -> None:
        self._wall, self._steady = now(), _steady()
        self._believed = self._wall if known is None else min(known, self._wall)
        self._since = self._steady

    def look(self) -> datetime:
        """The present moment, UTC."""
        wall, steady = now(), _steady()
        passed, ahead = steady - self._steady, (wall - self._wall) - (steady - self._steady)
        self._wall, self._steady = wall, steady
        if abs(ahead) > _TOLERANCE:
            self._since = steady
            text = "the clock jumped by %.0f s: what is too old by it alone is kept for another hour"
            _log.warning(text, ahead.total_seconds())
        if steady - self._since >= _PROBATION:
            self._believed = wall
        else:
            self._believed = min(wall, self._believed + passed)
        return self._believed


def _steady() -> timedelta:
    return timedelta(seconds=time.monotonic())
