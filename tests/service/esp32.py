"""An ESP32 on the wire: Espressif's example CameraWebServer, and what Arduino's HTTPClient sends."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BOUNDARY = "123456789000000000000987654321"


class CameraWebServer(ThreadingHTTPServer):
    """A stream of one picture at `/stream`, in chunks; each part begins with the line that ends the last.

    A connection ends after `frames_a_connection`, in the midst of a picture.
    """

    daemon_threads = True

    def __init__(self, picture: bytes, frames_a_connection: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.picture = picture
        self.frames_a_connection = frames_a_connection
        self.address = f"127.0.0.1:{self.server_port}"
        self.connections = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: CameraWebServer

    def do_GET(self) -> None:
        if self.path != "/stream":
            self.send_error(404)
            return
        self.server.connections += 1
        head = f"HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary={BOUNDARY}\r\n"
        head += "Transfer-Encoding: chunked\r\nAccess-Control-Allow-Origin: *\r\nX-Framerate: 60\r\n\r\n"
        self.wfile.write(head.encode())
        picture = self.server.picture
        try:
            for number in range(self.server.frames_a_connection):
                part = f"Content-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n"
                part += f"X-Timestamp: {number // 25}.{number % 25 * 40000:06d}\r\n\r\n"
                for chunk in (f"\r\n--{BOUNDARY}\r\n".encode(), part.encode(), picture):
                    self._chunk(chunk)
                time.sleep(0.02)
            self._chunk(f"\r\n--{BOUNDARY}\r\n".encode())
            self.wfile.write(b"%x\r\n" % len(picture) + picture[: len(picture) // 2])
        except OSError:
            pass  # the reader has gone
        self.close_connection = True

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(b"%x\r\n" % len(content) + content + b"\r\n")

    def log_message(self, *arguments: Any) -> None:
        pass


def http_client_post(host: str, path: str, headers: list[tuple[str, str]], body: bytes) -> bytes:
    """The bytes of `HTTPClient::POST`, which adds its own headers before those of the sketch."""
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: ESP32HTTPClient",
        "Connection: keep-alive",
        "Accept-Encoding: identity;q=1,chunked;q=0.1,*;q=0",
        *(f"{name}: {value}" for name, value in headers),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
