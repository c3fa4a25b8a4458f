"""Cameras on a cluster behave as those of one process: order, limits, areas, figures, reading, idleness."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import ray
from cameras import DroppingCamera, ScriptedCamera
from painted import FACE, encoded
from served import eventually, running
from test_stream import answer, send, stream

from cluster.conftest import Start
from facecap import CaptureConfig, Detector, FaceCapture, MaskClassifier
from facecap.benchmark.local_cluster import LocalCluster
from facecap_service.store import StoreError

SHARED = {"actors": 1}
LARGE = encoded(".png", FACE) + bytes(300_000)
"""More than Ray takes along with a call; what follows a picture's end is no part of it."""


def one_hit(pipeline: dict[str, Any]) -> FaceCapture:
    """A pipeline that calls a face stable when it is seen first."""
    detector, classifier = Detector(pipeline["detector"]), MaskClassifier(pipeline["classifier"])
    config = CaptureConfig(mode="fast", min_hits=1)
    return FaceCapture(config, detector=detector, classifier=classifier, refiner=False)


def test_pipelines_may_be_of_a_factory(settings: Any, pipeline: dict[str, Any], face: bytes) -> None:
    with running(settings(pipeline=pipeline), partial(one_hit, pipeline)) as service:
        assert service.push("door", face).json()["faces"][0]["reason"] is None


def test_frames_that_are_sent_ahead_are_worked_on_in_their_order(start: Start, face: bytes) -> None:
    service = start(cluster=SHARED)
    with stream(service, "door") as socket:
        for index in range(60):
            send(socket, LARGE if index % 3 else face, frame_index=index)
        answers = [answer(socket) for _ in range(60)]
    assert [answer["status"] for answer in answers] == [200] * 60
    assert [answer["result"]["frame_index"] for answer in answers] == [*range(60)]


def test_a_full_queue_refuses_and_what_was_refused_is_counted(start: Start, face: bytes) -> None:
    service = start(cluster=SHARED, cameras={"queue": 1})
    with stream(service, "door", "?when_full=refuse") as socket:
        for _ in range(20):
            send(socket, face)
        statuses = [answer(socket)["status"] for _ in range(20)]
    assert {*statuses} == {200, 429}
    good, refused = statuses.count(200), statuses.count(429)

    def report() -> Any:
        return service.client.get("/v1/cameras/door").json()

    eventually(lambda: report()["frames"] == {"ok": good, "queue_full": refused})
    assert report()["trouble"][0]["code"] == "queue_full"
    lines = service.client.get("/metrics").text.splitlines()
    assert f'facecap_frames_total{{camera="door",result="queue_full"}} {refused:.1f}' in lines
    assert f'facecap_frames_total{{camera="door",result="ok"}} {good:.1f}' in lines


def test_areas_and_the_last_frame_reach_another_service(start: Start, face: bytes) -> None:
    one, other = (start(cluster=SHARED, page={"show_frames": True}) for _ in range(2))
    assert one.push("door", face).json()["faces"][0]["reason"] != "outside_area"
    eventually(lambda: other.client.get("/v1/cameras/door").json().get("node"))
    everywhere = [[[0, 0], [1, 0], [1, 1], [0, 1]]]
    assert other.client.put("/v1/cameras/door/settings", json={"ignore": everywhere}).status_code == 200
    eventually(lambda: one.push("door", face).json()["faces"][0]["reason"] == "outside_area")
    assert other.client.get("/v1/cameras/door/frame").content == face


def test_an_area_stays_at_work_while_another_service_has_lost_the_database(
    start: Start, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> Any:
        raise StoreError("no route to it")

    one, other = start(cluster=SHARED), start(cluster=SHARED)
    cameras: Any = other.services.cameras
    looked: list[bool] = []
    look = cameras.look

    async def counted() -> None:
        await look()
        looked.append(True)

    monkeypatch.setattr(cameras, "look", counted)
    monkeypatch.setattr(other.services.store.cameras, "all", failing)
    assert one.push("door", face).status_code == 200

    reasons = []

    def reason() -> Any:
        reasons.append(one.push("door", face).json()["faces"][0]["reason"])
        return reasons[-1]

    everywhere = [[[0, 0], [1, 0], [1, 1], [0, 1]]]
    eventually(lambda: one.client.get("/v1/cameras/door").status_code == 200)
    assert one.client.put("/v1/cameras/door/settings", json={"ignore": everywhere}).status_code == 200
    eventually(lambda: reason() == "outside_area")
    looked.clear()
    reasons.clear()
    eventually(lambda: reason() and len(looked) >= 3)
    assert {*reasons} == {"outside_area"}


def test_an_idle_camera_is_stored_and_its_actor_ends_until_it_sends_again(start: Start, face: bytes) -> None:
    service = start(cameras={"idle_seconds": 2.0}, capture={"mode": "auto", "min_hits": 2})
    for _ in range(3):
        assert service.push("door", face).status_code == 200
    eventually(lambda: service.client.get("/v1/captures").json()["captures"])
    eventually(lambda: ray.util.list_named_actors(all_namespaces=True) == [])
    eventually(lambda: service.push("door", face).status_code == 200)
    assert service.client.delete("/v1/cameras/nobody").status_code == 404


def test_a_camera_that_is_read_is_read_again_where_its_process_was_killed(
    cluster: LocalCluster, start: Start, camera: DroppingCamera, face: bytes
) -> None:
    service = start(pullers={"gate": {"url": f"http://{camera.address}/video"}})

    def report() -> Any:
        found = service.client.get("/v1/cameras/gate").json()
        return found if found["last_frame_index"] is not None else None

    def opened() -> int:
        return [event.kind for event in service.services.store.events_after(0, 1000)].count("camera.opened")

    before = eventually(lambda: (found := report()) and found["puller"]["reconnects"] and found)
    assert before["source"] == "pull" and before["online"] and before["frames"]["ok"] and opened() == 1
    refused = service.push("gate", face)
    assert (refused.status_code, refused.json()["code"]) == (409, "camera_is_pulled")
    for process in (process for process, title in cluster.workers().items() if "CameraActor" in title):
        os.kill(process, signal.SIGKILL)
    eventually(lambda: opened() == 2, 60)
    eventually(lambda: "moving" not in [trouble["kind"] for trouble in eventually(report)["trouble"]], 60)
    assert eventually(report)["online"]


def test_damaged_pictures_of_a_camera_that_is_read_are_its_trouble(start: Start, face: bytes) -> None:
    def show(write: Callable[[bytes], Any]) -> None:
        for picture in (face, face[:-200], face[:-200]):
            write(b"--frame\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(picture), picture))
        ended.wait(60)

    ended = threading.Event()
    camera = ScriptedCamera(show, "multipart/x-mixed-replace; boundary=frame")
    threading.Thread(target=camera.serve_forever, daemon=True).start()
    service = start(pullers={"gate": {"url": f"http://{camera.address}/video"}})

    def counted() -> bool:
        report = service.client.get("/v1/cameras/gate").json()
        found = {(each["kind"], each["code"]): each["count"] for each in report.get("trouble", ())}
        return found.get(("refused", "truncated_picture"), 0) >= 2

    eventually(counted, 60)
    ended.set()
    camera.shutdown()
    camera.server_close()
