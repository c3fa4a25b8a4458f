"""Captures that boards push."""

from __future__ import annotations

import base64
import json
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from docs_pages import DOCS, indented
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import Served
from test_cameras import failing, stored

LINE: dict[str, Any] = {
    "kind": "first",
    "track_id": 1,
    "sequence": 1,
    "frame": 12,
    "shot_frame": 10,
    "timestamp": "2026-01-02T03:04:05.250Z",
    "box": [1, 2.5, 3, 4],
    "landmarks": [[1, 2], [3, 4], [5, 6], [7, None], [9, 10]],
    "score": 0.9,
    "quality": 1.25,
    "pose": {"yaw": 1, "pitch": None, "roll": -3.5},
    "mask_prob": 0.75,
    "mask": "mask",
    "crop": "crops/1_1_10.png",
}


def png(width: int = 112, height: int = 112) -> bytes:
    picture = np.random.default_rng(1).integers(0, 255, (height, width, 3), np.uint8)
    return cv2.imencode(".png", picture)[1].tobytes()


def push(service: Served, line: Any = LINE, crop: Any = None, key: str | None = None) -> httpx.Response:
    text = base64.b64encode(png()).decode() if crop is None else crop
    headers = {"Idempotency-Key": key} if key else {}
    return service.client.post(
        "/v1/cameras/board/captures", json={"capture": line, "crop": text}, headers=headers
    )


def test_what_the_page_shows_of_a_pushed_capture_is_taken(service: Served) -> None:
    (shown,) = (text for text in indented((DOCS / "service.md").read_text()) if '"capture"' in text)
    body = json.loads(shown.replace(", …", ""))
    assert {**LINE, **body["capture"]} == LINE and png().startswith(base64.b64decode(body["crop"][:8]))
    body = {name: {"capture": LINE, "crop": base64.b64encode(png()).decode()}[name] for name in body}
    assert service.client.post("/v1/cameras/board/captures", json=body).status_code == 201


def test_a_capture_is_stored_once_under_its_key(service: Served) -> None:
    first = push(service, key="board-1-1-1-10")
    assert first.status_code == 201 and first.content == b""
    again = push(service, key="board-1-1-1-10")
    assert (again.status_code, again.headers["Facecap-Captures"]) == (200, first.headers["Facecap-Captures"])
    assert push(service).status_code == 201, "without a key every push is another capture"
    other = push(service, {**LINE, "sequence": 2}, key="board-1-1-1-10")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    row = stored(service, "board")[0]
    assert row.capture == {key: value for key, value in LINE.items() if key != "crop"}
    assert service.services.store.crop(row.crop) == png()
    (board,) = service.client.get("/v1/cameras").json()["cameras"]
    assert (board["name"], board["source"], board["online"]) == ("board", "board", True)
    assert board["frames"] == {}, "its frames stay on the board"


def test_a_line_of_facecap_is_one_whatever_it_has(service: Served, face: bytes) -> None:
    answers = [service.push("door", face, timestamp=number).json() for number in range(2)]
    (capture,) = answers[1]["captures"]
    assert push(service, {**capture, "crop": "crops/1_1_1.png"}).status_code == 201
    assert (
        push(service, {**capture, "timestamp": None, "mask_prob": None, "mask": "unknown"}).status_code == 201
    )


def test_a_board_may_say_that_a_mask_is_worn_wrongly(service: Served) -> None:
    line = {**LINE, "mask": "incorrect", "mask_prob": 0.04, "incorrect_prob": 0.91}
    assert push(service, line).status_code == 201
    [listed] = service.client.get("/v1/captures", params={"mask": "incorrect"}).json()["captures"]
    assert (listed["mask"], listed["mask_prob"], listed["incorrect_prob"]) == ("incorrect", 0.04, 0.91)
    assert push(service, {**LINE, "incorrect_prob": None}).status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"track_id": 1.5},
        {"track_id": -1},
        {"frame": True},
        {"timestamp": 5},
        {"timestamp": "2026-01-02"},
        {"timestamp": "2026-13-02T03:04:05Z"},
        {"timestamp": "2026-01-02T03:04:05"},
        {"box": [1, 2, 3]},
        {"box": "1234"},
        {"landmarks": []},
        {"pose": {"yaw": 1}},
        {"mask_prob": 2},
        {"incorrect_prob": 2},
        {"mask": "maybe"},
        {"extra": 1},
        {"crop": 7},
    ],
)
def test_a_line_that_is_none_is_refused_by_name(service: Served, change: dict[str, Any]) -> None:
    refused = push(service, {**LINE, **change})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_capture")
    assert f"capture.{next(iter(change))}" in refused.json()["detail"]
    assert stored(service, "board") == []


def test_every_key_of_a_line_is_needed(service: Served) -> None:
    for missing in LINE.keys() - {"crop"}:
        refused = push(service, {key: value for key, value in LINE.items() if key != missing})
        assert refused.status_code == 422 and missing in refused.json()["detail"]


def test_a_crop_is_a_whole_png_of_its_size(service: Served) -> None:
    for crop, status, code in (
        ("!", 422, "invalid_crop"),
        ("", 422, "invalid_crop"),
        (cv2.imencode(".jpg", np.zeros((112, 112, 3), np.uint8))[1].tobytes(), 422, "invalid_crop"),
        (png()[:-30], 422, "invalid_crop"),
        (png(111, 200), 422, "invalid_crop"),
        (png(112, 1025), 422, "invalid_crop"),
        (png(600, 600), 413, "crop_too_large"),
    ):
        text = base64.b64encode(crop).decode() if isinstance(crop, bytes) else crop
        refused = push(service, crop=text)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    huge = service.client.post("/v1/cameras/board/captures", content=b" " * 3_000_000)
    assert (huge.status_code, huge.json()["code"]) == (413, "body_too_large")
    assert push(service, crop=base64.b64encode(png(200, 300)).decode()).status_code == 201


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"capture": ' + b"[" * 5000])
def test_a_body_that_is_no_json_is_refused(service: Served, body: bytes) -> None:
    refused = service.client.post("/v1/cameras/board/captures", content=body)
    assert refused.status_code in (400, 422)
    assert refused.json()["code"] in ("malformed_json", "invalid_capture")


def test_a_store_that_is_away_is_reported_as_such(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(service.services.store), "add", failing)
    away = push(service)
    assert (away.status_code, away.json()["code"]) == (503, "store_unavailable") and away.headers[
        "Retry-After"
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(name=st.sampled_from(sorted(LINE)), value=json_values)
def test_any_value_is_stored_or_refused(service: Served, name: str, value: Any) -> None:
    body = json.dumps({"capture": {**LINE, name: value}, "crop": base64.b64encode(png()).decode()})
    answer = service.client.post("/v1/cameras/any/captures", content=body.encode(errors="replace"))
    assert answer.status_code in (201, 400, 422), answer.text
