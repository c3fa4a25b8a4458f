"""Answers in one piece: uvicorn writes the head of an answer and its body one after the other."""

from __future__ import annotations

import asyncio


class JoinedWrites:
    """What uvicorn writes an answer to. Writes of one turn of the event loop go to the transport together, as
    each is a system call and wakes the client."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._first: bytes | None = None
        self._later: asyncio.Handle | None = None

    def write(self, data: bytes) -> None:
        """As of a transport."""
        if self._first is None:
            self._first = data
            self._later = self._loop.call_soon(self._flush)
            return
        first, self._first = self._first, None
        self._forget()
        self._transport.writelines([first, data])

    def close(self) -> None:
        """As of a transport."""
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """As of a transport."""
        return self._transport.is_closing()

    def _flush(self) -> None:
        first, self._first = self._first, None
        self._forget()
        if first:
            self._transport.write(first)

    def _forget(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
