"""A program that webhooks send to."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@dataclass(frozen=True)
class Message:
    """A request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        """The CloudEvent."""
        event: dict[str, Any] = json.loads(self.body)
        return event

    def is_signed(self) -> bool:
        """Whether it comes from who knows the secret, by the Standard Webhooks signature."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        digest = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        return self.headers["webhook-signature"] == f"v1,{digest}"


class Receiver(ThreadingHTTPServer):
    """Keeps what comes and answers as `answer` says: a status, with headers after it where wanted."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.dead = False
        self.came: list[Message] = []
        self.taken: list[Message] = []
        self.answer: Callable[[Message], int | tuple[int, dict[str, str]]] = lambda message: 204
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def hook(self) -> dict[str, Any]:
        """Settings of a webhook that sends to it."""
        return {"url": f"http://127.0.0.1:{self.server_port}/hook?site=1", "secret": SECRET}

    def captures(self) -> list[str]:
        """Ids of the captures that it took, in their order."""
        return [message.event["data"]["id"] for message in self.taken]

    def stop(self) -> None:
        """As if it had died: connections that are open end too."""
        self.dead = True
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.server.dead:
            self.close_connection = True
            return
        message = Message(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        self.server.came.append(message)
        answer = self.server.answer(message)
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if 200 <= status < 300:
            self.server.taken.append(message)

    def do_GET(self) -> None:
        self.server.came.append(Message(self.path, {}, b""))
        self.send_error(405)

    def log_message(self, format: str, *args: Any) -> None:
        pass
