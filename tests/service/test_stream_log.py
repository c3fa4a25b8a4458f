"""What the log says of WebSockets: a line a handshake, as of any request."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from served import Served, eventually, running, settings_in
from test_access import key
from test_failures import failing, failures
from test_stream import answer, send, stream
from websockets.exceptions import InvalidStatus

PATH = "/v1/cameras/door/stream"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "facecap")
    return caplog


def requests(log: pytest.LogCaptureFixture) -> list[tuple[str, str, int]]:
    lines: list[dict[str, Any]] = [vars(record) for record in log.records]
    return [(line["method"], line["path"], line["status"]) for line in lines if line["msg"] == "request"]


def troubles(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if record.levelno >= logging.WARNING]


def refused(service: Served, query: str = "", **more: Any) -> tuple[int, str]:
    """Status and code of the answer to a handshake."""
    with pytest.raises(InvalidStatus) as found:
        stream(service, "door", query, **more)
    response = found.value.response
    assert "x-request-id" in response.headers
    return response.status_code, json.loads(response.body)["code"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"query": "?when_full=foo"}, (400, "invalid_parameter")),
        ({"origin": "https://evil.example"}, (403, "cross_site")),
        ({"additional_headers": {"Host": "evil.example"}}, (421, "unknown_host")),
    ],
)
def test_a_refused_stream_is_a_request_in_the_log_and_no_error(
    service: Served, log: pytest.LogCaptureFixture, asked: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refused(service, **asked) == expected
    eventually(lambda: requests(log) == [("GET", PATH, expected[0])])
    assert not troubles(log)


def test_a_stream_that_comes_again_and_again_without_its_key_has_one_line_a_minute(
    tmp_path: Path, pipeline: dict[str, Any], log: pytest.LogCaptureFixture
) -> None:
    secret, office = key("office", "read")
    with running(settings_in(tmp_path, pipeline=pipeline, keys=[office])) as service:
        assert {refused(service) for _ in range(3)} == {(401, "unauthorized")}
        figures = service.client.get("/metrics", headers={"X-API-Key": secret}).text
    counted = 'facecap_http_requests_total{method="GET",route="/v1/cameras/{camera}/stream",status="401"} 3.0'
    assert counted in figures
    assert requests(log).count(("GET", PATH, 401)) == 1
    assert not troubles(log)


def test_a_stream_has_its_line_in_the_log_when_it_ends(
    service: Served, face: bytes, log: pytest.LogCaptureFixture
) -> None:
    with stream(service, "door", additional_headers={"X-Request-ID": "the-id"}) as socket:
        assert socket.response is not None and socket.response.headers["x-request-id"] == "the-id"
        send(socket, face)
        assert answer(socket)["status"] == 200
        assert not requests(log)
    eventually(lambda: requests(log) == [("GET", PATH, 101)])
    assert not troubles(log)


def test_where_no_stream_is_the_handshake_is_in_the_log(
    service: Served, log: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidStatus) as found:
        stream(service, "door/none")
    status = found.value.response.status_code
    eventually(lambda: requests(log) == [("GET", "/v1/cameras/door/none/stream", status)])
    assert not troubles(log)


def test_a_handshake_at_which_the_service_fails_is_answered_and_logged_once(
    service: Served, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facecap_service.routes.stream.authorize", failing)
    assert refused(service) == (500, "internal_error")
    eventually(lambda: requests(log) == [("GET", PATH, 500)])
    assert len(failures(log)) == 1 and troubles(log) == ["a request failed"]
