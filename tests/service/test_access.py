"""Who may do what, from where, and how often."""

from __future__ import annotations

import base64
import json
import logging
import re
from typing import Any

import pytest
from served import Served, running, settings_in
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from facecap import FacecapError
from facecap_service import keys, serving
from facecap_service.rate_limit import RateLimit
from facecap_service.settings import Settings


def key(name: str, *scopes: str) -> tuple[str, dict[str, Any]]:
    """A secret, and what the settings have of it."""
    secret, lines = keys.new_key(name, scopes)
    return secret, {"name": name, "hash": re.findall(r"sha256:\w+", lines)[0], "scopes": scopes}


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
def guarded(tmp_path: Any, pipeline: Any) -> Any:
    pairs = {scope: key(scope, scope) for scope in ("push", "read", "admin")}
    settings = settings_in(tmp_path, pipeline=pipeline, keys=[pair[1] for pair in pairs.values()])
    with running(settings) as served:
        yield served, {scope: secret for scope, (secret, _) in pairs.items()}


def test_scopes_open_what_they_say(guarded: tuple[Served, dict[str, str]], face: bytes) -> None:
    service, secrets = guarded
    calls = [
        ("POST", "/v1/cameras/door/frames", face, {"push", "admin"}),
        ("POST", "/v1/detect", face, {"push", "admin"}),
        ("POST", "/v1/cameras/door/flush", b"", {"push", "admin"}),
        ("GET", "/v1/cameras", b"", {"read", "admin"}),
        ("GET", "/v1/cameras/door", b"", {"read", "admin"}),
        ("GET", "/v1/cameras/door/frame", b"", {"read", "admin"}),
        ("GET", "/metrics", b"", {"read", "admin"}),
    ]
    for method, path, body, allowed in calls:
        for scope, secret in secrets.items():
            answer = service.client.request(method, path, content=body, headers=bearer(secret))
            refused = answer.status_code == 403 and answer.json()["code"] == "missing_scope"
            assert refused == (scope not in allowed), (path, scope, answer.text)
        for headers in (
            {},
            bearer("facecap_wrong"),
            {"Authorization": "Bearer"},
            {"Authorization": "Basic eDp5"},
        ):
            answer = service.client.request(method, path, content=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
            asked = [part.split()[0] for part in answer.headers["www-authenticate"].split(", ")]
            assert asked == (["Basic", "Bearer"] if "push" in allowed else ["Bearer"]), "no browser asks"
    for path in ("/livez", "/readyz"):
        assert service.client.get(path).status_code == 200


def test_a_stream_needs_a_key_too(guarded: tuple[Served, dict[str, str]], face: bytes) -> None:
    service, secrets = guarded
    address = service.address.replace("http", "ws") + "/v1/cameras/door/stream"
    for headers, status in (({}, 401), (bearer(secrets["read"]), 403)):
        with pytest.raises(InvalidStatus) as refused:
            connect(address, additional_headers=headers)
        assert refused.value.response.status_code == status
        assert json.loads(refused.value.response.body)["status"] == status
    with connect(address, additional_headers=bearer(secrets["push"])) as socket:
        socket.send(face)
        assert json.loads(socket.recv(timeout=30))["status"] == 200


def basic(secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'camera:{secret}'.encode()).decode()}"}


def test_cameras_show_their_key_as_they_can(guarded: tuple[Served, dict[str, str]], face: bytes) -> None:
    service, secrets = guarded
    secret, path = secrets["push"], "/v1/cameras/door/frames"
    ways = [(path, bearer(secret)), (path, basic(secret)), (path, {"X-API-Key": secret})]
    for address, headers in [*ways, (f"{path}?token={secret}", {})]:
        for method in ("POST", "PUT"):
            answer = service.client.request(method, address, content=face, headers=headers)
            assert answer.status_code == 200, (address, headers, answer.text)
    listed = "/v1/captures"
    for headers in (basic(secrets["read"]), {"X-API-Key": secrets["read"]}):
        assert service.client.get(listed, headers=headers).status_code == 200
    socket_address = service.address.replace("http", "ws") + f"/v1/cameras/door/stream?token={secret}"
    with connect(socket_address) as socket:
        socket.send(face)
        assert json.loads(socket.recv(timeout=30))["status"] == 200


