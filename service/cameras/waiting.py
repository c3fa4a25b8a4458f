"""Waiting on the event loop for what a worker does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar, cast

from ..problems import Problem, internal_error

_log = logging.getLogger("facecap.service")
T = TypeVar("T")
Settle = Callable[[T | None, Problem | None], object]
"""Called with the result, or with the problem."""


def attempt(work: Callable[[], T], settle: Settle[T]) -> None:
    """Do the work and call `settle` with how it ended; never raises because of the work."""
    try:
        result = work()
    except Problem as problem:
        settle(None, problem)
    except Exception:
        _log.exception("work on a frame failed")
        settle(None, internal_error())
    else:
        settle(result, None)


def started(start: Callable[[Settle[T]], object]) -> asyncio.Future[T]:
    """Start something that will call `settle` on another thread; the future will have what it said."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def arrived(result: T | None, problem: Problem | None) -> None:
        if future.done():
            return  # whoever waited has gone
        if problem is not None:
            future.set_exception(problem)
        else:
            future.set_result(cast(T, result))

    start(lambda result, problem: loop.call_soon_threadsafe(arrived, result, problem))
    return future
