"""Cameras that are at work at some hours only."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cameras import DroppingCamera
from served import Served, eventually, running, settings_in

from facecap_service.cameras import hours

SHANGHAI = ZoneInfo("Asia/Shanghai")
SITE = {"time_zone": "Asia/Shanghai"}
DAY = {"hours": "07:00-19:00"}
MORNING, EVENING = (datetime(2026, 11, 30, hour, tzinfo=SHANGHAI).timestamp() for hour in (8, 20))


class Clock:
    """By which the service keeps hours."""

    def __init__(self) -> None:
        self.now = MORNING

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(hours, "time", SimpleNamespace(time=clock.time))
    return clock


def report(service: Served, camera: str = "door") -> dict[str, Any]:
    found: dict[str, Any] = service.client.get(f"/v1/cameras/{camera}").json()
    return found


def kinds(service: Served) -> list[str]:
    return [event.kind for event in service.services.store.events_after(0, 1000)]


def test_outside_of_its_hours_a_camera_is_answered_and_not_watched(
    tmp_path: Path, pipeline: Any, face: bytes, empty: bytes, clock: Clock
) -> None:
    capture = {"mode": "fast", "min_hits": 1}
    cameras = {"door": DAY}
    settings = settings_in(
        tmp_path, pipeline=pipeline, capture=capture, cameras=cameras, site=SITE, page={"show_frames": True}
    )
    with running(settings) as service:
        clock.now = EVENING
        for number in range(3):
            answer = service.push("door", face, frame_index=number, timestamp=100 + number)
            assert answer.status_code == 200
            told = answer.json()
            assert (told["frame_index"], told["faces"], told["captures"]) == (number, [], [])
        assert service.push("door", empty, frame_index=1).status_code == 409, "order holds as ever"
        resting = report(service)
        assert resting["frames"] == {"off_hours": 3, "stale_frame": 1}
        assert resting["schedule"] == {"open": False, "until": "2026-11-30T23:00:00.000Z"}
        assert not resting["shown"] and resting["online"]
        assert (
            'facecap_frames_total{camera="door",result="off_hours"} 3.0'
            in service.client.get("/metrics").text
        )
        assert service.push("gate", face).json()["faces"], "another camera has no hours"
        clock.now = MORNING + 86400
        assert service.push("door", face).json()["captures"]
        assert report(service)["schedule"] == {"open": True, "until": "2026-12-01T11:00:00.000Z"}


def test_visits_end_when_the_hours_do(tmp_path: Path, pipeline: Any, face: bytes, clock: Clock) -> None:
    capture = {"mode": "once", "min_hits": 2}
    settings = settings_in(tmp_path, pipeline=pipeline, capture=capture, cameras={"door": DAY}, site=SITE)
    with running(settings) as service:
        for _ in range(4):
            service.push("door", face)
        assert service.client.get("/v1/captures").json()["captures"] == []
        clock.now = EVENING
        # Nobody sends any more.
        eventually(lambda: "track.ended" in kinds(service))
        (capture_,) = service.client.get("/v1/captures").json()["captures"]
        assert capture_["kind"] == "flush"


def test_a_camera_at_rest_is_neither_lost_nor_silent(
    tmp_path: Path, pipeline: Any, face: bytes, clock: Clock
) -> None:
    cameras = {"offline_seconds": 0.3, "door": DAY}
    with running(settings_in(tmp_path, pipeline=pipeline, cameras=cameras, site=SITE)) as service:
        clock.now = EVENING
        service.push("door", face)
        service.push("gate", face)
        eventually(lambda: kinds(service).count("camera.offline") == 1)
        assert not report(service, "gate")["online"]
        assert report(service)["trouble"] == []
        clock.now = MORNING + 86400
        eventually(lambda: kinds(service).count("camera.offline") == 2)
        assert [trouble["kind"] for trouble in report(service)["trouble"]] == ["silent"]


def test_the_service_leaves_a_camera_at_rest_alone_and_reads_it_again(
    tmp_path: Path, pipeline: Any, camera: DroppingCamera, clock: Clock
) -> None:
    settings = settings_in(
        tmp_path,
        pipeline=pipeline,
        cameras={"gate": DAY},
        site=SITE,
        pullers={"gate": {"url": f"http://{camera.address}/video"}},
    )

    with running(settings) as service:
        eventually(lambda: report(service, "gate")["frames"].get("ok"))
        clock.now = EVENING
        eventually(lambda: report(service, "gate")["puller"]["state"] == "resting")
        assert report(service, "gate")["trouble"] == []
        before = camera.connections
        clock.now = MORNING + 86400
        eventually(lambda: camera.connections > before)
        frames = report(service, "gate")["frames"]["ok"]
        eventually(lambda: report(service, "gate")["frames"]["ok"] > frames)
