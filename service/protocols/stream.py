"""WebSockets: what clients make the service hold is counted, and has its time."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from ..frames.body import too_large, too_slow
from ..problems import Problem
from .patience import Patient

REFUSED = "facecap.refused"
"""Key of a `websocket.disconnect` message: the problem for which the client was disconnected."""
_FRAGMENT_BYTES = 128
"""What a fragment takes besides its content."""


class StreamProtocol(Patient, WebSocketsSansIOProtocol):
    """uvicorn's, which by itself holds a message of each client until it is whole, however long it takes."""

    def __init__(self, config: Config, **others: Any) -> None:
        super().__init__(config, **others)
        self._limits = self.services.settings.frames
        self._claim = self.services.intake.claim()
        self._fragments = 0
        self._heard = False
        self.queue: _Arrived = _Arrived()

    def data_received(self, data: bytes) -> None:
        """Count what has come of messages, whole or not."""
        self._heard = True
        super().data_received(data)
        if not self.handshake_initiated:  # the request is whole when it comes here
            self.transport.write(
                b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
            self.transport.close()
        try:
            self._weigh()
        except Problem as problem:
            self._end(CloseCode.TRY_AGAIN_LATER, problem)

    def handle_text(self, event: Frame) -> None:
        """The first fragment of a message."""
        self._fragments = _weight(event)
        super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """The first fragment of a message."""
        self._fragments = _weight(event)
        super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """Another fragment."""
        self._fragments += _weight(event)
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """A message is whole."""
        self._fragments = 0
        super().send_receive_event_to_app()

    async def receive(self) -> Any:
        """As ASGI has it. What a message weighs is the application's to count from here on."""
        message = await super().receive()
        self._heed_writing()
        self._weigh()
        return message

    async def send(self, message: Any) -> None:
        """As ASGI has it."""
        await super().send(message)
        if self.transport.is_closing():
            # Refused, or nobody is there any more: uvicorn would log that the application has not answered.
            self.handshake_complete = True
        self._heed_writing()

    def pause_writing(self) -> None:
        """Who does not take answers, pongs among them, is read from no more."""
        super().pause_writing()
        self._heed_writing()

    def resume_writing(self) -> None:
        """The client has taken what was sent."""
        super().resume_writing()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()

    def send_keepalive_ping(self) -> None:
        """Ask the client for a sign of life."""
        self._heard = False
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """No pong has come. It may be behind frames that the client has sent ahead."""
        if self._heard or self.read_paused:
            self.pong_timer = None
            self.schedule_ping()
        else:
            super().keepalive_timeout()

    def handle_parser_exception(self) -> None:
        """The client broke the protocol, or a message is too large."""
        close = self.conn.close_sent
        if close is not None and close.code == CloseCode.MESSAGE_TOO_BIG:
            self._tell_refused(close.code, too_large(self._limits.max_bytes))
        super().handle_parser_exception()

    def end_late(self) -> None:
        """A message has not become whole in its time."""
        self._end(CloseCode.POLICY_VIOLATION, too_slow(self._limits.receive_seconds))

    def connection_lost(self, exc: Exception | None) -> None:
        """What was begun will not be whole any more."""
        super().connection_lost(exc)
        self._drop_begun()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        """The application is done: nobody takes what has come."""
        super().on_task_complete(task)
        self.queue.clear()
        self._weigh()

    def _weigh(self) -> None:
        begun = len(self.conn.reader.buffer) + self._fragments
        self._claim.resize(begun + self.queue.bytes)
        if not begun or self.read_paused:
            self.deadline = None
        elif self.deadline is None:
            self.deadline = time.monotonic() + self._limits.receive_seconds

    def _heed_writing(self) -> None:
        if not self.writable.is_set() and not self.transport.is_closing():
            self.transport.pause_reading()

    def _end(self, code: CloseCode, problem: Problem) -> None:
        """Refuse what has come; the client was not answered to it, and may send it again."""
        self.queue.clear()
        self._tell_refused(code, problem)
        self.conn.fail(code, problem.code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.stop_keepalive()
        self.transport.close()
        self._drop_begun()

    def _tell_refused(self, code: int, problem: Problem) -> None:
        message = {"type": "websocket.disconnect", "code": code, "reason": problem.code, REFUSED: problem}
        self.queue.put_nowait(message)

    def _drop_begun(self) -> None:
        self.conn.reader.discard()
        self.frames, self._fragments = [], 0
        self._weigh()


class _Arrived(asyncio.Queue[Any]):
    """Messages on their way to the application."""

    bytes = 0
    """Of all that wait."""

    def clear(self) -> None:
        while not self.empty():
            self.get_nowait()

    def _put(self, item: Any) -> None:
        self.bytes += _size(item)
        super()._put(item)

    def _get(self) -> Any:
        item = super()._get()
        self.bytes -= _size(item)
        return item


def _size(message: dict[str, Any]) -> int:
    content = message.get("bytes") or message.get("text")
    return sys.getsizeof(content) if content else 0


def _weight(frame: Frame) -> int:
    return len(frame.data) + _FRAGMENT_BYTES