@pytest.mark.parametrize(
    "value", ["Basic", "Basic !!", "Basic /w==", "Basic Y2FtZXJh", "Digest a", "basic Zm9vOg==", ""]
)
def test_a_header_without_a_key_in_it_is_no_key(
    guarded: tuple[Served, dict[str, str]], face: bytes, value: str
) -> None:
    service, secrets = guarded
    path = f"/v1/cameras/door/frames?token={secrets['push']}"
    answer = service.client.post(path, content=face, headers={"Authorization": value})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")


def test_a_key_in_an_address_may_only_push(guarded: tuple[Served, dict[str, str]]) -> None:
    service, secrets = guarded
    for scope in ("read", "admin"):
        answer = service.client.get(f"/v1/captures?token={secrets[scope]}")
        assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")
        assert "address" in answer.json()["detail"] and secrets[scope] not in answer.text


def test_a_key_of_a_camera_pushes_for_no_other(tmp_path: Any, pipeline: Any, face: bytes) -> None:
    secret, bound = key("door", "push")
    settings = settings_in(tmp_path, pipeline=pipeline, keys=[{**bound, "cameras": ["door", "gate"]}])
    with running(settings) as service:

        def ask(method: str, path: str) -> tuple[int, str]:
            answer = service.client.request(method, path, content=face, headers=bearer(secret))
            return answer.status_code, answer.json().get("code", "")

        assert ask("POST", "/v1/cameras/door/frames") == (200, "")
        assert ask("PUT", "/v1/cameras/gate/frames") == (200, "")
        refused = [("POST", "/v1/cameras/hall/frames"), ("POST", "/v1/detect")]
        for method, path in [*refused, ("DELETE", "/v1/cameras/hall")]:
            assert ask(method, path) == (403, "other_camera"), path
        stream = service.address.replace("http", "ws") + "/v1/cameras/hall/stream"
        with pytest.raises(InvalidStatus):
            connect(stream, additional_headers=bearer(secret))


def test_a_key_of_some_cameras_may_not_read_of_all() -> None:
    with pytest.raises(ValueError, match="push alone"):
        keys.new_key("door", ["push", "read"], ["door"])
    with pytest.raises(ValueError, match="cameras"):
        keys.new_key("door", ["push"], [])  # which must not be a key of all
    _, lines = keys.new_key("door", ["push"], ["hall", "door"])
    assert lines.endswith('cameras = ["door", "hall"]')


def test_a_key_that_asks_too_often_waits(tmp_path: Any, pipeline: Any, face: bytes) -> None:
    pairs = [key("eager", "push"), key("other", "push")]
    settings = settings_in(
        tmp_path,
        pipeline=pipeline,
        keys=[pair[1] for pair in pairs],
        access={"requests_per_second": 0.01, "burst": 3},
    )
    with running(settings) as service:

        def ask(secret: str) -> Any:
            return service.client.post("/v1/detect", content=face, headers=bearer(secret))

        assert [ask(pairs[0][0]).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = ask(pairs[0][0])
        assert refused.json()["code"] == "rate_limited" and 1 <= int(refused.headers["Retry-After"]) <= 100
        assert ask(pairs[1][0]).status_code == 200, "every key has a rate of its own"


def test_every_message_of_a_stream_counts_for_its_keys_rate(
    tmp_path: Any, pipeline: Any, face: bytes
) -> None:
    secret, pushing = key("eager", "push")
    access = {"requests_per_second": 0.01, "burst": 3}
    with running(settings_in(tmp_path, pipeline=pipeline, keys=[pushing], access=access)) as service:
        address = service.address.replace("http", "ws") + "/v1/cameras/door/stream"
        with connect(address, additional_headers=bearer(secret)) as socket:
            answers = []
            for _ in range(3):
                socket.send(face)
                answers.append(json.loads(socket.recv(timeout=30)))
    assert [answer["status"] for answer in answers] == [200, 200, 429], "the handshake was the first of three"
    assert answers[2]["problem"]["code"] == "rate_limited"


def test_a_rate_fills_up_again() -> None:
    now = 0.0
    limit = RateLimit(2.0, 3, clock=lambda: now)
    assert [limit.take() for _ in range(4)] == [0, 0, 0, 1]
    now = 0.5
    assert [limit.take() for _ in range(2)] == [0, 1]
    now = 100.0
    assert [limit.take() for _ in range(4)] == [0, 0, 0, 1]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""])
def test_names_that_are_not_served_here_are_refused(service: Served, host: str) -> None:
    answer = service.client.get("/livez", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "unknown_host")


