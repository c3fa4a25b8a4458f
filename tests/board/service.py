"""What the board talks to: a server that takes captures, and can be made to misbehave."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TAKE, DROP, CUT = 201, -1, -2
"""Answers of a Service: a status, none at all, or a connection that is reset in the middle of the request."""


@dataclass
class Post:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def key(self) -> str:
        return self.headers["Idempotency-Key"]


class Service:
    """Answers the n-th request with `answer(n)` and remembers what it has taken, each key once."""

    def __init__(
        self,
        port: int = 0,
        answer: Callable[[int], int] = lambda number: TAKE,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answer = answer
        self.posts: list[Post] = []
        self.requests = 0
        self.resumed = 0  # connections of TLS that went on with the session of an earlier one
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.service = self
        self.port = self._server.server_port
        self.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> Service:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def captures(self) -> list[dict[str, Any]]:
        return [post.body["capture"] for post in self.posts]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    service: Service


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        service = self.server.service
        answer = service.answer(service.requests)
        service.requests += 1
        service.resumed += bool(getattr(self.connection, "session_reused", False))
        if answer == CUT:
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if answer == DROP:
            self.close_connection = True
            return
        if 200 <= answer < 300 and self.headers["Idempotency-Key"] not in [
            post.key for post in service.posts
        ]:
            service.posts.append(Post(self.path, dict(self.headers), json.loads(body)))
        self.send_response(answer)
        self.end_headers()

    def handle(self) -> None:
        with suppress(OSError, ValueError):  # a connection that was cut
            super().handle()

    def finish(self) -> None:
        with suppress(OSError, ValueError):
            super().finish()

    def log_message(self, *arguments: Any) -> None:
        pass
