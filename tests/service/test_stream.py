"""Frames over a WebSocket: the same semantics as over HTTP, answers in order."""

from __future__ import annotations

import json
from typing import Any

import pytest
from served import Served, eventually, running, settings_in
from test_cameras import failing, stored
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect


def stream(service: Served, camera: str, query: str = "", **more: Any) -> ClientConnection:
    address = service.address.replace("http://", "ws://")
    return connect(f"{address}/v1/cameras/{camera}/stream{query}", max_size=2**22, **more)


def send(socket: ClientConnection, picture: bytes, **header: Any) -> None:
    if header:
        socket.send(json.dumps(header))
    socket.send(picture)


def answer(socket: ClientConnection) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(socket.recv(timeout=30))
    return read


def strip(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "timings"}


def test_a_stream_is_answered_as_requests_are(service: Served, face: bytes) -> None:
    with stream(service, "ws") as socket:
        streamed = []
        for number in range(4):
            send(socket, face, frame_index=number, timestamp=number / 4)
            streamed.append(answer(socket))
    requested = [service.push("http", face, frame_index=n, timestamp=n / 4) for n in range(4)]
    for one, other in zip(streamed, requested, strict=True):
        assert one["status"] == 200 and strip(one["result"]) == strip(other.json())
        assert len(one["captures"]) == len(one["result"]["captures"])
    assert sum(len(one["captures"]) for one in streamed) == 2


def test_frames_sent_ahead_are_answered_in_their_order(service: Served, face: bytes) -> None:
    with stream(service, "door") as socket:
        for number in range(6):
            send(socket, face if number != 3 else face[:200], frame_index=number)
        answers = [answer(socket) for _ in range(6)]
    assert [a["status"] for a in answers] == [200, 200, 200, 422, 200, 200]
    assert answers[3]["problem"]["code"] == "truncated_picture"
    assert [a["result"]["frame_index"] for a in answers if a["status"] == 200] == [0, 1, 2, 4, 5]


def test_stale_repeated_and_unnumbered_frames(service: Served, face: bytes, empty: bytes) -> None:
    with stream(service, "door") as socket:
        for header in ({"frame_index": 4}, {"frame_index": 3}, {"frame_index": 4}, {}):
            send(socket, face, **header)
        first, stale, again, next_one = (answer(socket) for _ in range(4))
    assert stale["problem"]["code"] == "stale_frame" and stale["problem"]["last_frame_index"] == 4
    assert again == first and next_one["result"]["frame_index"] == 5
    with stream(service, "door") as socket:
        send(socket, empty, timestamp="2026-01-02T03:04:05.5+01:00")
        assert answer(socket)["result"]["timestamp"] == "2026-01-02T02:04:05.500Z"


def test_no_capture_is_lost_while_the_store_is_away(
    service: Served, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = type(service.services.store)
    with stream(service, "door") as socket:
        send(socket, face, frame_index=0)
        assert answer(socket)["status"] == 200
        working = store.add
        monkeypatch.setattr(store, "add", failing)
        for index in (1, 2):
            send(socket, face, frame_index=index)
            away = answer(socket)
            assert (away["status"], away["problem"]["code"]) == (503, "store_unavailable")
        monkeypatch.setattr(store, "add", working)
        send(socket, face, frame_index=1)
        again = answer(socket)
        assert again["status"] == 200 and again["captures"] == [row.id for row in stored(service, "door")]
        assert [capture["kind"] for capture in again["result"]["captures"]] == ["first"]
    report = service.client.get("/v1/cameras/door").json()["frames"]
    assert report == {"ok": 1, "store_unavailable": 2, "repeated": 1}


def test_a_full_queue_refuses_in_place(tmp_path: Any, pipeline: Any, face: bytes) -> None:
    cameras = {"queue": 1, "threads": 1}
    with running(settings_in(tmp_path, pipeline=pipeline, cameras=cameras)) as service:
        with stream(service, "door", "?when_full=refuse") as socket:
            for number in range(8):
                send(socket, face, frame_index=number)
            answers = [answer(socket) for _ in range(8)]
        statuses = [a["status"] for a in answers]
        assert statuses[0] == 200 and set(statuses) <= {200, 429}
        assert {a["problem"]["code"] for a in answers if a["status"] == 429} <= {"queue_full"}
        report = service.client.get("/v1/cameras/door").json()["frames"]
        assert sum(report.values()) == 8 and report["ok"] == statuses.count(200)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("{", "Invalid JSON"),
        ("[]", "an object"),
        ('{"frame_index": -1}', "frame_index is -1, wanted a whole number from 0 to 9007199254740991"),
        ('{"frame_index": "5"}', "frame_index is '5', wanted a whole number"),
        ('{"frame_index": true}', "frame_index is True, wanted a whole number"),
        ('{"frame": 1}', "there is no 'frame', wanted frame_index and timestamp alone"),
        ('{"timestamp": 1e300}', "timestamp is 1e+300, wanted seconds since 1970"),
        ('{"timestamp": "soon"}', "timestamp is 'soon', wanted seconds since 1970"),
        ('{"timestamp": "明天"}', r"timestamp is '\u660e\u5929', wanted seconds since 1970"),
    ],
)
def test_a_header_that_is_none_ends_the_stream_with_a_reason(
    service: Served, face: bytes, header: str, reason: str
) -> None:
    with stream(service, "door") as socket:
        send(socket, face)
        socket.send(header)
        assert answer(socket)["status"] == 200, "what came before is answered"
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert closed.value.rcvd.reason.startswith("invalid_header: ") and reason in closed.value.rcvd.reason


def test_names_and_sizes_have_their_limits(tmp_path: Any, pipeline: Any, face: bytes) -> None:
    frames = {"max_bytes": len(face)}
    with running(settings_in(tmp_path, pipeline=pipeline, frames=frames)) as service:
        with stream(service, "a%20b") as socket:
            socket.send(face)
            assert answer(socket)["problem"]["code"] == "invalid_camera"
        with stream(service, "door") as socket:
            socket.send(face + b"\0")
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=30)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


@pytest.mark.parametrize("header", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_another_sites_page_may_not_stream(service: Served, header: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused:
        stream(service, "door", additional_headers=header)
    assert refused.value.response.status_code == 403


def test_a_page_of_the_service_may_stream(service: Served, face: bytes) -> None:
    with stream(service, "door", origin=service.address) as socket:
        send(socket, face)
        assert answer(socket)["status"] == 200


def test_a_client_that_goes_away_leaves_its_frames_at_work(service: Served, face: bytes) -> None:
    with stream(service, "door") as socket:
        for number in range(4):
            send(socket, face, frame_index=number)
    eventually(lambda: service.client.get("/v1/cameras/door").json()["last_frame_index"] == 3)
