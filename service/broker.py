"""Hands the journal's events to everybody who follows it, in this process.

One task reads the database for all; who has fallen behind reads it alone, from where he stands. So nobody
waits for a slow reader, and none loses anything. What other processes write and delete is seen because the
task looks twice a second; of SQLite, at whether anybody has written at all.

What was deleted is sent to nobody any more, so everything that is in memory is dropped when its capture goes:
the recent events here, what was read meanwhile, and by `removals` what a reader still has in hand.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import islice

from starlette.concurrency import run_in_threadpool

from .store import Event, Store, StoreError

_log = logging.getLogger("facecap.service")
_POLL_SECONDS = 0.5
_RECENT = 512
_BATCH = 128


class Broker:
    """What happened lately, and a wait for what comes next."""

    def __init__(self, store: Store, position: int) -> None:
        self._store = store
        self._recent: deque[Event] = deque(maxlen=_RECENT)
        # `_recent` has all events above `_floor` and up to `position`.
        self._floor = position
        self.position = position
        """Id of the last event that this process has seen."""
        self.closing = asyncio.Event()
        """Nothing will come any more: the service stops."""
        self.followers = 0
        """Streams that are open."""
        self.removals = 0
        """Grows whenever events are deleted: what was read before may be of captures that are gone."""
        self._news = asyncio.Event()
        self._written = asyncio.Event()
        self._version: int | None = None
        """Of the store, before it was read last for what other processes wrote; None: it must be read."""
        self._ending = False

    async def after(self, position: int, wait: float) -> tuple[list[Event], int]:
        """Some of the events after `position`, oldest first, or none where `wait` seconds bring none.

        Returns:
            The events, and where to go on. That can be further on without any event, as events are deleted.

        Raises:
            StoreError: the database failed.
        """
        if position >= self.position and not self.closing.is_set():
            news = self._news
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(news.wait(), wait)
        seen = self.position
        if position < self._floor:
            events = await self.stored_after(position, _BATCH)
        else:
            events = list(islice((event for event in self._recent if event.id > position), _BATCH))
        last = events[-1].id if events else position
        return events, last if len(events) == _BATCH else max(last, seen)

    async def stored_after(self, position: int, limit: int) -> list[Event]:
        """Events after `position` as the database has them now, oldest first, up to `limit`.

        Raises:
            StoreError: the database failed.
        """
        while True:
            removals = self.removals
            events = await run_in_threadpool(self._store.events_after, position, limit)
            if removals == self.removals:
                return events

    def end(self) -> None:
        """Send what is written until now, then close."""
        self._ending = True
        self._written.set()

    def close(self) -> None:
        """Wake everybody for the last time."""
        self.closing.set()
        self._news.set()
        self._written.set()

    def forget(self, captures: Sequence[str]) -> None:
        """Send nobody any more events of captures that were deleted, by their ids."""
        gone = frozenset(captures)
        self._drop({event.id for event in self._recent if event.capture in gone})

    def written(self) -> None:
        """Look at once: this process has written."""
        self._written.set()

    async def follow(self) -> None:
        """Read what is written, until the broker closes."""
        failing = elsewhere = False
        looked = time.monotonic()
        while not self.closing.is_set():
            self._written.clear()
            ending = self._ending
            try:
                if elsewhere or time.monotonic() - looked >= _POLL_SECONDS:
                    await self._drop_deleted_elsewhere()
                    looked = time.monotonic()
                events = await self.stored_after(self.position, _BATCH)
            except StoreError as error:
                if not failing:
                    _log.error("events cannot be read, tried again until they can: %s", error)
                failing, events, self._version = True, [], None
            else:
                failing = False
            self._publish(events)
            elsewhere = False
            if len(events) == _BATCH:
                continue
            if ending:
                self.close()
            else:
                elsewhere = await self._wait_for_commits()

    async def _wait_for_commits(self) -> bool:
        """Until this process has written, or another may have; whether it is another."""
        while True:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._written.wait(), _POLL_SECONDS)
                return False
            if not self._store.has_version:
                return True
            try:
                version = await run_in_threadpool(self._store.version)
            except StoreError:
                return True  # reading fails too, and says why
            if version != self._version:
                self._version = version
                return True

    async def _drop_deleted_elsewhere(self) -> None:
        ids = {event.id for event in self._recent}
        if not ids:
            return
        gone = ids - await run_in_threadpool(self._store.events_kept, min(ids), max(ids))
        if gone:
            self._drop(gone)

    def _drop(self, ids: Collection[int]) -> None:
        self.removals += 1
        self._recent = deque((event for event in self._recent if event.id not in ids), maxlen=_RECENT)

    def _publish(self, events: list[Event]) -> None:
        if not events:
            return
        for event in events:
            if len(self._recent) == _RECENT:
                self._floor = self._recent[0].id
            self._recent.append(event)
        self.position = events[-1].id
        news, self._news = self._news, asyncio.Event()
        if self.closing.is_set():
            self._news.set()
        news.set()


@asynccontextmanager
async def open_broker(store: Store, stopping: asyncio.Event) -> AsyncIterator[Broker]:
    """A broker that follows the store, and closes when the service begins to stop."""
    loop = asyncio.get_running_loop()
    broker = Broker(store, await run_in_threadpool(store.last_event_id))

    async def end_when_stopping() -> None:
        await stopping.wait()
        broker.end()

    end = store.listen(
        lambda: loop.call_soon_threadsafe(broker.written),
        lambda captures: loop.call_soon_threadsafe(broker.forget, captures),
    )
    watch = asyncio.create_task(end_when_stopping())
    following = asyncio.create_task(broker.follow())
    try:
        yield broker
    finally:
        end()
        watch.cancel()
        broker.close()
        # Not cancelled: a thread of its may be at the database.
        await following
