"""Requests that no call of the service is for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from served import Served

ROOT = Path(__file__).resolve().parent.parent.parent
PATHS = sorted(json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"].items())
UNLISTED = [("/", {"get": {}}), ("/docs", {"get": {}}), ("/page/base.css", {"get": {}})]


@pytest.mark.parametrize(
    ("path", "calls"), [*PATHS, *UNLISTED], ids=lambda value: value if "/" in value else ""
)
def test_head_of_every_call_is_answered_as_get_without_a_body(
    service: Served, face: bytes, path: str, calls: dict[str, object]
) -> None:
    for _ in range(2):
        service.push("door", face)
    capture = service.client.get("/v1/captures").json()["captures"][0]["id"]
    asked = path.replace("{camera}", "door").replace("{capture_id}", capture).replace("{id}", capture)
    head = service.client.head(asked)
    assert head.content == b""
    if "get" in calls and path not in ("/v1/events", "/v1/captures/export"):  # made while they are sent
        get = service.client.get(asked)
        assert (
            head.status_code == get.status_code
            and head.headers["content-type"] == get.headers["content-type"]
        )
        assert ("content-length" in head.headers) == ("content-length" in get.headers)
    else:
        allowed = {method.upper() for method in calls}
        found = set(head.headers["allow"].split(", "))
        # The path of an export is one of a capture's removal too.
        assert head.status_code == 405 and allowed <= found and "HEAD" not in found


@pytest.mark.parametrize(
    ("method", "path", "status", "allow", "said"),
    [
        (
            "GET",
            "/v1/cameras/door/frames",
            405,
            "POST, PUT",
            "GET came, /v1/cameras/door/frames takes POST, PUT",
        ),
        ("POST", "/v1/cameras", 405, "GET, HEAD", "takes GET, HEAD"),
        ("POST", "/v1/camera/door/frames", 404, None, "nothing is at /v1/camera/door/frames: /docs lists"),
        ("POST", "/v1/cameras/door/frames/", 404, None, "leave out the slash"),
        ("POST", "/" + "x" * 5000, 404, None, "nothing is at"),
        ("GET", "/v1/cameras/door/stream", 426, None, "a reverse proxy"),
    ],
)
def test_a_wrong_address_is_answered_with_what_to_do(
    service: Served, method: str, path: str, status: int, allow: str | None, said: str
) -> None:
    answer = service.client.request(method, path)
    assert answer.status_code == status and answer.headers.get("allow") == allow
    assert said in answer.json()["detail"] and len(answer.text) < 1000
