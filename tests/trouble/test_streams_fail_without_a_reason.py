"""Whatever kept a stream from being opened, one sentence was said; one kind of Motion JPEG was not read."""

from __future__ import annotations

import hashlib
import re
import socket
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
import pytest
from cameras import closed_port

from facecap import sources
from facecap.sources import SourceError, open_source

PASSWORD = "p@ss/w#rd?"
ESCAPED = "p%40ss%2Fw%23rd%3F"
PICTURE = cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1].tobytes()
FRAMES = 6
PARTED = ["plain", "dashes", "quoted", "feeds", "tight", "unsized", "octets"]


class _Handler(BaseHTTPRequestHandler):
    """Motion JPEG as servers write it, and what else is found behind an address; the path says which."""

    def do_GET(self) -> None:
        kind = self.path.strip("/")
        if kind.isdigit() or kind == "gone.mp4":
            return self.send_error(int(kind) if kind.isdigit() else 404)
        secret = b64encode(f"admin:{PASSWORD}".encode()).decode()
        if kind == "secret" and self.headers["Authorization"] != f"Basic {secret}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
            return None
        boundary = {"dashes": "--frame", "quoted": '"frame"'}.get(kind, "frame")
        types = {"page": "text/html", "octets": "application/octet-stream"}
        self.send_response(200)
        self.send_header("Content-Type", types.get(kind, f"multipart/x-mixed-replace; boundary={boundary}"))
        self.end_headers()
        if kind == "silent":
            self.server.ended.wait(60)  # type: ignore[attr-defined]
        elif kind == "page":
            self.wfile.write(b"<html>" + b"no video " * 500)
        elif kind != "empty":
            self._send(kind)
        return None

    def _send(self, kind: str) -> None:
        end = b"\n" if kind == "feeds" else b"\r\n"
        for number in range(FRAMES):
            head = b"Content-Type: image/jpeg" + end
            if "unsized" not in kind:
                head += f"Content-Length: {len(PICTURE)}".encode() + end
            picture = PICTURE
            if kind == "after-damaged" and number == 1:
                picture = PICTURE[:-100] + bytes(98) + PICTURE[-2:]
            part = head + end + picture
            if kind.startswith("after"):
                self.wfile.write(part + end + b"--frame" + end)
            else:
                self.wfile.write(b"--frame" + end + part + (b"" if kind == "tight" else end))

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def http_port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.ended = threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server.server_port
    server.ended.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


@contextmanager
def raw_server(answer: Callable[[bytes], bytes]) -> Iterator[int]:
    """Answers every request that ends in an empty line; an empty answer is none."""

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            asked = b""
            while more := connection.recv(4096):
                asked += more
                if asked.endswith(b"\r\n\r\n"):
                    connection.sendall(answer(asked))
                    asked = b""

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def failure(address: str) -> str:
    with pytest.raises(SourceError) as error:
        list(open_source(address, retries=0).frames())
    text = str(error.value)
    assert ": it cannot be opened: " in text
    assert "ss" not in re.sub("pass|access|address", "", text), "shows the password"
    return text.partition(": it cannot be opened: ")[2]


@pytest.mark.parametrize(
    "kind",
    [*PARTED, "after", "after-unsized", "after-damaged"],
)
def test_motion_jpeg_is_read_however_its_parts_are_parted(http_port: int, kind: str) -> None:
    source = open_source(f"http://127.0.0.1:{http_port}/{kind}", retries=0)
    seen = 0
    with pytest.raises(SourceError, match="the connection was lost"):
        for frame in source.frames():
            assert frame.image.shape == (48, 64, 3) and abs(int(frame.image.mean()) - 90) < 4
            seen += 1
    assert 1 <= seen + source.dropped <= FRAMES
    assert seen + source.dropped >= FRAMES - 2


def test_a_password_that_is_written_as_an_address_wants_it_is_taken(http_port: int) -> None:
    source = open_source(f"http://admin:{ESCAPED}@127.0.0.1:{http_port}/secret", retries=0)
    frames = source.frames()
    assert next(frames).image.shape == (48, 64, 3)
    source.stop()
    frames.close()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("404", "nothing under this path (status 404)"),
        ("403", "forbids"),
        ("503", "status 503"),
        ("secret", "wants a name and a password (status 401)"),
        ("page", "no video that can be read (Content-Type text/html)"),
        ("empty", "sends no whole picture"),
    ],
)
def test_each_answer_of_http_has_its_sentence(http_port: int, path: str, words: str) -> None:
    assert words in failure(f"http://127.0.0.1:{http_port}/{path}")


