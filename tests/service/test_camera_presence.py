"""Cameras that are remembered: online, offline since when, and until they are removed."""

from __future__ import annotations

import base64
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cameras import DroppingCamera
from served import Served, eventually, running, settings_in

from facecap_service.store import Sighting, StoreError
from facecap_service.store.camera_table import CameraTable
from facecap_service.store.times import rfc3339

SOON = {"offline_seconds": 0.4, "board_offline_seconds": 0.4}


def report(service: Served, camera: str = "door") -> dict[str, Any]:
    found: dict[str, Any] = service.client.get(f"/v1/cameras/{camera}").json()
    return found


def changes(service: Served, camera: str = "door") -> list[str]:
    found = service.services.store.events_after(0, 1000)
    wanted = ("camera.online", "camera.offline")
    return [event.kind for event in found if event.camera == camera and event.kind in wanted]


def troubles(service: Served, camera: str = "door") -> list[str]:
    return [trouble["kind"] for trouble in report(service, camera)["trouble"]]


def test_a_camera_that_goes_silent_is_offline_since_its_last_frame_and_comes_back(
    tmp_path: Path, pipeline: Any, face: bytes
) -> None:
    with running(settings_in(tmp_path, pipeline=pipeline, cameras=SOON)) as service:
        assert service.push("door", face).status_code == 200
        eventually(lambda: changes(service) == ["camera.online"])
        online = report(service)
        eventually(lambda: changes(service) == ["camera.online", "camera.offline"])
        offline = report(service)
        assert not offline["online"] and offline["since"] == offline["last_seen"] == online["last_seen"]
        (silent,) = offline["trouble"]
        assert (silent["kind"], silent["since"]) == ("silent", offline["last_seen"])
        lost = service.services.store.events_after(0, 1000)[-1]
        assert lost.data == {"source": "push", "last_seen": offline["last_seen"]}
        assert 'facecap_camera_online{camera="door"} 0.0' in service.client.get("/metrics").text
        service.push("door", face)
        assert report(service)["online"] and troubles(service) == []
        eventually(lambda: changes(service) == ["camera.online", "camera.offline", "camera.online"])


def test_a_camera_stays_listed_through_a_restart_and_is_not_online_before_it_sends(
    tmp_path: Path, pipeline: Any, face: bytes
) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline, cameras={"offline_seconds": 1.0})
    with running(settings) as service:
        service.push("door", face)
        eventually(lambda: changes(service) == ["camera.online"])
    with running(settings) as service:
        (door,) = service.client.get("/v1/cameras").json()["cameras"]
        assert (door["name"], door["online"], door["frames"]) == ("door", False, {})
        assert door["last_seen"] is not None and door["since"] == door["last_seen"]
        assert service.push("door", face).status_code == 200
        assert report(service)["online"]
        eventually(lambda: changes(service) == ["camera.online", "camera.offline"])
    with running(settings) as service:
        assert report(service)["trouble"][0]["kind"] == "silent"


def test_a_camera_that_does_not_come_back_after_a_restart_is_called_offline_once(
    tmp_path: Path, pipeline: Any, face: bytes
) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline, cameras={"offline_seconds": 1.0})
    with running(settings) as service:
        service.push("door", face)
        eventually(lambda: changes(service) == ["camera.online"])
    for _ in range(2):
        with running(settings) as service:
            eventually(lambda: changes(service) == ["camera.online", "camera.offline"])


def test_a_camera_that_moved_while_one_service_had_no_database_stays_offline(
    tmp_path: Path, pipeline: Any, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline, cameras=SOON)
    with running(settings) as one, running(settings) as other:
        other.push("door", face)
        eventually(lambda: changes(one))
        with monkeypatch.context() as away:

            def failing(*_: Any) -> Any:
                raise StoreError("no route to it")

            away.setattr(other.services.store.cameras, "see", failing)
            other.push("door", face)
            one.push("door", face)
            sent = report(one)["last_seen"]

            def is_offline() -> bool:
                row = one.services.store.cameras.all()["door"]
                return rfc3339(row.last_seen) == sent and not row.online

            eventually(is_offline)
            before = changes(one)
        other.push("gate", face)
        eventually(lambda: "gate" in one.services.store.cameras.all())  # the old note of the door with it
        assert not report(one)["online"] and not report(other)["online"]
        assert is_offline() and changes(one) == before


def push_of_a_board(service: Served) -> None:
    crop = cv2.imencode(".png", np.zeros((112, 112, 3), np.uint8))[1].tobytes()
    line = {
        "kind": "first",
        "track_id": 1,
        "sequence": 1,
        "frame": 10,
        "shot_frame": 10,
        "timestamp": None,
        "box": [0, 0, 100, 100],
        "landmarks": [[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]],
        "score": 0.9,
        "quality": 1.0,
        "pose": {"yaw": 0, "pitch": 0, "roll": 0},
        "mask_prob": 0.9,
        "mask": "mask",
    }
    body = {"capture": line, "crop": base64.b64encode(crop).decode()}
    assert service.client.post("/v1/cameras/board/captures", json=body).status_code == 201


def test_a_board_is_listed_and_goes_offline_too(tmp_path: Path, pipeline: Any) -> None:
    with running(settings_in(tmp_path, pipeline=pipeline, cameras=SOON)) as service:
        push_of_a_board(service)
        board = report(service, "board")
        assert (board["source"], board["frames"]) == ("board", {}) and board["last_seen"] is not None
        eventually(lambda: changes(service, "board") == ["camera.online", "camera.offline"])
        assert troubles(service, "board") == ["silent"]


