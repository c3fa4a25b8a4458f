"""Cameras that the service reads by itself."""

from __future__ import annotations

from typing import Any

from cameras import DroppingCamera, closed_port
from served import eventually, running, settings_in


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
        assert "cannot be opened" in puller["detail"] and "secret" not in str(puller)
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