def test_a_video_file_behind_http_that_is_not_there_is_said(http_port: int) -> None:
    with pytest.raises(SourceError, match=r"nothing under this path \(status 404\)"):
        open_source(f"http://127.0.0.1:{http_port}/gone.mp4")


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("admin:wrong", "refuses the name and the password"),
        ("admin:pa@ss", "an @ in them is written %40"),
        ("admin:pa#ss", "write # as %23"),
        ("admin:pa/ss", "write # as %23"),
        ("admin:pa?ss", "write # as %23"),
        ("admin:pa@s/s", "write # as %23"),
        ("admin:1/2", "write # as %23"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_wrong_or_unescaped_password_is_said(http_port: int, scheme: str, user: str, words: str) -> None:
    with raw_server(refusing) as rtsp_port:
        port = http_port if scheme == "http" else rtsp_port
        assert words in failure(f"{scheme}://{user}@127.0.0.1:{port}/secret")


@pytest.mark.parametrize("place", ["{}/cam/a:1?user=b@c", "u:p@{}/b@c", "{}/#x@y"])
def test_an_at_behind_the_host_is_no_password(place: str) -> None:
    assert "nobody listens" in failure(f"rtsp://{place.format(f'127.0.0.1:{closed_port()}')}")


@pytest.mark.parametrize("scheme", ["http", "https", "rtsp", "tcp"])
def test_a_host_that_is_not_there_is_said(scheme: str) -> None:
    assert "nobody listens" in failure(f"{scheme}://127.0.0.1:{closed_port()}/cam")
    assert "no host of this name" in failure(f"{scheme}://camera.invalid:80/cam")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams are waited for one second."""
    monkeypatch.setattr(sources, "_STREAM_TIMEOUT", 1.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("scheme", ["http", "rtsp"])
def test_a_server_that_accepts_and_is_silent_is_said(scheme: str) -> None:
    with raw_server(lambda request: b"") as port:
        assert "no answer in 1 s" in failure(f"{scheme}://127.0.0.1:{port}/cam")


@pytest.mark.usefixtures("impatient")
def test_a_server_that_promises_a_stream_and_is_silent_is_said(http_port: int) -> None:
    assert "sends nothing for 1 s" in failure(f"http://127.0.0.1:{http_port}/silent")


@pytest.mark.parametrize("scheme", ["http", "rtsp"])
@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail ready",
        b"RTSP/1.0",
        b"HTTP/1.1",
        b"RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm=, nonce",
        b"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=, nonce",
    ],
)
def test_a_server_of_another_protocol_is_said(scheme: str, answer: bytes) -> None:
    with raw_server(lambda request: answer + b"\r\n\r\n") as port:
        said = failure(f"{scheme}://u:p@127.0.0.1:{port}/cam")
    assert "not of the scheme's protocol" in said or "status 401" in said


def refusing(request: bytes) -> bytes:
    """RTSP that takes `admin` and PASSWORD alone, by digest, and has nothing."""
    number = re.search(rb"CSeq: *(\d+)", request)
    assert number is not None
    ok = False
    if given := re.search(rb'uri="([^"]*)".*response="(\w+)"', request):
        method = request.split()[0].decode()
        secret = hashlib.md5(f"admin:camera:{PASSWORD}".encode()).hexdigest()
        asked = hashlib.md5(f"{method}:{given[1].decode()}".encode()).hexdigest()
        ok = hashlib.md5(f"{secret}:f00d:{asked}".encode()).hexdigest() == given[2].decode()
    status = "404 Not Found" if ok else "401 Unauthorized"
    asks = "" if ok else 'WWW-Authenticate: Digest realm="camera", nonce="f00d"\r\n'
    return f"RTSP/1.0 {status}\r\nCSeq: {number[1].decode()}\r\n{asks}\r\n".encode()


def test_what_rtsp_does_not_have_is_distinguished_from_a_wrong_password() -> None:
    with raw_server(refusing) as port:
        assert "wants a name" in failure(f"rtsp://127.0.0.1:{port}/cam")
        assert "refuses the name" in failure(f"rtsp://admin:wrong@127.0.0.1:{port}/cam")
        assert "nothing under this path" in failure(f"rtsp://admin:{ESCAPED}@127.0.0.1:{port}/cam")