def test_a_board_at_which_nobody_came_by_stays_online_through_a_restart(
    tmp_path: Path, pipeline: Any
) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline)
    with running(settings) as service:
        push_of_a_board(service)
        eventually(lambda: changes(service, "board") == ["camera.online"])
        before = service.services.store.cameras.all()["board"]
    with running(settings) as service:
        board = report(service, "board")
        assert board["online"] and board["trouble"] == []
        assert board["since"] == rfc3339(before.since) and board["last_seen"] == rfc3339(before.last_seen)


def test_the_day_of_a_board_begins_when_it_sent_last_and_not_when_the_service_started(
    tmp_path: Path, pipeline: Any
) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline)
    now = datetime.now(timezone.utc)
    with running(settings) as service:
        sent = {"one": now - timedelta(hours=25), "two": now - timedelta(hours=22)}
        service.services.store.cameras.see([Sighting(name, "board", time) for name, time in sent.items()])
        eventually(lambda: changes(service, "one") == ["camera.online", "camera.offline"])
        assert report(service, "two")["online"] and changes(service, "two") == ["camera.online"]
    with running(settings) as service:
        assert troubles(service, "one") == ["silent"] and troubles(service, "two") == []


def test_a_camera_is_online_where_the_clock_of_the_service_that_has_it_now_is_behind(
    tmp_path: Path, pipeline: Any, face: bytes
) -> None:
    with running(settings_in(tmp_path, pipeline=pipeline, cameras=SOON)) as service:
        service.push("door", face)
        eventually(lambda: changes(service) == ["camera.online", "camera.offline"])

        def has_it() -> bool:
            behind = datetime.now(timezone.utc) - timedelta(hours=1)
            service.services.store.cameras.see([Sighting("door", "push", behind)])
            return bool(report(service)["online"])

        eventually(has_it)


def test_a_name_that_was_just_given_is_not_followed_by_the_old_one(
    tmp_path: Path, pipeline: Any, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, has_read, go_on = CameraTable.all, threading.Semaphore(0), threading.Semaphore(0)

    def slowly(table: CameraTable) -> Any:
        rows = real(table)
        if threading.current_thread().name == "facecap remembered cameras":
            has_read.release()
            go_on.acquire()
        return rows

    with running(settings_in(tmp_path, pipeline=pipeline, cameras=SOON)) as service:
        service.push("door", face)
        eventually(lambda: changes(service) != [])
        with monkeypatch.context() as slow, ThreadPoolExecutor(1) as thread:
            slow.setattr(CameraTable, "all", slowly)
            assert has_read.acquire(timeout=30)
            named = {"display_name": "Front door", "area": None, "ignore": [], "only": []}
            given = thread.submit(service.client.put, "/v1/cameras/door/settings", json=named)
            wait([given], timeout=1)  # it may have to wait for what was read before
            go_on.release()
            assert given.result().status_code == 200
            assert has_read.acquire(timeout=30)  # what was read before has been taken
            shown = report(service)["display_name"]
            go_on.release(1000)
        assert shown == "Front door"


def test_a_camera_that_the_service_reads_goes_offline_with_its_stream(
    tmp_path: Path, pipeline: Any, camera: DroppingCamera
) -> None:
    settings = settings_in(
        tmp_path,
        pipeline=pipeline,
        cameras={"offline_seconds": 2.0},
        pullers={"gate": {"url": f"http://{camera.address}/video"}},
    )
    with running(settings) as service:
        eventually(lambda: changes(service, "gate") == ["camera.online"])
        assert report(service, "gate")["source"] == "pull"
        camera.shutdown()
        camera.server_close()
        eventually(lambda: changes(service, "gate") == ["camera.online", "camera.offline"])
        (lost,) = report(service, "gate")["trouble"]
        assert lost["kind"] == "lost_stream" and lost["since"] is not None
        assert camera.address in lost["detail"]


def test_reports_stay_true_while_the_database_is_away(
    tmp_path: Path, pipeline: Any, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(settings_in(tmp_path, pipeline=pipeline, cameras=SOON)) as service:
        service.push("door", face)
        eventually(lambda: changes(service) == ["camera.online"])

        def failing(*_: Any) -> Any:
            raise StoreError("the disk is full")

        with monkeypatch.context() as away:
            away.setattr(CameraTable, "see", failing)
            away.setattr(CameraTable, "all", failing)
            service.push("door", face)
            assert report(service)["online"]
            eventually(lambda: troubles(service) == ["silent"])
            assert changes(service) == ["camera.online"]
        eventually(lambda: changes(service) == ["camera.online", "camera.offline"])


def test_figures_say_when_a_camera_sent_last(service: Served, face: bytes) -> None:
    service.push("door", face)
    figures = service.client.get("/metrics").text
    (line,) = [f for f in figures.splitlines() if f.startswith("facecap_camera_last_frame_seconds{")]
    seen = float(line.rsplit(" ", 1)[1])
    assert line.startswith('facecap_camera_last_frame_seconds{camera="door"} ') and seen > 1.7e9
    assert 'facecap_camera_online{camera="door"} 1.0' in figures
