"""A service on the loopback that fails on request, and otherwise keeps the rules for frames."""

from __future__ import annotations

import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

HANG_UP = "hang up"
"""No answer: the connection ends before the frame is looked at."""
SWALLOW = "swallow"
"""No answer: the frame is taken, then the connection ends."""
Failure = str | tuple[int, dict[str, str]]


class FailingService(ThreadingHTTPServer):
    """Answers as the service does after it has gone through `failures`, one a request."""

    daemon_threads = True
    # Many more than a test opens: a connection that the backlog refuses would be one more failure.
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.failures: deque[Failure] = deque()
        self.open_gate = threading.Event()
        """While clear, requests for frames wait."""
        self.open_gate.set()
        self.taken: dict[str, list[tuple[int, bytes]]] = {}
        """Frames of each camera: index and body."""
        self.requests: list[str] = []
        self.keys: list[str | None] = []
        self.captures = [{"id": f"{number:04}", "camera": "door"} for number in range(450)]
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: FailingService
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"] or 0))
        self._note()
        url = urlsplit(self.path)
        camera, call = url.path.split("/")[-2:]
        self.server.open_gate.wait()
        with self.server.lock:
            failure = self.server.failures.popleft() if self.server.failures else None
            if isinstance(failure, tuple):
                return self._answer(
                    failure[0], {"code": f"code_{failure[0]}", "detail": "on purpose"}, failure[1]
                )
            if failure == HANG_UP:
                return self._hang_up()
            if call == "flush":
                return self._answer(200, {"captures": [{"kind": "flush"}]})
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            status, document, headers = self._take(camera, int(query["frame_index"]), body)
            if failure == SWALLOW:
                return self._hang_up()
            return self._answer(status, document, headers)

    def do_GET(self) -> None:
        self._note()
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        with self.server.lock:
            failure = self.server.failures.popleft() if self.server.failures else None
            if isinstance(failure, tuple):
                return self._answer(
                    failure[0], {"code": f"code_{failure[0]}", "detail": "on purpose"}, failure[1]
                )
        if url.path.endswith("/crop"):
            return self._answer(404, {"code": "capture_not_found", "detail": "there is none"})
        start, length = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
        page = self.server.captures[start : start + length]
        more = start + length < len(self.server.captures)
        return self._answer(200, {"captures": page, "next_cursor": str(start + length) if more else None})

    def _take(self, camera: str, index: int, body: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
        taken = self.server.taken.setdefault(camera, [])
        headers = {"Facecap-Captures": f"{camera}-{index},second"} if body.endswith(b"face") else {}
        if (index, body) in taken:
            return 200, {"frame_index": index, "repeated": True}, headers
        if taken and index <= taken[-1][0]:
            problem = {"code": "stale_frame", "detail": "not newer", "last_frame_index": taken[-1][0]}
            return 409, problem, {}
        taken.append((index, body))
        return 200, {"frame_index": index}, headers

    def _note(self) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        self.server.keys.append(self.headers.get("authorization"))

    def _answer(self, status: int, document: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, *arguments: Any) -> None:
        pass