def test_with_keys_any_name_will_do_and_others_where_they_are_set(tmp_path: Any, pipeline: Any) -> None:
    kept = [key("a", "read")[1]]
    for server, expected in (({}, (200, 200, 200)), ({"hosts": ["hub.example"]}, (200, 421, 200))):
        with running(settings_in(tmp_path, pipeline=pipeline, keys=kept, server=server)) as service:
            hosts = ("hub.example:8000", "other.example", "127.0.0.1:8000")
            found = [service.client.get("/livez", headers={"Host": host}).status_code for host in hosts]
            assert tuple(found) == expected


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "127.0.0.1:1", "[::1]:8000"])
def test_loopback_names_are_served(service: Served, host: str) -> None:
    assert service.client.get("/livez", headers={"Host": host}).status_code == 200


def test_another_sites_page_can_change_nothing(service: Served, face: bytes) -> None:
    for site in ("cross-site", "same-site"):
        answer = service.client.post("/v1/detect", content=face, headers={"Sec-Fetch-Site": site})
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert service.client.post(
        "/v1/detect", content=face, headers={"Sec-Fetch-Site": "same-origin"}
    ).is_success
    preflight = service.client.options("/v1/detect", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in preflight.headers


def test_every_answer_has_security_headers_and_an_id(service: Served) -> None:
    for path in ("/livez", "/nothing", "/v1/cameras"):
        headers = service.client.get(path, headers={"X-Request-ID": "my-id.1"}).headers
        assert headers["x-request-id"] == "my-id.1"
        assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "server" not in headers
    ids = {
        service.client.get("/livez", headers={"X-Request-ID": 'a"b'}).headers["x-request-id"] for _ in "ab"
    }
    assert len(ids) == 2 and 'a"b' not in ids


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "camera-hub"])
def test_without_keys_nobody_else_is_let_in(host: str) -> None:
    with pytest.raises(FacecapError, match=r"there are no keys.*--new-key"):
        serving.check_exposure(Settings(server={"host": host}))
    serving.check_exposure(Settings(server={"host": host}, keys=[key("a", "push")[1]]))
    serving.check_exposure(Settings(server={"host": "::1"}))


def test_logs_are_json_lines_without_pictures_and_keys(
    tmp_path: Any, pipeline: Any, face: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    from facecap_service.logs import JsonFormatter

    caplog.set_level(logging.DEBUG, "facecap")
    secret, kept = key("door", "push")
    with running(settings_in(tmp_path, pipeline=pipeline, keys=[kept])) as service:
        asked = {**bearer(secret), "X-Request-ID": "the-id"}
        service.client.post("/v1/cameras/door/frames?token=hidden", content=face, headers=asked)
        service.client.post(f"/v1/cameras/door/frames?token={secret}", content=b"no picture")
        with connect(f"{service.address.replace('http', 'ws')}/v1/cameras/door/stream?token={secret}"):
            pass
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    (line, _) = [line for line in lines if line.get("path") == "/v1/cameras/door/frames"]
    assert {line["method"], line["status"], line["level"]} == {"POST", 200, "debug"}
    text = json.dumps(lines)
    assert secret not in text and kept["hash"] not in text and "hidden" not in text
    assert max(map(len, text.split('"'))) < 500


def test_a_failure_of_the_service_is_a_problem_too(
    service: Served, face: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> Any:
        raise RuntimeError("the detail that nobody outside needs")

    monkeypatch.setattr(type(service.services), "camera_reports", broken)
    answer = service.client.get("/v1/cameras", headers={"X-Request-ID": "the-id"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "nobody outside" not in answer.text and answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"] == "the-id"
    assert "the detail that nobody outside needs" in caplog.text
    monkeypatch.setattr("facecap_service.cameras.following.decoded", broken)
    frame = service.push("door", face)
    assert (frame.status_code, frame.json()["code"]) == (500, "internal_error")
    assert service.client.get("/livez").status_code == 200


def test_what_a_worker_logs_has_the_id_of_its_request(
    service: Served, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    from facecap_service.logs import JsonFormatter

    lines: list[dict[str, Any]] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(record)))

    def broken(*_: Any) -> Any:
        raise RuntimeError("no picture")

    monkeypatch.setattr("facecap_service.cameras.following.decoded", broken)
    collector = Collector()
    logging.getLogger("facecap.service").addHandler(collector)
    try:
        headers = {"X-Request-ID": "the-id"}
        service.client.post("/v1/cameras/door/frames", content=face, headers=headers)
    finally:
        logging.getLogger("facecap.service").removeHandler(collector)
    (line,) = [line for line in lines if line["message"] == "work on a frame failed"]
    assert line["request_id"] == "the-id"
