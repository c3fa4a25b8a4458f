"""Clocks that are set, jump or were never set: of cameras, of the service, of programs that push."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cameras import DroppingCamera
from captures import new
from served import Served, eventually, running, settings_in

from facecap.client import Client, Refused
from facecap_service import believed_time
from facecap_service.believed_time import BelievedTime
from facecap_service.store import CaptureQuery, StoredCapture

HOUR = 3600.0


def events(service: Served, camera: str = "door") -> list[tuple[str, dict[str, Any]]]:
    """In their order; `camera.online` comes in its own time."""
    found = service.services.store.events_after(0, 1000)
    return [(e.kind, e.data) for e in found if e.camera == camera and e.kind != "camera.online"]


def stored(service: Served) -> list[StoredCapture]:
    """Oldest first."""
    page = service.services.store.captures(CaptureQuery(limit=1000))
    return sorted(page.captures, key=lambda capture: capture.id)


@pytest.fixture
def one_capture(tmp_path: Path, pipeline: dict[str, Any]) -> Iterator[Served]:
    """A service that gives a visit's capture out at its end, and soon forgets cameras."""
    capture = {"mode": "auto", "min_hits": 2, "interval": 1000}
    settings = settings_in(tmp_path, pipeline=pipeline, capture=capture, cameras={"idle_seconds": 1.0})
    with running(settings) as service:
        yield service


def test_a_camera_whose_clock_is_set_back_goes_on(one_capture: Served, face: bytes) -> None:
    service, start = one_capture, 1.7e9
    for number in range(3):
        assert service.push("door", face, timestamp=start + number).status_code == 200
    after = [service.push("door", face, timestamp=start - HOUR + number) for number in range(3)]
    assert [answer.status_code for answer in after] == [200] * 3
    assert after[-1].json()["faces"][0]["stable"], "it is followed again"
    assert [row.capture["kind"] for row in stored(service)] == ["flush"], "what waited is stored"
    kinds = [kind for kind, _ in events(service)]
    assert kinds == [
        "camera.opened",
        "track.started",
        "capture",
        "track.ended",
        "camera.clock",
        "track.started",
    ]
    assert events(service)[4][1] == {"set_back_seconds": HOUR + 2}
    assert 'facecap_clock_steps_total{camera="door"} 1.0' in service.client.get("/metrics").text


def test_a_frame_that_is_late_is_refused_and_disturbs_nothing(service: Served, face: bytes) -> None:
    for seconds, status in ((10, 200), (11, 200), (9.5, 409), (12, 200), (7.5, 409), (12, 200)):
        assert service.push("door", face, timestamp=1.7e9 + seconds).status_code == status
    assert [kind for kind, _ in events(service)].count("track.started") == 1
    assert "camera.clock" not in [kind for kind, _ in events(service)]


def test_a_camera_all_of_whose_frames_are_refused_is_forgotten(one_capture: Served, face: bytes) -> None:
    service = one_capture
    assert service.push("door", face, frame_index=1000).status_code == 200
    numbers = iter(range(1000))
    # A camera that was started again and counts from the beginning.
    eventually(lambda: service.push("door", face, frame_index=next(numbers)).status_code == 200)


