"""Refusals are answered no faster than a client can use them: a client that comes again at once, whatever it
was told, would take the processor from those who are within their means."""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Hashable
from contextlib import suppress

KEY_REFUSED = frozenset({401, 403})
"""Statuses of refusals to whom no key let in."""
HELD = KEY_REFUSED | {429, 503}
"""Statuses of refusals that take no work, so that a client may come again many times a second."""
LONGEST_SECONDS = 1.0
_A_SECOND, _AT_ONCE = 5.0, 10
_STREAMED_A_SECOND = 50
"""More than a camera has frames."""
_MOST_CLIENTS = 4096


class Pace:
    """How long each refusal waits: not at all at first, then longer and longer, up to a second.

    Args:
        a_second: refusals that never wait.
        at_once: as many more of them may come together.
    """

    __slots__ = ("_ahead", "_due", "_step")

    def __init__(self, a_second: float, at_once: int) -> None:
        self._step = 1 / a_second
        self._ahead = at_once * self._step
        self._due = -math.inf

    def pause(self, now: float) -> float:
        """Seconds that the next refusal waits; `now` by `time.monotonic`."""
        due = max(self._due, now - self._ahead) + self._step
        self._due = min(due, now + LONGEST_SECONDS)
        return max(0.0, self._due - now)


class Paces:
    """A pace for each client, of those that were refused last."""

    def __init__(self, a_second: float, at_once: int) -> None:
        """As `Pace`."""
        self._a_second = a_second
        self._at_once = at_once
        self._of: OrderedDict[Hashable, Pace] = OrderedDict()

    def pause(self, client: Hashable) -> float:
        """Seconds that the next refusal waits; `client`: whose refusals wait for each other."""
        pace = self._of.get(client)
        if pace is None:
            pace = self._of[client] = Pace(self._a_second, self._at_once)
            if len(self._of) > _MOST_CLIENTS:
                self._of.popitem(last=False)
        self._of.move_to_end(client)
        return pace.pause(time.monotonic())


class Refusals:
    """Holds back answers, on the event loop.

    Args:
        stopping: is set when nothing is held back any more.
        most: so many are held back at once; what comes beyond is answered, as a connection cannot be kept.
    """

    def __init__(self, stopping: asyncio.Event, most: int) -> None:
        self._stopping = stopping
        self._most = most
        self._held = 0
        self._paces = Paces(_A_SECOND, _AT_ONCE)

    async def hold(self, client: Hashable) -> None:
        """Wait with a refusal; `client`: as for `Paces`."""
        pause = self._paces.pause(client)
        if not pause or self._held >= self._most:
            return
        self._held += 1
        try:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), pause)
        finally:
            self._held -= 1


def of_streams() -> Paces:
    """How long a stream is not read from after a frame of it was refused."""
    return Paces(_STREAMED_A_SECOND, _STREAMED_A_SECOND)
