"""What usual programs do to a web service: look with HEAD, send many pictures in one body, send ahead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from captures import new
from served import Served, running, settings_in
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from facecap.sources import EncodedPicture


def test_head_is_answered_as_get_without_a_body(service: Served) -> None:
    [row] = service.services.store.add("door", [new()])
    paths = ["/", "/livez", "/readyz", "/metrics", "/docs", "/openapi.json", "/v1/cameras", "/v1/statistics"]
    paths += [
        "/page/main.js",
        "/v1/captures",
        f"/v1/captures/{row.id}",
        f"/v1/captures/{row.id}/crop",
        "/nothing",
    ]
    for path in paths:
        get, head = service.client.get(path), service.client.head(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert head.headers["content-type"] == get.headers["content-type"], path
        if path not in ("/metrics", "/v1/statistics"):
            assert head.headers["content-length"] == get.headers["content-length"], path
    assert service.client.get("/livez").text == "ok\n", "the connection is whole"
    figures = service.client.get("/metrics").text
    assert 'facecap_http_requests_total{method="HEAD",route="/livez",status="200"} 1.0' in figures


def test_head_of_what_has_no_end_or_no_get_ends(service: Served) -> None:
    assert service.client.head("/v1/events").status_code == 405
    assert service.client.head("/v1/cameras/door/flush").status_code == 405
    assert service.client.get("/livez").text == "ok\n"


def test_head_needs_the_key_that_get_needs(tmp_path: Path, pipeline: Any) -> None:
    from facecap_service.keys import new_key

    secret, lines = new_key("door", ["push"])
    key = {"name": "door", "hash": lines.split('hash = "')[1].split('"')[0], "scopes": ["push"]}
    with running(settings_in(tmp_path, pipeline=pipeline, keys=[key])) as service:
        assert service.client.head("/v1/captures").status_code == 401
        asked = service.client.head("/v1/captures", headers={"Authorization": f"Bearer {secret}"})
        assert asked.status_code == 403


@pytest.mark.parametrize("between", [b"", b"\r\n"])
def test_many_pictures_in_one_body_are_refused_by_name(service: Served, face: bytes, between: bytes) -> None:
    body = between.join([face] * 15)
    for answer in (
        service.push("door", body),
        service.client.post("/v1/detect", content=body),
        service.client.post("/v1/cameras/door/frames", content=iter([body])),  # in chunks, as ffmpeg sends it
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "several_pictures"), answer.text
    assert service.push("door", face).json()["frame_index"] == 0
    frames = service.client.get("/v1/cameras/door").json()["frames"]
    assert frames == {"several_pictures": 2, "ok": 1}


def test_a_picture_with_a_preview_or_something_behind_it_is_one(service: Served, face: bytes) -> None:
    listed = face[:2] + b"\xff\xe2\x00\x08MPF\0\0\0" + face[2:]
    preview = face[:2] + b"\xff\xe5" + (len(face) + 2).to_bytes(2, "big") + face + face[2:]
    for picture in (face + b"\0" * 100, face + b"behind", listed + face, preview):
        assert not EncodedPicture(picture).is_followed
        assert service.push("door", picture).status_code == 200


def test_frames_that_are_sent_ahead_over_a_stream_wait_for_their_place(
    tmp_path: Path, pipeline: Any, face: bytes
) -> None:
    cameras = {"queue": 2, "threads": 1}
    with running(settings_in(tmp_path, pipeline=pipeline, cameras=cameras)) as service:
        address = service.address.replace("http://", "ws://")
        with connect(f"{address}/v1/cameras/door/stream", max_size=2**22) as stream:
            for _ in range(40):
                stream.send(face)
            answers = [json.loads(stream.recv(timeout=60)) for _ in range(40)]
        assert [answer["status"] for answer in answers] == [200] * 40
        assert [answer["result"]["frame_index"] for answer in answers] == list(range(40))
        assert service.client.get("/v1/cameras/door").json()["frames"] == {"ok": 40}
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{address}/v1/cameras/door/stream?when_full=drop")
        assert refused.value.response.status_code == 400


def test_a_stream_waits_for_places_that_others_have(tmp_path: Path, pipeline: Any, face: bytes) -> None:
    cameras = {"queue": 1, "threads": 1}
    with running(settings_in(tmp_path, pipeline=pipeline, cameras=cameras)) as service:
        address = service.address.replace("http://", "ws://") + "/v1/cameras/door/stream"
        with connect(address, max_size=2**22) as one, connect(address, max_size=2**22) as other:
            for _ in range(10):
                one.send(face)
                other.send(face)
            for stream in (one, other):
                answers = [json.loads(stream.recv(timeout=60)) for _ in range(10)]
                assert [answer["status"] for answer in answers] == [200] * 10


def test_a_host_with_a_port_is_the_host(tmp_path: Path, pipeline: Any) -> None:
    server = {"hosts": ["faces.example"]}
    with running(settings_in(tmp_path, pipeline=pipeline, server=server)) as service:
        for host, status in (
            ("faces.example:9443", 200),
            ("FACES.example", 200),
            ("other.example:9443", 421),
        ):
            answer = httpx.get(f"{service.address}/v1/captures", headers={"Host": host})
            assert answer.status_code == status, host