def test_a_program_whose_clock_is_set_back_says_so_and_loses_little(
    service: Served, face: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    for camera, back in (("door", HOUR), ("hall", 2.0)):
        caplog.clear()
        with Client(service.address) as client, client.camera(camera) as push:
            for number in range(40):
                seconds = 0.01 * number - (back if number >= 20 else 0.0)
                push.push(face, timestamp=1.7e9 + seconds)
            assert push.wait(60)
            assert push.counts.refused <= 2 and push.counts.answered >= 38
        said = [record.message for record in caplog.records if record.name == "facecap.client"]
        assert sum("was set back" in text for text in said) == 1 and len(said) <= 2, said


def test_refusals_that_nobody_reads_are_said(service: Served, caplog: pytest.LogCaptureFixture) -> None:
    with Client(service.address) as client, client.camera("door") as push:
        for _ in range(5):
            push.push(b"no picture")
        assert push.wait(60)
    said = [record.message for record in caplog.records if record.name == "facecap.client"]
    assert len(said) == 1 and "camera door" in said[0] and "unsupported_picture" in said[0]


def test_a_refused_frame_is_still_refused_in_its_future(service: Served, face: bytes) -> None:
    with Client(service.address) as client, client.camera("door") as push:
        push.push(face, timestamp=1.7e9).result(60)
        with pytest.raises(Refused, match="stale_timestamp"):
            push.push(face, timestamp=1.7e9 - 1).result(60)


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """By how many seconds the wall clock of this process is ahead."""
    offset, real = [0.0], time.time
    monkeypatch.setattr(time, "time", lambda: real() + offset[0])
    return offset


def test_a_camera_that_the_service_reads_has_the_time_of_each_shot(
    tmp_path: Path, pipeline: dict[str, Any], face: bytes, ahead: list[float]
) -> None:
    camera = DroppingCamera(1_000_000, picture=face)
    serving = threading.Thread(target=camera.serve_forever, daemon=True)
    serving.start()
    ahead[0] = -3 * 24 * HOUR  # the machine started before it knew the time
    capture = {"mode": "cycle", "min_hits": 2, "interval_seconds": 0.05, "max_captures": 0}
    pullers = {"gate": {"url": f"http://{camera.address}/video"}}
    settings = settings_in(tmp_path, pipeline=pipeline, capture=capture, pullers=pullers)
    with running(settings) as service:

        def shot_at_about(wanted: float) -> bool:
            rows = stored(service)
            if not rows or rows[-1].capture["timestamp"] is None:
                return False
            shot = datetime.fromisoformat(rows[-1].capture["timestamp"].replace("Z", "+00:00"))
            return abs(shot.timestamp() - wanted) < 60

        for offset in (-3 * 24 * HOUR, 0.0, -2 * HOUR, 0.5 * HOUR):
            ahead[0] = offset
            before, now = len(stored(service)), time.time()
            eventually(partial(shot_at_about, now))
            eventually(lambda known=before: len(stored(service)) > known + 2)
        assert "camera.clock" not in [kind for kind, _ in events(service, "gate")]
        assert "stale_timestamp" not in service.client.get("/v1/cameras/gate").json()["frames"]
    camera.shutdown()
    camera.server_close()


class Clocks:
    """The wall clock and the steady one of a machine, by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
        self.steady = timedelta(seconds=1000)
        monkeypatch.setattr(believed_time, "now", lambda: self.wall)
        monkeypatch.setattr(believed_time, "_steady", lambda: self.steady)

    def pass_time(self, **passed: float) -> None:
        self.wall += timedelta(**passed)
        self.steady += timedelta(**passed)


def test_a_clock_that_jumps_is_believed_after_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(monkeypatch)
    start = clocks.wall
    time_of = BelievedTime(start)
    clocks.pass_time(hours=2)
    assert time_of.look() == clocks.wall
    clocks.wall += timedelta(days=32)
    for _ in range(6):
        assert time_of.look() < start + timedelta(hours=4)
        clocks.pass_time(minutes=9)
    clocks.pass_time(minutes=9)
    assert time_of.look() == clocks.wall


def test_a_clock_that_jumps_to_and_fro_is_not_believed_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(monkeypatch)
    start = clocks.wall
    time_of = BelievedTime(start)
    for _ in range(100):
        clocks.wall += timedelta(days=32)
        clocks.pass_time(seconds=4)
        assert time_of.look() <= start + timedelta(days=1)
        clocks.wall -= timedelta(days=32)
        clocks.pass_time(minutes=10)
        assert time_of.look() <= clocks.wall


def test_a_service_that_starts_with_a_wrong_clock_believes_its_captures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clocks = Clocks(monkeypatch)
    known = clocks.wall - timedelta(minutes=5)
    clocks.wall += timedelta(days=4000)
    time_of = BelievedTime(known)
    assert time_of.look() == known
    clocks.pass_time(minutes=30)
    assert time_of.look() == known + timedelta(minutes=30)


def test_a_clock_that_jumps_ahead_for_seconds_deletes_nothing(
    tmp_path: Path,
    pipeline: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ahead, now = [timedelta(0)], believed_time.now
    monkeypatch.setattr(believed_time, "now", lambda: now() + ahead[0])
    retention = {"max_days": 30, "events_max_days": 7, "interval_seconds": 0.05, "grace_seconds": 60}
    with running(settings_in(tmp_path, pipeline=pipeline, retention=retention)) as service:
        rows = service.services.store.add("door", [new() for _ in range(5)])
        ahead[0] = timedelta(days=32)
        eventually(lambda: "the clock jumped" in caplog.text)
        time.sleep(0.5)  # several rounds of retention
        ahead[0] = timedelta(0)
        assert {row.id for row in stored(service)} == {row.id for row in rows}
        assert len(events(service)) == 5
