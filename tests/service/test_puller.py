"""Cameras that the service reads by itself."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from cameras import DroppingCamera, closed_port
from served import eventually, running, settings_in

from facecap.sources import Limits
from facecap_service import camera_work, puller
from facecap_service.puller import Puller


def test_a_camera_that_drops_is_read_again_and_its_frames_go_on(
    tmp_path: Any, pipeline: Any, camera: DroppingCamera, face: bytes
) -> None:
    url = f"http://user:secret@{camera.address}/video?token=hidden"
    settings = settings_in(tmp_path, pipeline=pipeline, pullers={"gate": {"url": url}})
    with running(settings) as service:

        def report() -> dict[str, Any]:
            found: dict[str, Any] = service.client.get("/v1/cameras/gate").json()
            return found

        eventually(lambda: camera.connections >= 2 and report()["puller"]["state"] == "streaming")
        before = report()
        assert before["source"] == "pull" and before["frames"].keys() == {"ok"}
        assert before["puller"]["reconnects"] >= 1
        eventually(lambda: report()["last_frame_index"] > before["last_frame_index"])
        assert before["puller"]["address"] == f"http://(hidden)@{camera.address}/(hidden)"
        refused = service.push("gate", face)
        assert (refused.status_code, refused.json()["code"]) == (409, "camera_is_pulled")


def test_a_camera_that_cannot_be_reached_says_so_and_stops_with_the_service(
    tmp_path: Any, pipeline: Any
) -> None:
    url = f"rtsp://user:secret@127.0.0.1:{closed_port()}/stream"
    with running(settings_in(tmp_path, pipeline=pipeline, pullers={"gate": {"url": url}})) as service:

        def retrying() -> Any:
            (camera,) = service.client.get("/v1/cameras").json()["cameras"]
            return camera["puller"] if camera["puller"]["state"] == "retrying" else None

        puller = eventually(retrying)
        assert "nobody listens" in puller["detail"] and "secret" not in str(puller)
        assert service.client.get("/readyz").status_code == 200


def test_a_place_is_kept_for_a_camera_that_is_read(
    tmp_path: Any, pipeline: Any, camera: DroppingCamera, face: bytes
) -> None:
    pullers = {
        "gate": {"url": f"http://{camera.address}/video"},
        "hall": {"url": f"rtsp://127.0.0.1:{closed_port()}/stream"},
    }
    settings = settings_in(tmp_path, pipeline=pipeline, pullers=pullers, cameras={"max_cameras": 3})
    with running(settings) as service:
        early = service.push("hall", face)
        assert (early.status_code, early.json()["code"]) == (409, "camera_is_pulled")
        assert service.push("one", face).status_code == 200
        full = service.push("two", face)
        assert (full.status_code, full.json()["code"]) == (503, "too_many_cameras")
        assert "1 cameras are at work" in full.json()["detail"] and "besides the 2" in full.json()["detail"]
        eventually(lambda: service.client.get("/v1/cameras/gate").json()["frames"].get("ok"))
        hall = service.client.get("/v1/cameras/hall").json()
        assert hall["source"] == "pull" and hall["frames"] == {"camera_is_pulled": 1}


class _Ending:
    """A camera whose stream ends at once."""

    dropped = 0

    def frames(self) -> Iterator[Any]:
        yield from ()

    def stop(self) -> None:
        pass


def test_a_stream_that_ends_meanwhile_disturbs_neither_report_nor_shutdown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(puller, "open_source", lambda *_, **__: _Ending())
    monkeypatch.setattr(puller, "_FIRST_PAUSE", 0.0)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    read: Any = Puller("gate", "http://camera/", Limits(), None)  # type: ignore[arg-type]
    read.start()
    try:
        for _ in range(20_000):
            assert read.report()["dropped"] == 0
    finally:
        sys.setswitchinterval(interval)
        read.stop()
        read.join(30)
    assert read.report()["state"] == "stopped"


def test_a_shutdown_waits_for_all_cameras_that_hang_together(
    tmp_path: Any, pipeline: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    waited: list[float] = []
    join = Puller.join

    def noted(self: Puller, seconds: float) -> None:
        waited.append(seconds)
        join(self, seconds)

    monkeypatch.setattr(puller, "open_source", lambda *_, **__: released.wait(60))
    monkeypatch.setattr(Puller, "join", noted)
    monkeypatch.setattr(camera_work, "_THREADS_END", 0.2)
    pullers = {name: {"url": "http://camera/"} for name in ("one", "two", "three")}
    with running(settings_in(tmp_path, pipeline=pipeline, pullers=pullers)):
        pass
    released.set()
    assert waited[0] > 0 and waited[1:] == [0, 0]
