"""Connections that neither send a request nor read an answer are ended, and no others."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from raw import all_gone, connection, ended, open_stream, read_answer
from served import Served, running, settings_in
from test_pushed_captures import LINE, png
from websockets.exceptions import InvalidStatus

from facecap_service.protocols import patience

LIVEZ = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@pytest.fixture
def brisk(tmp_path: Any, pipeline: Any) -> Iterator[Served]:
    """A service that waits for the head of a request for half a second, and an hour for the next one."""
    server = {"head_seconds": 0.5, "keep_alive_seconds": 3600}
    with running(settings_in(tmp_path, pipeline=pipeline, server=server)) as service:
        yield service


def pass_time(service: Served) -> None:
    """More than a client may take for a head."""
    for _ in range(2):
        with connection(service) as silent:
            assert ended(silent) == b""


def drip(client: socket.socket, data: bytes) -> bytes:
    """Send a byte now and then until the service ends the connection; what it said."""
    done = threading.Event()

    def send() -> None:
        for byte in data:
            try:
                client.sendall(bytes([byte]))
            except OSError:
                return
            if done.wait(0.05):
                return

    dripping = threading.Thread(target=send)
    dripping.start()
    read = ended(client)
    done.set()
    dripping.join()
    return read


@pytest.mark.parametrize("begun", [b"", b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n"])
def test_a_connection_that_falls_silent_before_its_first_request_is_ended(
    brisk: Served, begun: bytes
) -> None:
    with connection(brisk) as client:
        client.sendall(begun)
        assert ended(client) == b""


@pytest.mark.parametrize("data", [b"GET /livez HTTP/1.1\r\nX: " + b"x" * 600, b"\r\n" * 300])
def test_a_head_that_drips_is_given_up(brisk: Served, data: bytes) -> None:
    with connection(brisk) as client:
        assert drip(client, data) == b""


@pytest.mark.parametrize("data", [LIVEZ[:20] + b"x" * 600, b"\r\n" * 300])
def test_a_second_head_that_drips_is_given_up(brisk: Served, data: bytes) -> None:
    with connection(brisk) as client:
        client.sendall(LIVEZ)
        assert read_answer(client).endswith(b"ok\n")
        assert drip(client, data) == b""


def test_those_that_have_come_to_the_point_are_left_alone(brisk: Served, face: bytes) -> None:
    with (
        connection(brisk) as idle,
        connection(brisk) as events,
        open_stream(brisk, "door") as frames,
    ):
        idle.sendall(LIVEZ)
        assert read_answer(idle).endswith(b"ok\n")
        events.sendall(b"GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200 OK" in events.recv(1 << 16)
        frames.send(face)
        assert json.loads(frames.recv(timeout=30))["status"] == 200
        pass_time(brisk)
        frames.send(face)
        assert json.loads(frames.recv(timeout=30))["status"] == 200
        idle.sendall(LIVEZ)
        assert read_answer(idle).endswith(b"ok\n")
        received = b""
        while b"event: camera.opened" not in received:
            received += events.recv(1 << 16)


def test_a_body_that_comes_after_its_answer_leaves_the_connection_usable(brisk: Served) -> None:
    with connection(brisk) as client:
        head = b"POST /v1/cameras/door/flush HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
        client.sendall(head + b"x" * 500)
        assert b"404 Not Found" in read_answer(client)
        client.sendall(b"x" * 100)
        pass_time(brisk)
        client.sendall(b"x" * 400)
        pass_time(brisk)
        client.sendall(LIVEZ)
        assert read_answer(client).endswith(b"ok\n")


def test_a_body_that_does_not_come_after_its_answer_is_not_awaited(tmp_path: Any, pipeline: Any) -> None:
    server, frames = {"keep_alive_seconds": 3600}, {"receive_seconds": 0.5}
    head = b"POST /v1/cameras/door/flush HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
    settings = settings_in(tmp_path, pipeline=pipeline, server=server, frames=frames)
    with running(settings) as service, connection(service) as client:
        client.sendall(head)
        assert b"404 Not Found" in read_answer(client)
        assert drip(client, b"x" * 900) == b""


@pytest.mark.parametrize("path", ["frames", "captures"])
def test_a_body_that_drips_is_refused(tmp_path: Any, pipeline: Any, path: str) -> None:
    with running(settings_in(tmp_path, pipeline=pipeline, frames={"receive_seconds": 0.5})) as service:
        with connection(service) as client:
            head = f"POST /v1/cameras/door/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n\r\n"
            client.sendall(head.encode())
            answer = drip(client, b"x" * 800)
        assert b"408 Request Timeout" in answer and b'"body_too_slow"' in answer


@pytest.mark.parametrize(
    "head",
    [
        b"GET /livez HTTP/1.1\r\nX: " + b"x" * 2_000_000,
        b"GET /livez HTTP/1.1\r\n" + b"X: x\r\n" * 400_000,
        b"GET /" + b"x" * 2_000_000,
        b"\r\n" * 1_000_000,
    ],
    ids=["header", "headers", "path", "nothing"],
)
def test_a_head_without_end_is_refused(service: Served, head: bytes) -> None:
    with connection(service) as client:
        answers: list[bytes] = []
        reading = threading.Thread(target=lambda: answers.append(ended(client)))
        reading.start()
        with pytest.raises(ConnectionError):
            while True:
                client.sendall(head)
        reading.join()
    assert answers[0][:12] in (b"", b"HTTP/1.1 431", b"HTTP/1.1 400")


def test_requests_sent_ahead_have_a_limit(service: Served) -> None:
    with connection(service) as client:
        client.sendall(LIVEZ * 10)
        assert all(read_answer(client).endswith(b"ok\n") for _ in range(10))
        client.sendall(LIVEZ * 1000)
        assert b"HTTP/1.1 400" in ended(client)


def large_answer(service: Served) -> bytes:
    """A request whose answer has nearly a million bytes."""
    crop = base64.b64encode(png(560, 560)).decode()
    pushed = service.client.post("/v1/cameras/board/captures", json={"capture": LINE, "crop": crop})
    path = f"/v1/captures/{pushed.headers['Facecap-Captures']}/crop"
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def test_a_client_that_takes_no_answers_is_ended(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "STALLED_SECONDS", 0.5)
    request = large_answer(service)
    last = request[:-2] + b"Connection: close\r\n\r\n"
    with connection(service, receive_buffer=4096) as asking, connection(service, receive_buffer=4096) as done:
        asking.sendall(request * 15)  # more than sockets hold
        done.sendall(request * 8 + last)
        all_gone(service)


def test_a_client_that_reads_slowly_has_its_answers(service: Served) -> None:
    with connection(service, receive_buffer=4096) as client:
        client.sendall(large_answer(service) * 12)
        assert all(read_answer(client).startswith(b"HTTP/1.1 200 OK") for _ in range(12))


def test_streams_are_connections_and_have_their_limit(tmp_path: Any, pipeline: Any) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline, server={"max_connections": 3})
    with running(settings) as service, open_stream(service, "one"), open_stream(service, "two"):
        with pytest.raises(InvalidStatus) as refused:
            open_stream(service, "three")
        assert refused.value.response.status_code == 503


def test_a_handshake_that_is_none_keeps_no_connection(service: Served) -> None:
    upgrade = b"Host: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    with connection(service) as client:
        client.sendall(b"GET /v1/cameras/door/stream HTTP/1.1\r\n" + upgrade + b"X: x\r\n" * 200 + b"\r\n")
        assert b"HTTP/1.1 400" in ended(client)
