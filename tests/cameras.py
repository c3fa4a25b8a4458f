"""Cameras that tests talk to on the loopback."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np


class DroppingCamera(ThreadingHTTPServer):
    """Motion JPEG over HTTP; a connection is dropped after so many frames.

    Without a `picture`, those of each connection are of another grey.
    """

    daemon_threads = True

    def __init__(self, frames_a_connection: int, picture: bytes | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.picture = picture
        self.frames_a_connection = frames_a_connection
        self.connections = 0
        self.paths: list[str] = []
        self.address = f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: DroppingCamera

    def do_GET(self) -> None:
        self.server.connections += 1
        self.server.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        grey = np.full((48, 64, 3), 40 * self.server.connections, np.uint8)
        picture = self.server.picture or cv2.imencode(".jpg", grey)[1].tobytes()
        try:
            for _ in range(self.server.frames_a_connection):
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                self.wfile.write(head.encode() + picture + b"\r\n")
                time.sleep(0.01)
        except OSError:
            pass  # the reader has gone

    def log_message(self, *arguments: Any) -> None:
        pass


class ScriptedCamera(ThreadingHTTPServer):
    """Answers with what `send` writes; `/moved` leads to it."""

    daemon_threads = True

    def __init__(
        self, send: Callable[[Callable[[bytes], Any]], None], content_type: str, *, chunked: bool = False
    ) -> None:
        super().__init__(("127.0.0.1", 0), _ScriptedHandler)
        self.send, self.content_type, self.chunked = send, content_type, chunked
        self.address = f"127.0.0.1:{self.server_port}"


class _ScriptedHandler(BaseHTTPRequestHandler):
    server: ScriptedCamera
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/live")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", self.server.content_type)
        if self.server.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with suppress(OSError):  # the reader has gone
            self.server.send(self._write)
            if self.server.chunked:
                self.wfile.write(b"0\r\n\r\n")

    def _write(self, data: bytes) -> None:
        framed = b"%x\r\n%b\r\n" % (len(data), data) if self.server.chunked else data
        self.wfile.write(framed)

    def log_message(self, *arguments: Any) -> None:
        pass


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
