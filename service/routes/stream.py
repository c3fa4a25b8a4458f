"""Frames of a camera over a WebSocket.

The client sends each frame as a binary message, an encoded picture. A text message before it may say which it
is: `{"frame_index": 7, "timestamp": 1732190400.25}`, the timestamp in seconds since 1970 or as RFC 3339. The
service answers every frame with a text message, in their order: `{"status": 200, "captures": [ids],
"result": {...}}` with the frame's answer as over HTTP, or `{"status": 409, "problem": {...}}`. Frames may be
sent ahead of their answers: while the camera's queue is full nothing more is read, or, with
`?when_full=refuse`, what it does not hold is refused with 429. A client that does not read answers is read
from no more.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from contextlib import ExitStack, suppress
from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..cameras import Answer, PushedFrame
from ..frames.when import LARGEST_INDEX, WANTED_INDEX, WANTED_SECONDS, checked_timestamp
from ..problems import Problem
from ..protocols.stream import REFUSED
from ..security import authorize
from ..services import Services, services_of

router = APIRouter()
_POLICY_VIOLATION = 1008
_HEADER_LENGTH = 1000
_LOOK_SECONDS = 0.01
"""Between two looks for a place in a queue that is full."""
_WANTED = {"frame_index": WANTED_INDEX, "timestamp": f"{WANTED_SECONDS}, or RFC 3339 with its offset"}


class FrameHeader(BaseModel):
    """What a text message says of the binary message after it."""

    model_config = ConfigDict(extra="forbid")

    frame_index: Annotated[int, Field(ge=0, le=LARGEST_INDEX)] | None = None
    timestamp: Annotated[float, Field(allow_inf_nan=False)] | AwareDatetime | None = None

    @classmethod
    def of(cls, text: str) -> FrameHeader:
        """Of a text message.

        Raises:
            ValueError: it is none, with a sentence that says why.
        """
        if len(text) > _HEADER_LENGTH:
            raise ValueError(f"{len(text)} characters came, wanted at most {_HEADER_LENGTH}")
        try:
            header = cls.model_validate_json(text, strict=True)
        except ValidationError as error:
            raise ValueError(_wrong(error)) from None
        header.seconds()
        return header

    def seconds(self) -> float | None:
        """The timestamp in seconds since 1970."""
        if self.timestamp is None or isinstance(self.timestamp, float):
            return self.timestamp if self.timestamp is None else checked_timestamp(self.timestamp)
        return self.timestamp.timestamp()


def _wrong(error: ValidationError) -> str:
    """What is wrong with a header, in ASCII: the reason of a close holds 123 bytes."""
    found = error.errors(include_url=False)[0]
    if not found["loc"]:
        return found["msg"]
    name = str(found["loc"][0])
    if name not in _WANTED:
        return f"there is no {name[:40]!a}, wanted {' and '.join(_WANTED)} alone"
    return f"{name} is {ascii(found['input'])[:40]}, wanted {_WANTED[name]}"


@router.websocket("/v1/cameras/{camera}/stream")
async def stream(socket: WebSocket, camera: str) -> None:
    """Serve one camera until it goes."""
    services = services_of(socket)
    try:
        authorize(socket, "push")
    except Problem as problem:
        await socket.send_denial_response(problem.response())
        return
    when_full = socket.query_params.get("when_full", "wait")
    if when_full not in ("wait", "refuse"):
        detail = f"when_full is {when_full[:40]!r}, wanted wait or refuse"
        invalid = Problem(400, "invalid_parameter", "A parameter is not valid", detail)
        await socket.send_denial_response(invalid.response())
        return
    await socket.accept()
    await Stream(socket, camera, services, waits=when_full == "wait").run()


class Stream:
    """One connection: a reader that hands frames on, and a writer that answers in their order."""

    def __init__(self, socket: WebSocket, camera: str, services: Services, *, waits: bool) -> None:
        """`waits`: whether a frame waits for its place in the queue, and what follows with it."""
        self._waits = waits
        self._socket = socket
        self._camera = camera
        self._services = services
        # Refused frames wait here too: when nobody reads the answers, the reader stops.
        self._answers: asyncio.Queue[asyncio.Future[str] | None] = asyncio.Queue(
            2 * services.settings.cameras.queue
        )
        self._header = FrameHeader()
        self._at_work: deque[asyncio.Future[str]] = deque()
        self._client = (socket.client.host if socket.client else "", camera)

    async def run(self) -> None:
        """Until the client goes or breaks the rules."""
        tasks = asyncio.create_task(self._read()), asyncio.create_task(self._write())
        try:
            # The writer ends where nobody is there any more, and the reader may be waiting for it then.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if tasks[0].done() and (broken := tasks[0].result()):
                await tasks[1]
                await self._socket.close(_POLICY_VIOLATION, broken)
        except WebSocketDisconnect:
            pass
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> str | None:
        """Which rule the client broke; None where it went."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                if (refused := message.get(REFUSED)) is not None:
                    self._refuse(refused)
                return None
            picture = message.get("bytes")
            if picture is not None:
                await self._answers.put(await self._submitted(picture))
                self._header = FrameHeader()
                continue
            try:
                self._header = FrameHeader.of(message["text"])
            except ValueError as error:
                self._refuse(Problem(400, "invalid_parameter", "A parameter is not valid", str(error)))
                await self._answers.put(None)
                return f"invalid_header: {error}"[:120]

    async def _submitted(self, picture: bytes) -> asyncio.Future[str]:
        """Put the frame into its camera's queue; the future has what to answer."""
        frame = PushedFrame(picture, self._header.frame_index, self._header.seconds())
        held = ExitStack()
        try:
            authorize(self._socket, "push")
            self._take(picture, held)
            if self._waits:
                await self._room()
            answer = self._services.cameras.start(self._camera, frame)
        except Problem as problem:
            held.close()
            await self._slow_down()
            return _settled(_refusal(problem))
        except BaseException:
            held.close()
            raise
        text = asyncio.ensure_future(_text(answer, held))
        self._at_work.append(text)
        return text

    async def _slow_down(self) -> None:
        """A frame was refused. Whose frames are refused again and again is read from only when there is room
        for the next, or after a while."""
        pause = self._services.stream_paces.pause(self._client)
        if not pause:
            return
        with suppress(asyncio.TimeoutError):
            if self._services.cameras.has_room(self._camera):  # it is refused for something else
                await asyncio.wait_for(self._services.stopping.wait(), pause)
            else:
                await asyncio.wait_for(self._room(), pause)

    async def _room(self) -> None:
        """Wait until the camera's queue has room. There may be some when the oldest frame of this stream is
        answered."""
        while not self._services.cameras.has_room(self._camera):
            while self._at_work and self._at_work[0].done():
                self._at_work.popleft()
            if self._at_work:
                await asyncio.wait([self._at_work[0]])
            else:  # others fill the queue
                await asyncio.sleep(_LOOK_SECONDS)

    def _take(self, picture: bytes, held: ExitStack) -> None:
        try:
            held.enter_context(self._services.intake.held(picture))
        except Problem as problem:
            self._refuse(problem)
            raise

    def _refuse(self, problem: Problem) -> None:
        """Count a frame that does not come to its camera."""
        self._services.cameras.refuse(self._camera, problem)

    async def _write(self) -> None:
        while (answer := await self._answers.get()) is not None:
            await self._socket.send_text(await answer)


async def _text(answer: asyncio.Future[Answer], held: ExitStack) -> str:
    with held:
        try:
            found = await answer
        except Problem as problem:
            return _refusal(problem)
    return f'{{"status":200,"captures":{json.dumps(found.captures)},"result":{found.body.decode()}}}'


def _refusal(problem: Problem) -> str:
    return json.dumps({"status": problem.status, "problem": problem.document()})


def _settled(text: str) -> asyncio.Future[str]:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    future.set_result(text)
    return future
