"""Many cameras that send at their own pace, and what each was answered when."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from itertools import count

from facecap.benchmark.http_load import frame_request

_AGAIN = 1.0
"""Seconds until a camera that was refused sends again, as Retry-After says."""


@dataclass(slots=True)
class Heard:
    """What one camera was answered."""

    times: list[float] = field(default_factory=list)
    """Of each answer, by `time.perf_counter`."""
    statuses: list[int] = field(default_factory=list)
    captures: list[str] = field(default_factory=list)
    """Ids of the captures that answers named."""

    def first_good_after(self, moment: float) -> float:
        """Seconds from a moment to the next frame that was worked on; infinite where none was."""
        pairs = zip(self.times, self.statuses, strict=True)
        return min(
            (at - moment for at, status in pairs if status == 200 and at >= moment), default=float("inf")
        )


class PacedCameras:
    """Cameras on one event loop, each with a connection of its own; every one sends the same picture.

    Args:
        host, port: of the service.
        names: of the cameras.
        picture: encoded.
        pause: seconds between two frames of a camera.
    """

    def __init__(self, host: str, port: int, names: list[str], picture: bytes, pause: float) -> None:
        self.heard = {name: Heard() for name in names}
        self._place = host, port
        self._picture = picture
        self._pause = pause
        self._ending = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to send, the cameras one after the other within a pause."""
        step = self._pause / len(self.heard)
        self._tasks = [asyncio.create_task(self._send(name, i * step)) for i, name in enumerate(self.heard)]

    def check(self) -> None:
        """Raises the `OSError` of a camera whose connection was lost."""
        for task in self._tasks:
            if task.done():
                task.result()

    async def stop(self) -> None:
        """End after the answers that are under way; where a connection was lost, the others all the same."""
        self._ending.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, name: str, delay: float) -> None:
        heard = self.heard[name]
        if await self._ended_within(delay):
            return
        reader, writer = await asyncio.open_connection(*self._place)
        head, _, picture = frame_request(self._place[0], name, self._picture).partition(b"\r\n\r\n")
        for index in count():
            writer.write(head + f"\r\nFrame-Index: {index}\r\n\r\n".encode() + picture)
            try:
                head_of_answer = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError as error:
                raise ConnectionResetError(f"the service closed the connection of {name}") from error
            answer = head_of_answer.decode("latin-1").split("\r\n")
            lines = (line.split(": ", 1) for line in answer[1:] if line)
            fields = {name.lower(): value for name, value in lines}
            await reader.readexactly(int(fields["content-length"]))
            status = int(answer[0].split()[1])
            heard.times.append(time.perf_counter())
            heard.statuses.append(status)
            heard.captures += filter(None, fields.get("facecap-captures", "").split(","))
            if await self._ended_within(self._pause if status == 200 else _AGAIN):
                break
        writer.close()

    async def _ended_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._ending.wait(), seconds)
        except asyncio.TimeoutError:
            return False
        return True
