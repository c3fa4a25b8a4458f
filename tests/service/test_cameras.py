"""A camera's life: its captures are stored before its answer, visits end, and it is forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from painted import FACE, encoded
from served import Served, eventually, running, settings_in

from facecap_service.store import CaptureQuery, Store, StoredCapture, StoreError


def stored(service: Served, camera: str) -> list[StoredCapture]:
    """Of a camera, oldest first."""
    page = service.services.store.captures(CaptureQuery(camera=camera, limit=1000))
    return sorted(page.captures, key=lambda capture: capture.id)


def events(service: Served, camera: str) -> list[tuple[str, dict[str, Any]]]:
    """In their order; `camera.online` comes in its own time."""
    found = service.services.store.events_after(0, 1000)
    return [(e.kind, e.data) for e in found if e.camera == camera and e.kind != "camera.online"]


def test_what_is_answered_is_in_the_store_with_its_crop(service: Served, face: bytes) -> None:
    answers = [service.push("door", face, timestamp=100 + number) for number in range(5)]
    ids = [
        identity for a in answers for identity in a.headers.get("Facecap-Captures", "").split(",") if identity
    ]
    captures = [capture for answer in answers for capture in answer.json()["captures"]]
    assert len(captures) == 2
    found = stored(service, "door")
    assert [capture.id for capture in found] == ids
    for capture, answered in zip(found, captures, strict=True):
        assert {key: capture.capture[key] for key in answered} == answered
        crop = service.services.store.crop(capture.crop)
        assert crop is not None and cv2.imdecode(np.frombuffer(crop, np.uint8), 1).shape == (112, 112, 3)


def test_a_flush_ends_the_visit_and_stores_what_waits(tmp_path: Path, pipeline: Any, face: bytes) -> None:
    capture = {"mode": "auto", "min_hits": 2, "interval": 1000}
    with running(settings_in(tmp_path, pipeline=pipeline, capture=capture)) as service:
        assert [service.push("door", face).json()["captures"] for _ in range(4)] == [[]] * 4
        flushed = service.client.post("/v1/cameras/door/flush")
        (answered,) = flushed.json()["captures"]
        assert answered["kind"] == "flush" and [row.id for row in stored(service, "door")] == [
            flushed.headers["Facecap-Captures"]
        ]
        assert service.client.post("/v1/cameras/door/flush").json() == {"captures": []}
        after = service.push("door", face).json()
        assert after["frame_index"] == 4 and after["faces"][0]["track_id"] == 2
        kinds = [kind for kind, _ in events(service, "door")]
        assert kinds == ["camera.opened", "track.started", "capture", "track.ended"]


def test_a_camera_that_is_forgotten_begins_anew_and_keeps_its_captures(
    tmp_path: Path, pipeline: Any, face: bytes
) -> None:
    capture = {"mode": "auto", "min_hits": 2, "interval": 1000}
    with running(settings_in(tmp_path, pipeline=pipeline, capture=capture)) as service:
        for number in range(3):
            service.push("door", face, frame_index=100 + number)
        forgotten = service.client.delete("/v1/cameras/door")
        assert forgotten.status_code == 204
        assert [row.id for row in stored(service, "door")] == [forgotten.headers["Facecap-Captures"]]
        for method, path in (("DELETE", ""), ("POST", "/flush")):
            missing = service.client.request(method, f"/v1/cameras/door{path}")
            assert (missing.status_code, missing.json()["code"]) == (404, "unknown_camera")
        assert service.client.get("/v1/cameras/door").json()["last_frame_index"] is None
        again = service.push("door", face, frame_index=0).json()
        assert again["faces"][0]["track_id"] == 1
        assert events(service, "door")[-2][0] == "camera.closed"


def test_an_idle_camera_is_forgotten_and_what_waits_is_stored(
    tmp_path: Path, pipeline: Any, face: bytes
) -> None:
    capture = {"mode": "auto", "min_hits": 2, "interval": 1000}
    cameras = {"idle_seconds": 0.5}
    with running(settings_in(tmp_path, pipeline=pipeline, capture=capture, cameras=cameras)) as service:
        for _ in range(3):
            service.push("door", face)
        eventually(lambda: service.client.get("/v1/cameras/door").json()["last_frame_index"] is None)
        assert [row.capture["kind"] for row in stored(service, "door")] == ["flush"]
        assert 'facecap_frames_total{camera="door"' not in service.client.get("/metrics").text


def test_a_shutdown_stores_what_waits(tmp_path: Path, pipeline: Any, face: bytes) -> None:
    settings = settings_in(
        tmp_path, pipeline=pipeline, capture={"mode": "auto", "min_hits": 2, "interval": 1000}
    )
    with running(settings) as service:
        for _ in range(3):
            service.push("door", face)
        assert stored(service, "door") == []
    with running(settings) as service:
        assert [row.capture["kind"] for row in stored(service, "door")] == ["flush"]


def test_a_shutdown_waits_for_a_store_that_comes_back(
    tmp_path: Path, pipeline: Any, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = {"mode": "auto", "min_hits": 2, "interval": 1000}
    settings = settings_in(tmp_path, pipeline=pipeline, capture=capture)
    with running(settings) as service:
        for _ in range(3):
            service.push("door", face)
        working, tries = type(service.services.store).add, iter((failing, failing))
        monkeypatch.setattr(type(service.services.store), "add", lambda *args: next(tries, working)(*args))
    with running(settings) as service:
        assert [row.capture["kind"] for row in stored(service, "door")] == ["flush"]


def test_no_capture_is_lost_while_the_store_is_away(
    service: Served, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.push("door", face, frame_index=0)
    store = service.services.store
    working = type(store).add
    monkeypatch.setattr(type(store), "add", failing)
    away = service.push("door", face, frame_index=1)
    assert (away.status_code, away.json()["code"]) == (503, "store_unavailable")
    assert away.headers["Retry-After"]
    assert service.push("door", face, frame_index=2).json()["code"] == "store_unavailable"
    monkeypatch.setattr(type(store), "add", working)
    again = service.push("door", face, frame_index=1)
    assert again.status_code == 200 and [c["kind"] for c in again.json()["captures"]] == ["first"]
    assert [row.id for row in stored(service, "door")] == [again.headers["Facecap-Captures"]]
    assert service.push("door", face, frame_index=2).status_code == 200


def test_a_frame_waits_once_for_a_store_that_is_away(
    service: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """However many events there are: here that two visits begin."""
    calls = []

    def away(_: Store, kind: str, *__: Any) -> None:
        calls.append(kind)
        raise StoreError("the database does not answer")

    monkeypatch.setattr(Store, "event", away)
    picture = encoded(".jpg", FACE, (10, 30))
    assert [service.push("door", picture).status_code for _ in range(2)] == [200, 200]
    assert calls == ["camera.opened", "track.started"]
    assert "events are lost (track.started, track.started)" in caplog.text


def failing(*_: Any, **__: Any) -> Any:
    raise StoreError("the disk is full")


def test_the_last_frame_is_shown_only_where_it_is_allowed(
    tmp_path: Path, pipeline: Any, face: bytes, service: Served
) -> None:
    service.push("door", face)
    hidden = service.client.get("/v1/cameras/door/frame")
    assert (hidden.status_code, hidden.json()["code"]) == (404, "no_frame")
    with running(settings_in(tmp_path / "shown", pipeline=pipeline, page={"show_frames": True})) as showing:
        showing.push("door", face)
        shown = showing.client.get("/v1/cameras/door/frame")
        assert shown.content == face and shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["cache-control"] == "no-store"


def test_liveness_readiness_and_figures(
    service: Served, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        service.push("door", face)
    assert (service.client.get("/livez").text, service.client.get("/readyz").text) == ("ok\n", "ok\n")
    figures = service.client.get("/metrics").text
    for line in (
        'facecap_frames_total{camera="door",result="ok"} 2.0',
        'facecap_rejections_total{reason="track_unconfirmed"} 1.0',
        'facecap_stage_seconds_count{stage="detect"} 2.0',
        'facecap_stage_seconds_count{stage="decode"} 2.0',
        'facecap_stage_seconds_count{stage="store"} 1.0',
        'facecap_queue_depth{camera="door"} 0.0',
        'facecap_http_requests_total{method="GET",route="/readyz",status="200"} 1.0',
    ):
        assert line in figures, line
    assert 'facecap_captures_total{camera="door",kind="first"' in figures
    assert 'precision="float32",providers="CPUExecutionProvider",runtime="onnx"' in figures
    assert "facecap_model_info{" in figures and "process_resident_memory_bytes" in figures
    service.client.get("/v1/captures/" + "x" * 50)
    service.client.request("PURGE", "/a/b/c")
    labels = service.client.get("/metrics").text
    assert "xxxxx" not in labels and "PURGE" not in labels and "/a/b/c" not in labels
    monkeypatch.setattr(type(service.services.store), "ready", failing)
    away = service.client.get("/readyz")
    assert (away.status_code, away.json()["code"]) == (503, "store_unavailable")
    assert service.client.get("/livez").status_code == 200


def test_a_command_to_a_service_that_ends_may_be_tried_again(
    service: Served, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.push("door", face)
    monkeypatch.setattr(service.services.cameras, "_closing", True)
    answer = service.client.post("/v1/cameras/door/flush")
    monkeypatch.undo()
    assert (answer.status_code, answer.json()["code"]) == (503, "shutting_down")
    assert answer.headers["retry-after"] == "5"
    assert service.client.post("/v1/cameras/door/flush").status_code == 200
