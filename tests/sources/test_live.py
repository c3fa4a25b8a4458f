"""Network streams: reconnection, its end, and what is said about them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
import pytest

from facecap.sources import SourceError, open_source


class DroppingCamera(ThreadingHTTPServer):
    """Motion JPEG over HTTP; a connection is dropped after so many frames, and the next numbers go on."""

    daemon_threads = True

    def __init__(self, frames_a_connection: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
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
        picture = cv2.imencode(".jpg", np.full((48, 64, 3), 40 * self.server.connections, np.uint8))[
            1
        ].tobytes()
        try:
            for _ in range(self.server.frames_a_connection):
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                self.wfile.write(head.encode() + picture + b"\r\n")
                time.sleep(0.01)
        except OSError:
            pass  # the reader has gone

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def camera() -> Iterator[DroppingCamera]:
    server = DroppingCamera(frames_a_connection=20)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_dropped_connection_is_made_again(camera: DroppingCamera) -> None:
    said: list[str] = []
    source = open_source(f"http://{camera.address}/live", report=said.append)
    connections = set()
    indices, times = [], []
    for frame in source.frames():
        connections.add(round(frame.image.mean() / 40))
        indices.append(frame.index)
        times.append(frame.timestamp)
        if len(connections) == 2:
            source.stop()
    assert connections == {1, 2}
    assert source.live and source.length is None
    assert sorted(set(indices)) == indices and sorted(times) == times
    assert abs(times[-1] - time.time()) < 60
    assert "connection was lost; retry 1 of 5" in said[0]


def test_late_frames_of_a_live_source_are_dropped_and_counted(camera: DroppingCamera) -> None:
    source = open_source(f"http://{camera.address}/live", retries=0)
    frames = source.frames()
    first = next(frames)
    time.sleep(0.5)  # all other frames of the connection come meanwhile
    second = next(frames)
    source.stop()
    assert second.index - first.index == source.dropped + 1
    assert source.dropped > 0


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_an_address_that_refuses_is_given_up_after_the_retries(scheme: str) -> None:
    said: list[str] = []
    source = open_source(f"{scheme}://127.0.0.1:{closed_port()}/cam", retries=2, report=said.append)
    with pytest.raises(SourceError, match="cannot be opened.*given up after 2 retries"):
        list(source.frames())
    assert [text.rpartition("; ")[2] for text in said] == ["retry 1 of 2 in 0.5 s", "retry 2 of 2 in 1 s"]


def test_credentials_are_never_said() -> None:
    said: list[str] = []
    address = f"rtsp://user:secret@127.0.0.1:{closed_port()}/cam?token=hidden"
    source = open_source(address, retries=1, report=said.append)
    with pytest.raises(SourceError) as error:
        list(source.frames())
    for text in (source.name, str(error.value), *said):
        assert "secret" not in text and "hidden" not in text and "127.0.0.1" in text


def test_a_stream_stops_while_it_waits() -> None:
    source = open_source(f"rtsp://127.0.0.1:{closed_port()}/cam", retries=1000)
    threading.Timer(0.7, source.stop).start()
    assert list(source.frames()) == []
