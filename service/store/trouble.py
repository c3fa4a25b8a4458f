"""Since when captures cannot be stored."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import StoreError

_REMEMBERED_SECONDS = 60.0


class Trouble:
    """What came of the last captures. For any number of threads."""

    def __init__(self) -> None:
        self.since: float | None = None
        """Seconds since 1970; None while captures are stored."""
        self._last: tuple[float, StoreError] | None = None
        """The last failure of a capture, and when by `time.monotonic`."""
        self._tried = -math.inf

    @contextmanager
    def noted(self, *, tried_out: bool = False) -> Iterator[None]:
        """Note whether storing, in the block, fails; `tried_out`: it is of no capture that waits."""
        try:
            yield
        except StoreError as error:
            self.since = self.since or time.time()
            if not tried_out:
                self._last = time.monotonic(), error
            raise
        if not tried_out:
            self._last = None
        if self._last is None:
            self.since = None

    def trial_is_due(self, seconds: float) -> bool:
        """Whether the last trial was so long ago, or captures cannot be stored; then one begins."""
        now = time.monotonic()
        due = self.since is not None or now - self._tried >= seconds
        if due:
            self._tried = now
        return due

    def check(self) -> None:
        """Raise what a capture failed with last, while that is less than a minute ago."""
        last = self._last
        if last is None:
            return
        if time.monotonic() - last[0] < _REMEMBERED_SECONDS:
            raise last[1]
        # Nobody sends the capture again.
        self._last = self.since = None
