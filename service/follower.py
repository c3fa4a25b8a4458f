"""Who follows the journal from a place that is kept, in one process of several.

The journal is the outbox of whatever goes out: a follower's place says what it still has to do, through any
crash.
"""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from datetime import timedelta

from starlette.concurrency import run_in_threadpool

from .broker import Broker
from .store import Store, StoreError

_log = logging.getLogger("facecap.service")
LEASE = timedelta(seconds=60)
RENEW_SECONDS = 20.0
_STANDBY_SECONDS = 5.0
_STORE_PAUSE = 5.0


class Follower(ABC):
    """Works while it owns its place, by a lease that it renews; elsewhere it stands by.

    Args:
        place: under which the store keeps how far it is.
        what: how the log calls it.
        store: of the place.
        broker: of the events.
        owner: of the place, another in every process.
    """

    def __init__(self, place: str, what: str, store: Store, broker: Broker, owner: str) -> None:
        self.place = place
        self.position = 0
        """Last event that it is done with, as this process knows."""
        self._what = what
        self._store = store
        self._broker = broker
        self._owner = owner
        self._owned_until = 0.0

    @property
    def behind(self) -> int:
        """Events after its position, those included that are none of its."""
        return max(0, self._broker.position - self.position)

    async def run(self) -> None:
        """Follow until the broker closes."""
        while not self._ended:
            try:
                if await self._own():
                    await self._work()
                else:
                    self._stand_by()
                    await self._rest(_STANDBY_SECONDS)
            except StoreError as error:
                _log.error("%s waits for the store: %s", self._what, error)
                await self._rest(_STORE_PAUSE)
            except Exception:
                _log.exception("%s failed, and goes on", self._what)
                await self._rest(_STORE_PAUSE)

    @abstractmethod
    async def _work(self) -> None:
        """Do some of what is to be done, and come back before the lease ends."""

    @abstractmethod
    def _stand_by(self) -> None:
        """Another process owns the place."""

    @property
    def _ended(self) -> bool:
        return self._broker.closing.is_set()

    async def _own(self) -> bool:
        """Whether this process works, for the next while."""
        if time.monotonic() < self._owned_until - (LEASE.total_seconds() - RENEW_SECONDS):
            return True
        asked = time.monotonic()
        position = await run_in_threadpool(self._store.claim_hook, self.place, self._owner, LEASE)
        if position is None:
            self._owned_until = 0.0
            positions = await run_in_threadpool(self._store.hook_positions)
            self.position = positions.get(self.place, self.position)
            return False
        self._owned_until = asked + LEASE.total_seconds()
        if position < self.position:
            # Passed over since: noted now and then only, as nothing is lost by passing over it again.
            await run_in_threadpool(self._store.advance_hook, self.place, self._owner, self.position)
        self.position = max(position, self.position)
        return True

    async def _done_with(self, position: int) -> None:
        """Note, on the disk, that all up to an event is done."""
        if not await run_in_threadpool(self._store.advance_hook, self.place, self._owner, position):
            self._lose()
        self.position = position

    def _lose(self) -> None:
        """Another process has the place, or may have it: ask again."""
        self._owned_until = 0.0

    async def _wait(self, seconds: float) -> bool:
        """Keep the place for so long; False where all ended, or another has it now."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            await self._rest(min(left, RENEW_SECONDS))
            if self._ended or not await self._own():
                return False
        return True

    async def _rest(self, seconds: float) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._broker.closing.wait(), seconds)
