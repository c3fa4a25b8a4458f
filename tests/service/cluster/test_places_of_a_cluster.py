"""Who has a place on a cluster and who loses it: bad pictures, changed settings, no room, removal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import ray
from cameras import DroppingCamera
from served import Served, eventually, running

from cluster.conftest import NODES, Start
from facecap_service.cluster.actor import Look
from facecap_service.cluster.parts import Part
from facecap_service.cluster.pulled import Pulled
from facecap_service.settings import Settings

SHARED = {"actors": 1}
STORE = {"url": "postgresql+psycopg://a@b/c", "crops": "database"}


def actors() -> list[str]:
    """Names of all that there are."""
    return [actor["name"] for actor in ray.util.list_named_actors(all_namespaces=True)]


def report(service: Served, camera: str) -> Any:
    """Of a camera, where it is known."""
    answer = service.client.get(f"/v1/cameras/{camera}")
    return answer.json() if answer.status_code == 200 else None


def test_what_is_no_picture_starts_no_process_and_keeps_no_place(start: Start, face: bytes) -> None:
    service = start(cameras={"max_cameras": 2})
    refused = [service.push(name, b"no picture") for name in ("one", "other", "third")]
    assert [answer.json()["code"] for answer in refused] == ["unsupported_picture"] * 3
    assert actors() == []
    assert report(service, "third")["trouble"][0]["code"] == "unsupported_picture"
    assert service.push("door", face).status_code == 200
    assert len(actors()) == 1


def test_a_camera_whose_frames_were_all_refused_can_be_flushed_forgotten_and_removed(start: Start) -> None:
    service = start()
    camera = "/v1/cameras/door"
    for remove in (False, True):
        assert service.push("door", b"no picture").status_code == 415
        assert report(service, "door")
        flushed = service.client.post(f"{camera}/flush")
        assert (flushed.status_code, flushed.json()) == (200, {"captures": []})
        assert service.client.delete(camera, params={"remove": remove}).status_code == 204
        assert report(service, "door") is None
        assert 'camera="door"' not in service.client.get("/metrics").text
    assert [service.client.delete(camera).status_code, actors()] == [404, []]


def test_settings_that_change_leave_a_camera_one_reader(
    settings: Any, pipeline: dict[str, Any], camera: DroppingCamera
) -> None:
    def one(**sections: Any) -> Any:
        url = f"http://{camera.address}/video"
        return running(settings(pipeline=pipeline, pullers={"gate": {"url": url}}, **sections))

    with one():
        [before] = eventually(actors)
    with one(capture={"max_yaw": 20}):
        eventually(lambda: len(actors()) == 2)
        [left] = eventually(lambda: len(found := actors()) == 1 and found, 60)
    assert left != before


def test_settings_that_change_give_cameras_the_room_that_they_had_before(
    settings: Any, pipeline: dict[str, Any], face: bytes
) -> None:
    def one(min_hits: int) -> Any:
        capture = {"mode": "auto", "min_hits": min_hits}
        return running(settings(pipeline=pipeline, capture=capture, cluster={"cpus": 1}))

    names = [f"door{number}" for number in range(NODES)]
    with one(2) as service:
        assert all(service.push(name, face).status_code == 200 for name in names * 3)
        before = actors()
    with one(50) as service, ThreadPoolExecutor(NODES) as pool:

        def taken(name: str) -> bool:
            return service.push(name, face).status_code == 200

        assert all(pool.map(lambda name: eventually(lambda: taken(name), 60), names))
        assert len(actors()) == NODES and not {*before} & {*actors()}
        captures = service.client.get("/v1/captures").json()["captures"]
        assert sorted(capture["camera"] for capture in captures) == names


def test_services_of_machines_that_differ_share_actors() -> None:
    def name(address: str = "auto", level: str = "info", folder: str = "here", **own: Any) -> str:
        cluster, store = {"address": address, **own}, {**STORE, "folder": folder}
        return Part(Settings(cluster=cluster, logs={"level": level}, store=store), "door").name

    assert name() == name("head:6379") == name(level="warning") == name(folder="there")
    assert name() != name(cpus=1)


def test_a_camera_that_no_node_has_room_for_says_so(start: Start) -> None:
    service = start(cluster={"cpus": 50}, pullers={"gate": {"url": "http://127.0.0.1:9/video"}})
    eventually(lambda: [found["kind"] for found in report(service, "gate")["trouble"]] == ["moving"])
    found = report(service, "gate")
    assert found["puller"]["state"] == "retrying" and "no node has room" in found["puller"]["detail"]


def test_each_frame_of_a_slow_camera_counts_whenever_it_is_noticed() -> None:
    def looked(life: str, moment: float, ago: float) -> None:
        look = Look(life, "node", [], {}, {"gate": (moment, ago)}, [])
        actors.known = lambda camera: SimpleNamespace(look=look, silent_since=None)

    actors: Any = SimpleNamespace(known=lambda camera: None)
    gate = Pulled(actors, "gate", "http://camera/video")
    assert not gate.has_sent()
    looked("one", 10.0, 0.1)
    assert gate.has_sent() and not gate.has_sent()
    looked("one", 12.5, 3.9)
    assert gate.has_sent() and not gate.has_sent()
    looked("another", 12.5, 0.1)
    assert gate.has_sent()
    old = Pulled(actors, "gate", "http://camera/video")
    looked("another", 12.5, 600.0)
    assert not old.has_sent()


def test_a_camera_that_one_service_removed_is_gone_at_the_others(start: Start, face: bytes) -> None:
    one, other = (start(cluster=SHARED, cameras={"max_cameras": 1}) for _ in range(2))
    assert [service.push("door", face).status_code for service in (one, other)] == [200, 200]
    eventually(lambda: report(other, "door").get("node"))
    assert one.client.delete("/v1/cameras/door", params={"remove": True}).status_code == 204
    eventually(lambda: report(other, "door") is None)
    assert other.push("gate", face).status_code == 200
