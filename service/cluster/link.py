"""One actor as an ingress sees it: calls in order, each with an end."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from facecap.ray_cluster import words

from .. import logs
from .actor import OwnAreas

_log = logging.getLogger("facecap.service.cluster")
CONNECT_SECONDS = 12.0
"""For an actor to be there: placed, its process started, its models opened."""
ANSWER_SECONDS = 40.0
"""For an answer where Ray does not say that the actor is lost; a store that hangs gives up before."""


class Lost(Exception):
    """The actor did not answer; whether it did what was asked is not known."""


@dataclass(slots=True, eq=False)
class _Call:
    method: str
    arguments: tuple[Any, ...]
    answer: asyncio.Future[Any]


class Link:
    """Methods are called on the event loop.

    Args:
        make: finds the actor or makes it; it may block.
        find: as `make`; ValueError where there is none.
        areas: of the actor's cameras, which it is told first.
        threads: for what blocks.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        find: Callable[[], Any],
        areas: Callable[[], OwnAreas],
        threads: Executor,
    ) -> None:
        self._make = make
        self._find = find
        self._areas = areas
        self._threads = threads
        self._handle: Any = None
        self._session: str | None = None
        self._number = 0
        self._waiting: deque[_Call] = deque()
        self._connecting: asyncio.Task[None] | None = None
        self._at_work: set[_Call] = set()
        self._seldom = logs.Seldom(_log)

    @property
    def calls(self) -> int:
        """Those that are not answered."""
        return len(self._waiting) + len(self._at_work)

    def call(self, method: str, *arguments: Any) -> asyncio.Future[Any]:
        """Call a method that takes part in the order; the call has its place when this returns.

        Raises (the future):
            Lost: there is no answer.
        """
        call = _Call(method, arguments, asyncio.get_running_loop().create_future())
        if self._session is not None:
            self._send(call, self._session)
        else:
            self._waiting.append(call)
            self.connect()
        return call.answer

    def connect(self) -> None:
        """Begin to make the actor where it is not known to be there."""
        if self._session is None and self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())

    async def ask(self, method: str, *arguments: Any, seconds: float) -> Any:
        """Call a method at once, out of the order.

        Raises:
            Lost: there is no answer within the time, or no actor.
        """
        return await self._ask(self._find, method, arguments, seconds)

    async def _ask(
        self, get: Callable[[], Any], method: str, arguments: tuple[Any, ...], seconds: float
    ) -> Any:
        async def answer() -> Any:
            if self._handle is None:
                self._handle = await asyncio.get_running_loop().run_in_executor(self._threads, get)
            return await getattr(self._handle, method).remote(*arguments)

        try:
            return await asyncio.wait_for(answer(), seconds)
        except Exception as error:  # of Ray, or of what is sent
            self._lose(error)
            raise Lost from error

    async def _connect(self) -> None:
        session = uuid.uuid4().hex
        try:
            await self._ask(self._make, "begin", (session, self._areas()), CONNECT_SECONDS)
        except Lost:
            while self._waiting:
                _fail(self._waiting.popleft())
            return
        finally:
            self._connecting = None
        self._session, self._number = session, 0
        while self._waiting and self._session is not None:
            self._send(self._waiting.popleft(), session)

    def _send(self, call: _Call, session: str) -> None:
        loop = asyncio.get_running_loop()
        try:
            reference = getattr(self._handle, call.method).remote(session, self._number, *call.arguments)
        except Exception as error:  # of Ray, or of what is sent
            self._lose(error)
            _fail(call)
            return
        self._number += 1
        self._at_work.add(call)
        end = loop.call_later(ANSWER_SECONDS, self._arrived, call, session, asyncio.TimeoutError(), None)

        def done(future: Future[Any]) -> None:
            error = future.exception()
            result = None if error is not None else future.result()
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(arrived, error, result)

        def arrived(error: BaseException | None, result: Any) -> None:
            end.cancel()
            self._arrived(call, session, error, result)

        reference.future().add_done_callback(done)

    def _arrived(self, call: _Call, session: str, error: BaseException | None, result: Any) -> None:
        self._at_work.discard(call)
        if error is None and result is not None:
            if not call.answer.done():
                call.answer.set_result(result)
            return
        if session == self._session:
            self._lose(error)
        _fail(call)

    def _lose(self, error: BaseException | None) -> None:
        """Find the actor again with the next call, as it may be another by then."""
        said = "its process is new" if error is None else words(error) if str(error) else type(error).__name__
        self._seldom.log(logging.WARNING, "lost", "an actor does not answer: %s", said)
        self._handle = self._session = None


def _fail(call: _Call) -> None:
    if not call.answer.done():
        call.answer.set_exception(Lost())
