"""HTTP/1.1: no connection is kept for a client that does not finish its request."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .. import logs
from .joined import JoinedWrites
from .parser import RequestParser
from .patience import Patient

_HEAD_BYTES = 64 * 1024
_MOST_PIPELINED = 16
_HANDSHAKE = b"\x16\x03"
"""Begins what a client of https:// says first (RFC 8446, 5.1), and no request."""
_seldom = logs.Seldom(logging.getLogger("facecap.service"))


class HttpProtocol(Patient, HttpToolsProtocol):
    """uvicorn's, which by itself waits for ever for the head of a request, of any size.

    The time for a body is the application's to watch, except where it has answered before the end.
    """

    def __init__(self, config: Config, **others: Any) -> None:
        super().__init__(config, **others)
        self.parser = RequestParser(self)
        self._head_seconds = self.services.settings.server.head_seconds
        self._body_seconds = self.services.settings.frames.receive_seconds
        self._in_body = False
        self._excess = 0
        """Bytes of a request besides its body, less those of the body: so much framing is allowed."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there, and may say nothing."""
        super().connection_made(transport)
        self._joined = JoinedWrites(transport, self.loop)
        self.deadline = time.monotonic() + self._head_seconds

    def data_received(self, data: bytes) -> None:
        """The time runs from the first byte of a head, whatever comes after it."""
        if data.startswith(_HANDSHAKE) and not self._in_body:
            self._end_tls()
            return
        if self.deadline is None and not self._at_work:
            self.deadline = time.monotonic() + (self._body_seconds if self._in_body else self._head_seconds)
        self._excess += len(data)
        super().data_received(data)
        if self._excess > _HEAD_BYTES and not self.transport.is_closing():
            self._refuse(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """A request begins."""
        if len(self.pipeline) >= _MOST_PIPELINED:
            # uvicorn answers 400 and ends the connection.
            raise ValueError("too many requests were sent ahead")
        self._excess = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header. What comes after the chunks of a body has none of the rights of one and is left out."""
        if not self._in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        if self.parser.get_method() == b"CONNECT":
            # What follows its head is a tunnel; uvicorn answers 400 and ends the connection.
            raise ValueError("there is no tunnel here")
        if self.head_comes_again:
            return
        self.deadline = None
        self._in_body = True
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:
            self.cycle.transport = self._joined  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._excess -= 2 * len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self.head_comes_again:
            return
        self._in_body = False
        super().on_message_complete()
        if self.deadline is not None and not self.transport.is_closing():
            # It was answered before its end. From now on the connection is idle.
            self.deadline = None
            if self.timeout_keep_alive_task is not None:
                self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    @property
    def head_comes_again(self) -> bool:
        """Whether the parser's head asks for an upgrade that is not made here: then it is read again."""
        return self.parser.should_upgrade() and not self._should_upgrade()

    def handle_websocket_upgrade(self) -> None:
        """uvicorn refuses requests beyond the limit of connections, but no WebSockets."""
        if self._at_work:
            self._refuse(b"400 Bad Request")  # the answers of both would be mixed
        elif self.limit_concurrency is not None and len(self.connections) >= self.limit_concurrency:
            self._refuse(b"503 Service Unavailable")
        else:
            super().handle_websocket_upgrade()

    @property
    def _at_work(self) -> bool:
        """Whether a request waits for its answer."""
        return bool(self.pipeline) or (self.cycle is not None and not self.cycle.response_complete)

    def _end_tls(self) -> None:
        """Such a client makes nothing of the answer but a wrong version: who runs the service is told."""
        message = "a client spoke TLS to a port without: give it http://, or set server.tls_certificate"
        peer = self.transport.get_extra_info("peername") or ("",)
        _seldom.log(logging.WARNING, "tls", message, client=peer[0])
        self._refuse(b"400 Bad Request")

    def _refuse(self, status: bytes) -> None:
        self.transport.write(b"HTTP/1.1 %b\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status)
        self.transport.close()
