"""Requests over many connections at once, at little cost: each connection asks again once it is answered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import uvloop

_STALLED = 120.0  # seconds without any answer


@dataclass(slots=True)
class Answered:
    """What came back."""

    seconds: float = 0.0
    """From the first request to the last answer."""
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)
    """Seconds of every request that was answered with 200."""

    def percentile(self, share: float) -> float:
        """Of the latencies, in seconds; nan where there are none."""
        if not self.latencies:
            return float("nan")
        return sorted(self.latencies)[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


@dataclass(frozen=True)
class Load:
    """A client that sends the same request again and again."""

    request: bytes
    connections: int
    interval: float = 0.0
    """Seconds from a request to the next one of the same connection, at least; 0: at once when answered."""


def frame_request(host: str, camera: str, picture: bytes) -> bytes:
    """The request that pushes a frame, as it goes over the wire."""
    head = (
        f"POST /v1/cameras/{camera}/frames HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(picture)}\r\n\r\n"
    )
    return head.encode() + picture


def run(host: str, port: int, requests: list[bytes], count: int, connections: int) -> Answered:
    """Send `count` requests in all, on `connections` connections for each of `requests`.

    Raises:
        ConnectionError: a connection was closed.
        TimeoutError: no answer came for two minutes.
    """
    answered, tickets = Answered(), iter(range(count))
    clients = [(Load(request, connections), answered) for request in requests]
    uvloop.run(_run(host, port, clients, tickets))
    return answered


def run_for(host: str, port: int, loads: Sequence[Load], seconds: float) -> list[Answered]:
    """Send requests for some time; what came back to each client.

    Raises:
        ConnectionError, TimeoutError: as `run`.
    """
    clients = [(load, Answered()) for load in loads]
    end = time.perf_counter() + seconds
    uvloop.run(_run(host, port, clients, iter(lambda: time.perf_counter() < end, False)))
    return [answered for _, answered in clients]


async def _run(host: str, port: int, clients: list[tuple[Load, Answered]], tickets: Iterator[object]) -> None:
    loop = asyncio.get_running_loop()
    asking = [
        await loop.create_connection(partial(_Asking, load, tickets, answered), host, port)
        for load, answered in clients
        for _ in range(load.connections)
    ]
    start = time.perf_counter()
    for _, protocol in asking:
        protocol.ask()
    done = asyncio.gather(*(protocol.done for _, protocol in asking))
    known = -1
    while not done.done():
        await asyncio.wait([done], timeout=_STALLED)
        now = sum(sum(answered.statuses.values()) for _, answered in clients)
        if now == known and not done.done():
            raise TimeoutError(f"no answer in {_STALLED:g} s, after {now}")
        known = now
    await done
    for _, answered in clients:
        answered.seconds = time.perf_counter() - start
    for transport, _ in asking:
        transport.close()


class _Asking(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, load: Load, tickets: Iterator[object], answered: Answered) -> None:
        self._load = load
        self._tickets = tickets
        self._answered = answered
        self._received = b""
        self._asked = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def ask(self) -> None:
        """Send the next request, where one is left."""
        if next(self._tickets, None) is None:
            self.done.set_result(None)
            return
        self._asked = time.perf_counter()
        self._transport.write(self._load.request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, blank, body = self._received.partition(b"\r\n\r\n")
        if not blank:
            return
        name = b"content-length: "
        length = int(head.lower().partition(name)[2].partition(b"\r")[0])
        if len(body) < length:
            return
        self._received = b""
        status = int(head[9:12])
        self._answered.statuses[status] += 1
        if status == 200:
            self._answered.latencies.append(time.perf_counter() - self._asked)
        wait = self._asked + self._load.interval - time.perf_counter()
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self.ask)
        else:
            self.ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionResetError("the service closed a connection"))
