"""Clients that are refused and come again at once: they cost little, and nobody else anything."""

from __future__ import annotations

import http.client
import json
import select
import socket
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from programs import program
from raw import connection, ended, read_answer
from served import Served, eventually, running, settings_in
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from facecap.client import Client
from facecap_service import keys, refusals
from facecap_service.refusals import Pace
from facecap_service.settings import Settings
from facecap_service.store import Store, StoreError

LIVEZ = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
LARGE = 4_000_000
"""Bytes of a body that no socket holds."""


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held back is not answered while a test lasts."""
    monkeypatch.setattr(refusals, "LONGEST_SECONDS", 3600.0)
    monkeypatch.setattr(refusals, "_A_SECOND", 0.001)


@contextmanager
def full(held: Any, picture: bytes) -> Iterator[tuple[Served, Any, Future[httpx.Response]]]:
    """A service whose camera `door` has no room, the gate that makes some, and the answer to its frame."""
    service, _, gate = held(cameras={"queue": 1, "threads": 2})
    with ThreadPoolExecutor(1) as clients:
        first = clients.submit(service.push, "door", picture)
        eventually(lambda: not service.services.cameras.has_room("door"))
        yield service, gate, first
        gate.release(1000)


def frames_of(service: Served, camera: str) -> dict[str, int] | None:
    answer = service.client.get(f"/v1/cameras/{camera}")
    return answer.json()["frames"] if answer.status_code == 200 else None


def head(path: str, length: int, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {length}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_a_full_queue_refuses_before_the_picture_has_come(held: Any, empty: bytes) -> None:
    with full(held, empty) as (service, gate, first), connection(service) as client:
        client.sendall(head("/v1/cameras/door/frames", LARGE))
        refused = read_answer(client)
        assert refused.startswith(b"HTTP/1.1 429") and b'"queue_full"' in refused
        client.sendall(b"x" * LARGE + LIVEZ)
        assert read_answer(client).endswith(b"ok\n"), "the connection goes on behind the body"
        assert frames_of(service, "door") == {"queue_full": 1}
        gate.release()
        assert first.result().status_code == 200


def test_a_client_that_asks_first_is_not_told_to_send(held: Any, empty: bytes) -> None:
    with full(held, empty) as (service, _, _), connection(service) as client:
        client.sendall(head("/v1/cameras/door/frames", LARGE, "Expect: 100-continue"))
        refused = ended(client)
        assert refused.startswith(b"HTTP/1.1 429") and b"100 Continue" not in refused
        assert b"\r\nconnection: close\r\n" in refused.lower(), "what comes next is no body"


def by_curl(service: Served, body: bytes, folder: Path) -> tuple[int, dict[str, Any]]:
    """curl asks first for bodies of this size."""
    (folder / "body").write_bytes(body)
    command = [program("curl"), "-s", "-w", "\n%{http_code}", "--data-binary", f"@{folder / 'body'}"]
    command.append(f"{service.address}/v1/cameras/door/frames")
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    document, status = said.rsplit("\n", 1)
    return int(status), json.loads(document)


def by_http_client(service: Served, body: bytes, folder: Path) -> tuple[int, dict[str, Any]]:
    client = http.client.HTTPConnection(service.address.removeprefix("http://"), timeout=60)
    client.request("POST", "/v1/cameras/door/frames", body)
    answer = client.getresponse()
    document = json.loads(answer.read())
    client.request("GET", "/livez")
    assert client.getresponse().read() == b"ok\n"
    client.close()
    return answer.status, document


def by_httpx(service: Served, body: bytes, folder: Path) -> tuple[int, dict[str, Any]]:
    answer = service.push("door", body)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("push", [by_curl, by_http_client, by_httpx])
def test_clients_understand_a_refusal_that_comes_before_their_body(
    held: Any, empty: bytes, tmp_path: Path, push: Callable[..., tuple[int, dict[str, Any]]]
) -> None:
    with full(held, empty) as (service, _, _):
        status, document = push(service, empty + bytes(LARGE), tmp_path)
        assert (status, document["code"]) == (429, "queue_full")


def test_the_client_of_the_package_comes_again_until_there_is_room(held: Any, empty: bytes) -> None:
    with full(held, empty) as (service, gate, _), Client(service.address) as client:
        door = client.camera("door")
        answer = door.push(empty)
        eventually(lambda: door.counts.retries >= 2)
        gate.release(1000)
        assert answer.result(60).capture_ids == ()


@pytest.mark.usefixtures("hours")
def test_a_flood_is_held_back_and_nobody_else(held: Any, empty: bytes) -> None:
    """Nobody waits for what is held back for an hour: no other camera, and no shutdown."""
    with full(held, empty) as (service, gate, first), ExitStack() as stack:
        flood = [stack.enter_context(connection(service)) for _ in range(30)]
        for client in flood:
            client.sendall(head("/v1/cameras/door/frames", len(empty)) + empty)
        eventually(lambda: (frames_of(service, "door") or {}).get("queue_full") == 30)
        at_once = eventually(lambda: len(found) == 10 and found if (found := readable(flood)) else None)
        for client in at_once:
            assert read_answer(client).startswith(b"HTTP/1.1 429")
        other = stack.enter_context(ThreadPoolExecutor(1)).submit(service.push, "hall", empty)
        eventually(lambda: not service.services.cameras.has_room("hall"))
        assert service.push("hall", empty).status_code == 429, "of another camera it is the first"
        gate.release(2)
        assert [frame.result().status_code for frame in (first, other)] == [200, 200]


def readable(clients: list[socket.socket]) -> list[socket.socket]:
    """Those that were answered."""
    return select.select(clients, [], [], 0)[0]


@pytest.mark.parametrize("now", [0, 100], ids=["as the machine starts", "later"])
def test_refusals_wait_longer_and_longer_and_are_forgotten(now: int) -> None:
    pace = Pace(a_second=5, at_once=10)
    pauses = [pace.pause(now) for _ in range(40)]
    assert pauses[:10] == pytest.approx([0.0] * 10, abs=1e-6)
    assert pauses[10:] == sorted(pauses[10:]) and 0 < pauses[10] < 0.3 and max(pauses) == 1.0
    assert not any(pace.pause(second) for second in range(now + 10, now + 40)), "who heeds Retry-After"


def with_a_key(tmp_path: Path, pipeline: Any) -> tuple[str, Settings]:
    """A key that may push, and settings that know it alone."""
    secret, lines = keys.new_key("door", ["push"])
    known = {"name": "door", "hash": lines.split('hash = "')[1].split('"')[0], "scopes": ["push"]}
    return secret, settings_in(tmp_path, pipeline=pipeline, keys=[known])


@pytest.mark.usefixtures("hours")
def test_who_comes_with_a_wrong_key_again_and_again_is_held_back_and_answered_in_the_end(
    tmp_path: Path, pipeline: Any, empty: bytes
) -> None:
    _, settings = with_a_key(tmp_path, pipeline)
    with running(settings) as service, ExitStack() as stack:
        flood = [stack.enter_context(connection(service)) for _ in range(24)]
        for client in flood:
            request = head("/v1/cameras/door/frames", len(empty), "Authorization: Bearer facecap_wrong")
            client.sendall(request + empty)
        eventually(lambda: len(readable(flood)) == 10)
        assert service.client.get("/livez").text == "ok\n"
        assert len(readable(flood)) == 10, "of all others it is held back"
        service.server.should_exit = True
        for client in flood:
            assert read_answer(client).startswith(b"HTTP/1.1 401")


@pytest.mark.usefixtures("hours")
def test_cameras_that_send_a_password_once_they_are_asked_for_it_are_never_held_back(
    tmp_path: Path, pipeline: Any, empty: bytes
) -> None:
    secret, settings = with_a_key(tmp_path, pipeline)
    with running(settings) as service:
        path = "/v1/cameras/door/frames"
        for _ in range(30):
            asked = service.client.post(path, content=empty)
            assert asked.status_code == 401 and asked.headers["www-authenticate"].startswith("Basic ")
            assert service.client.post(path, content=empty, auth=("door", secret)).status_code == 200
        address = f"{service.address.replace('http', 'ws', 1)}/v1/cameras/door/stream"
        for _ in range(12):
            with pytest.raises(InvalidStatus) as refused:
                connect(address)
            assert refused.value.response.status_code == 401


@pytest.mark.usefixtures("hours")
def test_cameras_behind_one_address_do_not_wait_for_each_other_while_the_store_is_away(
    tmp_path: Path, pipeline: Any, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise StoreError("no space left on device")

    capture = {"mode": "fast", "min_hits": 1}
    monkeypatch.setattr(Store, "add", away)
    with running(settings_in(tmp_path, pipeline=pipeline, capture=capture)) as service:
        for number in range(30):
            refused = service.push(f"door{number}", face)
            assert (refused.status_code, refused.json()["code"]) == (503, "store_unavailable")


@pytest.mark.usefixtures("hours")
def test_a_stream_that_is_refused_again_and_again_is_read_when_there_is_room(
    held: Any, empty: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "_STREAMED_A_SECOND", 0.001)
    with full(held, empty) as (service, gate, _):
        address = service.address.replace("http", "ws", 1)
        address = f"{address}/v1/cameras/door/stream?when_full=refuse"
        with connect(address, max_size=2**22) as socket, connect(address) as beside:
            for _ in range(100):
                socket.send(empty)
            beside.send(empty)
            eventually(lambda: (frames_of(service, "door") or {}).get("queue_full") == 2)
            for _ in range(50):  # so long that it would have looked for room many times
                assert frames_of(service, "door") == {"queue_full": 2}, "it is read while there is no room"
            gate.release(1000)
            statuses = Counter(json.loads(socket.recv(timeout=60))["status"] for _ in range(100))
        assert set(statuses) <= {200, 429} and statuses[200] > 20, statuses


def test_streams_of_one_camera_share_what_is_refused_at_once() -> None:
    paces = refusals.of_streams()
    door, hall = ("192.0.2.7", "door"), ("192.0.2.7", "hall")
    assert not any(paces.pause(door) for _ in range(30)) and not any(paces.pause(hall) for _ in range(30))
    assert any(paces.pause(door) for _ in range(40))
