"""The order of calls: Ray starts those of an asynchronous actor in any."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress

_LOST_SECONDS = 2.0
"""A call that has not come by then will not: its connection broke."""
_SESSIONS = 64
"""That are known at once, the newest."""


class Turns:
    """Lets the calls of each session pass in the order of their numbers, from 0."""

    def __init__(self) -> None:
        self._sessions: OrderedDict[str, _Session] = OrderedDict()

    def begin(self, session: str) -> None:
        """Expect calls of a session."""
        self._sessions[session] = _Session()
        if len(self._sessions) > _SESSIONS:
            self._sessions.popitem(last=False)

    def knows(self, session: str) -> bool:
        """Whether the session has begun here; one of another process has not."""
        return session in self._sessions

    async def come(self, session: str, number: int) -> None:
        """Wait until every call with a smaller number has passed."""
        waiting = self._sessions[session]
        if number > waiting.next:
            turn = waiting.turns[number] = asyncio.get_running_loop().create_future()
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(turn, _LOST_SECONDS)
            waiting.turns.pop(number, None)

    def passed(self, session: str, number: int) -> None:
        """The call has what it came for; the next one may pass."""
        waiting = self._sessions.get(session)
        if waiting is None:
            return
        waiting.next = max(waiting.next, number + 1)
        turn = waiting.turns.get(waiting.next)
        if turn is not None and not turn.done():
            turn.set_result(None)


class _Session:
    def __init__(self) -> None:
        self.next = 0
        self.turns: dict[int, asyncio.Future[None]] = {}
