"""What clients of the WebSocket can make the service hold, and for how long."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from socket import socket as Socket
from typing import Any

import pytest
from raw import all_gone, ended, fragment, open_stream, raw_stream
from served import Served, eventually, running, settings_in
from test_stream import answer, send
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode
from websockets.sync.client import ClientConnection

from facecap_service.protocols import patience

MEBIBYTE = 2**20


@pytest.fixture
def small(tmp_path: Any, pipeline: Any) -> Iterator[Served]:
    """A service that holds 4 MiB of what comes, in frames of up to 1 MiB."""
    frames = {"max_bytes": MEBIBYTE, "max_waiting_bytes": 4 * MEBIBYTE}
    with running(settings_in(tmp_path, pipeline=pipeline, frames=frames)) as service:
        yield service


def write(socket: ClientConnection, data: bytes) -> None:
    """Past the library, which sends whole messages only."""
    socket.socket.sendall(data)


def send_begun(client: Socket, data: bytes) -> None:
    """Send what the service may refuse before its end."""
    with suppress(ConnectionError):
        client.sendall(data)


def closed(socket: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as found:
        socket.recv(timeout=30)
    assert found.value.rcvd is not None
    return found.value.rcvd.code, found.value.rcvd.reason


def counts(service: Served, camera: str = "door") -> dict[str, int]:
    found: dict[str, int] = service.client.get(f"/v1/cameras/{camera}").json().get("frames", {})
    return found


@pytest.mark.parametrize("whole", [False, True], ids=["fragments", "one frame"])
def test_messages_half_received_count_as_waiting(small: Served, face: bytes, whole: bool) -> None:
    half = fragment(bytes(MEBIBYTE - 4096), fin=whole)[: 900_000 if whole else None]
    with ExitStack() as stack:
        for _ in range(6):
            send_begun(stack.enter_context(raw_stream(small, "door")), half)
        # Four wait to be whole. What is beyond the limit is refused, over HTTP too.
        eventually(lambda: counts(small).get("busy") == 2)
        for path in ("door/frames", "board/captures"):
            busy = small.client.post(f"/v1/cameras/{path}", content=bytes(1_000_000))
            assert (busy.status_code, busy.json()["code"]) == (429, "busy")
    eventually(lambda: small.push("door", face).status_code == 200)
    with open_stream(small, "door") as socket:
        write(socket, fragment(face[:1000]))
        write(socket, fragment(face[1000:], Opcode.CONT, fin=True))
        assert answer(socket)["status"] == 200


def test_the_memory_of_the_service_stays_within_its_limit(small: Served) -> None:
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    half = fragment(bytes(MEBIBYTE - 4096))
    before = resident()
    with ExitStack() as stack:
        for _ in range(64):
            send_begun(stack.enter_context(raw_stream(small, "door")), half)
        eventually(lambda: counts(small).get("busy", 0) >= 60)
        assert resident() - before < 32 * MEBIBYTE, "64 MiB were sent"


def test_small_fragments_count_with_what_they_cost(small: Served) -> None:
    with open_stream(small, "door") as socket:
        write(socket, fragment(b"x") + fragment(b"x", Opcode.CONT) * 100_000)
        assert closed(socket) == (1013, "busy")


def test_a_message_that_does_not_become_whole_ends_the_stream(
    tmp_path: Any, pipeline: Any, face: bytes
) -> None:
    with running(settings_in(tmp_path, pipeline=pipeline, frames={"receive_seconds": 0.5})) as service:
        with open_stream(service, "idle") as idle, open_stream(service, "door") as slow:
            send(idle, face)
            assert answer(idle)["status"] == 200
            write(slow, fragment(face[:1000]))
            assert closed(slow) == (1008, "body_too_slow")
            send(idle, face)
            assert answer(idle)["status"] == 200
        assert counts(service) == {"body_too_slow": 1}


def test_a_message_that_is_too_large_is_counted(small: Served) -> None:
    with open_stream(small, "door") as socket:
        socket.send(bytes(MEBIBYTE + 1))
        assert closed(socket)[0] == 1009
    eventually(lambda: counts(small) == {"body_too_large": 1})


def test_a_header_that_is_none_is_counted(service: Served) -> None:
    with open_stream(service, "door") as socket:
        socket.send('{"frame_index": -1}')
        assert closed(socket)[0] == 1008
    assert counts(service) == {"invalid_parameter": 1}


def test_a_header_is_short(service: Served) -> None:
    with open_stream(service, "door") as socket:
        socket.send('{"frame_index": 1' + " " * 5000 + "}")
        assert closed(socket)[0] == 1008


def test_pongs_that_are_not_taken_are_not_heaped_up(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "STALLED_SECONDS", 1.0)
    pings = fragment(b"x" * 125, Opcode.PING, fin=True) * 8192
    with raw_stream(service, "door") as client:
        with pytest.raises(ConnectionError):
            for _ in range(40):
                client.sendall(pings)  # a megabyte each, of which the service reads some before it ends this
        all_gone(service)


def test_answers_that_are_not_taken_stop_the_reading(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "STALLED_SECONDS", 1.0)
    frames = fragment(b"no picture", fin=True) * 8192
    with raw_stream(service, "door") as client:
        with pytest.raises(ConnectionError):
            for _ in range(400):
                client.sendall(frames)  # the answers are 20 times as long
        all_gone(service)


def test_a_client_that_sends_is_alive_though_its_pongs_are_late(service: Served, face: bytes) -> None:
    service.server.config.ws_ping_interval = service.server.config.ws_ping_timeout = 0.5
    with raw_stream(service, "silent") as silent, raw_stream(service, "door") as busy:
        end, sent = time.monotonic() + 2.5, 0
        while time.monotonic() < end:  # it never sends a pong
            busy.sendall(fragment(face, fin=True))
            sent += 1
            eventually(lambda: service.client.get("/v1/cameras/door").json()["queue"] == 0)
            time.sleep(0.02)
        eventually(lambda: counts(service) == {"ok": sent})
        assert b"keepalive" in ended(silent)
