"""Network streams: reconnection, its end, and what is said about them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cameras import DroppingCamera, closed_port

from facecap.sources import SourceError, open_source


@contextmanager
def challenging(challenge: str) -> Iterator[str]:
    """A camera that nobody is let in to; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", challenge)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
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
    next(frames)
    time.sleep(0.5)  # all other frames of the connection come meanwhile
    second = next(frames)
    source.stop()
    assert second.index == source.dropped + 1  # of a slow machine one may have been dropped before the first
    assert source.dropped > 0


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_an_address_that_refuses_is_given_up_after_the_retries(scheme: str) -> None:
    said: list[str] = []
    source = open_source(f"{scheme}://127.0.0.1:{closed_port()}/cam", retries=2, report=said.append)
    with pytest.raises(SourceError, match=r"cannot be opened.*given up after 2 retries"):
        list(source.frames())
    assert [text.rpartition("; ")[2] for text in said] == ["retry 1 of 2 in 0.5 s", "retry 2 of 2 in 1 s"]


def test_credentials_are_never_said() -> None:
    said: list[str] = []
    address = f"rtsp://user:hunter2@127.0.0.1:{closed_port()}/user=a&password=hunter3?token=hunter4"
    source = open_source(address, retries=1, report=said.append)
    with pytest.raises(SourceError) as error:
        list(source.frames())
    for text in (source.name, str(error.value), *said):
        assert "hunter" not in text and "127.0.0.1" in text


@pytest.mark.parametrize(
    "address", ["ftp://user:hunter2@camera/", "hunter2:@://camera", "rtsp+hunter2@x://y"]
)
def test_a_scheme_that_is_unknown_is_refused_without_credentials(address: str) -> None:
    with pytest.raises(SourceError, match="wanted one of rtsp") as error:
        open_source(address)
    assert "hunter2" not in str(error.value)


def test_an_address_that_cannot_be_read_is_one_that_cannot_be_opened() -> None:
    source = open_source("rtsp://user:hunter2@[camera/stream", retries=0)
    with pytest.raises(SourceError, match="cannot be opened") as error:
        list(source.frames())
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize(
    "challenge", ['Digest realm="cam", nonce="a", qop="auth"', "Bearer", 'Basic realm="cam"']
)
@pytest.mark.parametrize(
    ("user", "said"),
    [("", "it wants a name and a password"), ("eve:no@", "it refuses the name and the password")],
)
def test_a_camera_that_asks_for_a_password_is_understood_however_it_asks(
    challenge: str, user: str, said: str
) -> None:
    with challenging(challenge) as address, pytest.raises(SourceError) as error:
        list(open_source(f"http://{user}{address}/live", retries=0).frames())
    assert said in str(error.value) and "(status 401)" in str(error.value)


def test_a_stream_stops_while_it_waits() -> None:
    source = open_source(f"rtsp://127.0.0.1:{closed_port()}/cam", retries=1000)
    threading.Timer(0.7, source.stop).start()
    assert list(source.frames()) == []


def test_a_camera_that_is_not_there_is_not_waited_for() -> None:
    with pytest.raises(SourceError, match="camera 97: it cannot be opened"):
        open_source("97")
