"""One actor as an ingress sees it: calls in order, each with an end."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ray.exceptions import RayActorError

from facecap.ray_cluster import words

from .. import logs
from .areas import OwnAreas

_log = logging.getLogger("facecap.service.cluster")
CONNECT_SECONDS = 30.0
"""For an actor to be there: placed, its process started beside others that start, its models opened."""
ANSWER_SECONDS = 40.0
"""For an answer, an actor that is made first among it, where Ray does not say that the actor is lost; a store
that hangs gives up before."""


class Lost(Exception):
    """The actor did not answer; whether it did what was asked is not known."""


@dataclass(slots=True, eq=False)
class _Session:
    """Calls that one process of the actor takes in order."""

    handle: Any
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    number: int = 0
    """Of the next call."""


@dataclass(slots=True, eq=False)
class _Call:
    method: str
    arguments: tuple[Any, ...]
    answer: asyncio.Future[Any]
    session: _Session | None = None
    """None: it waits for one."""
    end: asyncio.TimerHandle = field(init=False)


class Link:
    """Methods are called on the event loop.

    Args:
        name: of the actor, for logs.
        make: finds the actor or makes it; it may block.
        find: as `make`; ValueError where there is none.
        areas: of the actor's cameras, which it is told first, and their age in seconds.
        threads: for what blocks.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], Any],
        find: Callable[[], Any],
        areas: Callable[[], tuple[OwnAreas, float]],
        threads: Executor,
    ) -> None:
        self._name = name
        self._make = make
        self._find = find
        self._areas = areas
        self._threads = threads
        self._session: _Session | None = None
        self._found: Any = None
        """The handle of an actor that is asked without a session."""
        self._waiting: deque[_Call] = deque()
        self._connecting: asyncio.Task[None] | None = None
        self._at_work: set[_Call] = set()
        self._has_answered = False
        """Until it has, it may be starting."""
        self._seldom = logs.Seldom(_log)

    @property
    def used(self) -> bool:
        """Whether the actor is being made, or calls are not answered."""
        return bool(self._connecting or self._at_work)

    def call(self, method: str, *arguments: Any) -> asyncio.Future[Any]:
        """Call a method that takes part in the order; the call has its place when this returns.

        Raises (the future):
            Lost: there is no answer.
        """
        loop = asyncio.get_running_loop()
        call = _Call(method, arguments, loop.create_future())
        call.end = loop.call_later(ANSWER_SECONDS, self._arrived, call, asyncio.TimeoutError(), None)
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
        session = self._session

        async def answer() -> Any:
            handle = self._found if session is None else session.handle
            if handle is None:
                handle = self._found = await self._in_thread(self._find)
            return await getattr(handle, method).remote(*arguments)

        try:
            result = await asyncio.wait_for(answer(), seconds)
        except Exception as error:  # of Ray, or of what is sent
            if not isinstance(error, asyncio.TimeoutError):
                self._found = None
            if session is not None and isinstance(error, RayActorError):
                self._lose(session)
            if self._has_answered and self._connecting is None:
                self._warn("does not answer", error)
            raise Lost from error
        self._has_answered = True
        return result

    async def _connect(self) -> None:
        try:
            session = self._session = await asyncio.wait_for(self._begun(), CONNECT_SECONDS)
            self._has_answered = True
            while self._waiting and self._session is session:
                self._send(self._waiting.popleft(), session)
        except Exception as error:  # of Ray, or of what is sent
            self._warn("is not there", error)
        finally:
            self._connecting = None
            while self._waiting:
                _fail(self._waiting.popleft())

    async def _begun(self) -> _Session:
        session = _Session(await self._in_thread(self._make))
        await session.handle.begin.remote(session.id, *self._areas())
        return session

    async def _in_thread(self, get: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, get)

    def _send(self, call: _Call, session: _Session) -> None:
        loop = asyncio.get_running_loop()
        try:
            method = getattr(session.handle, call.method)
            reference = method.remote(session.id, session.number, *call.arguments)
        except Exception as error:  # of Ray, or of what is sent
            self._warn("cannot be called", error)
            self._lose(session)
            _fail(call)
            return
        session.number += 1
        call.session = session
        self._at_work.add(call)

        def done(future: Future[Any]) -> None:
            error = future.exception()
            result = None if error is not None else future.result()
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._arrived, call, error, result)

        reference.future().add_done_callback(done)

    def _arrived(self, call: _Call, error: BaseException | None, result: Any) -> None:
        self._at_work.discard(call)
        if result is None:
            if call.session is not None and call.session is self._session:
                self._warn("does not answer", error)
                self._lose(call.session)
            _fail(call)
            return
        call.end.cancel()
        if not call.answer.done():
            call.answer.set_result(result)

    def _lose(self, session: _Session) -> None:
        """Find the actor again with the next call, as it may be another by then."""
        if self._session is session:
            self._session = self._found = None

    def _warn(self, what: str, error: BaseException | None) -> None:
        said = "its process is new" if error is None else words(error) if str(error) else type(error).__name__
        self._seldom.log(logging.WARNING, "lost", "actor %s %s: %s", self._name, what, said)


def _fail(call: _Call) -> None:
    call.end.cancel()
    if not call.answer.done():
        call.answer.set_exception(Lost())
