"""Removes what is too old or too much, in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from starlette.concurrency import run_in_threadpool

from .believed_time import BelievedTime
from .recordings import Recordings
from .store import Store, StoreError
from .store_settings import Retention

_log = logging.getLogger("facecap.service")


@asynccontextmanager
async def keep_within(store: Store, recordings: Recordings, limits: Retention) -> AsyncIterator[None]:
    """Remove old captures and recordings now and then for as long as the block lasts."""
    end = asyncio.Event()
    task = asyncio.create_task(_remove_until(end, store, recordings, limits))
    try:
        yield
    finally:
        end.set()
        await task


async def _remove_until(end: asyncio.Event, store: Store, recordings: Recordings, limits: Retention) -> None:
    time: BelievedTime | None = None
    while not end.is_set():
        try:
            time = time or BelievedTime(await run_in_threadpool(store.last_moment))
            at = time.look()
            await _remove_old(store, limits, at)
            await run_in_threadpool(recordings.remove_old, at.timestamp())
        except StoreError as error:
            _log.error(
                "old captures cannot be removed, tried again in %g s: %s", limits.interval_seconds, error
            )
        except Exception:
            _log.exception("old captures cannot be removed, tried again in %g s", limits.interval_seconds)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(end.wait(), limits.interval_seconds)


async def _remove_old(store: Store, limits: Retention, at: datetime) -> None:
    def remove() -> None:
        removed = store.remove_old(
            _days(limits.max_days),
            limits.max_bytes or None,
            events_max_age=_days(limits.events_max_days),
            audit_max_age=_days(limits.audit_max_days),
            grace=timedelta(seconds=limits.grace_seconds),
            at=at,
        )
        if removed.captures or removed.crops:
            _log.info(
                "removed %d captures, %d crops and %d events, %d bytes of crops are kept",
                removed.captures,
                removed.crops,
                removed.events,
                removed.bytes_kept,
            )

    await run_in_threadpool(remove)


def _days(days: float) -> timedelta | None:
    return timedelta(days=days) if days else None
