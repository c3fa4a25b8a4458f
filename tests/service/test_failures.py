"""What fails inside of the service: its clients learn no more than that, and its log has it once."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from served import Served, eventually
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from facecap_service.routes.stream import FrameHeader


def failing(*_: Any, **__: Any) -> Any:
    raise RuntimeError("the detail that nobody outside needs")


def failures(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The messages of lines with this failure."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.exc_info and "nobody outside" in str(record.exc_info[1])
    ]


def test_a_failure_of_the_service_is_a_problem_too(
    service: Served, face: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(type(service.services), "camera_reports", failing)
    answer = service.client.get("/v1/cameras", headers={"X-Request-ID": "the-id"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "nobody outside" not in answer.text and answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"] == "the-id"
    eventually(lambda: failures(caplog))
    assert len(failures(caplog)) == 1
    monkeypatch.setattr("facecap_service.cameras.following.decoded", failing)
    frame = service.push("door", face)
    assert (frame.status_code, frame.json()["code"]) == (500, "internal_error")
    assert service.client.get("/livez").status_code == 200


def test_a_failure_amid_an_answer_ends_it_and_is_logged_once(
    service: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def table(*_: Any) -> Iterator[bytes]:
        yield b"id\r\n"
        failing()

    monkeypatch.setattr("facecap_service.exporting.table", table)
    with pytest.raises(httpx.RemoteProtocolError):
        service.client.get("/v1/captures/export")
    eventually(lambda: failures(caplog))
    assert service.client.get("/livez").status_code == 200
    assert len(failures(caplog)) == 1


def test_a_failure_of_a_stream_ends_it_and_is_logged_once(
    service: Served, empty: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(FrameHeader, "of", failing)
    address = service.address.replace("http", "ws", 1)
    with connect(f"{address}/v1/cameras/door/stream") as socket, pytest.raises(ConnectionClosed):
        socket.send("{}")
        socket.recv(timeout=30)
    eventually(lambda: failures(caplog))
    assert service.client.get("/livez").status_code == 200
    assert len(failures(caplog)) == 1


def test_what_a_worker_logs_has_the_id_of_its_request(
    service: Served, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facecap_service.logs import JsonFormatter

    lines: list[dict[str, Any]] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(record)))

    monkeypatch.setattr("facecap_service.cameras.following.decoded", failing)
    collector = Collector()
    logging.getLogger("facecap.service").addHandler(collector)
    try:
        headers = {"X-Request-ID": "the-id"}
        service.client.post("/v1/cameras/door/frames", content=face, headers=headers)
    finally:
        logging.getLogger("facecap.service").removeHandler(collector)
    (line,) = [line for line in lines if line["message"] == "work on a frame failed"]
    assert line["request_id"] == "the-id"
