"""Reading the body of a request under limits of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.requests import Request

from ..problems import Problem


class WaitingBytes:
    """How many bytes of pictures are in memory, of all clients. Used on the event loop alone."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0

    @contextmanager
    def held(self, count: int) -> Iterator[None]:
        """Hold `count` bytes.

        Raises:
            Problem: 429 `busy`, too many wait already.
        """
        self._take(count)
        try:
            yield
        finally:
            self._taken -= count

    def claim(self) -> Claim:
        """Hold bytes whose number changes, none at first."""
        return Claim(self._take)

    def _take(self, count: int) -> None:
        if count > 0 and self._taken + count > self._limit:
            detail = "too many pictures wait in memory: send it again later"
            raise Problem(429, "busy", "The service is busy", detail, {"Retry-After": "1"})
        self._taken += count


class Claim:
    """Bytes of one client."""

    def __init__(self, take: Callable[[int], None]) -> None:
        self._take = take
        self._count = 0

    def resize(self, count: int) -> None:
        """Hold `count` bytes in place of those before.

        Raises:
            Problem: 429 `busy`, there is no room for more; the number stays as it was.
        """
        self._take(count - self._count)
        self._count = count


async def read_body(request: Request, limit: int, seconds: float) -> bytes:
    """The whole body.

    Raises:
        Problem: 413 `body_too_large` as soon as more than `limit` bytes are announced or come, 408
            `body_too_slow`, 400 `body_cut_short` where the client goes away meanwhile.
    """
    announced = announced_length(request)
    if announced is not None and announced > limit:
        raise too_large(limit)
    chunks: list[bytes] = []
    size, more = 0, True
    deadline = _Deadline(seconds)
    try:
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise Problem(400, "body_cut_short", "The body is cut short", "the client went away")
            chunk, more = message.get("body", b""), message.get("more_body", False)
            size += len(chunk)
            if size > limit:
                raise too_large(limit)
            chunks.append(chunk)
    except asyncio.CancelledError:
        if not deadline.passed:
            raise
        raise too_slow(seconds) from None
    finally:
        deadline.cancel()
    return b"".join(chunks)


class _Deadline:
    """Cancels the running task after a time. Far cheaper than a scope of anyio, and every frame has one."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._task = asyncio.current_task()
        self._handle = asyncio.get_running_loop().call_later(seconds, self._pass)

    def cancel(self) -> None:
        self._handle.cancel()
        if self.passed and self._task is not None and hasattr(self._task, "uncancel"):
            self._task.uncancel()  # since Python 3.11 a task counts what has asked it to end

    def _pass(self) -> None:
        self.passed = True
        if self._task is not None:
            self._task.cancel()


def announced_length(request: Request) -> int | None:
    """Content-Length, where there is one; the server has checked that it is a number."""
    text = header(request, b"content-length")
    return int(text) if text and text.isdecimal() else None


def header(request: Request, name: bytes) -> str | None:
    """A header by its name in lower case; `Request.headers` takes several times as long."""
    for key, value in request.scope["headers"]:
        if key == name:
            return str(value, "latin-1")
    return None


def check_size(body: bytes, limit: int) -> None:
    """A picture that came out of a form.

    Raises:
        Problem: 413 `body_too_large`.
    """
    if len(body) > limit:
        raise too_large(limit)


def too_large(limit: int) -> Problem:
    """413, with the limit."""
    detail = f"wanted at most {limit} bytes"
    return Problem(413, "body_too_large", "The body is too large", detail, {"Connection": "close"})


def too_slow(seconds: float) -> Problem:
    """408, with the limit."""
    detail = f"the body did not come within {seconds:g} s"
    return Problem(408, "body_too_slow", "The body is too slow", detail, {"Connection": "close"})
