"""What a cluster promises: the answers of one process, and that cameras outlive processes and nodes."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
from served import Served, eventually, running, settings_in

from cluster.conftest import Start
from facecap.benchmark.local_cluster import LocalCluster
from facecap.demo import clip, portrait

CAMERAS = [f"door{number}" for number in range(4)]


def test_two_services_on_a_cluster_answer_and_store_what_one_process_does(
    tmp_path: Path, settings: Any
) -> None:
    frames = [cv2.imencode(".jpg", frame)[1].tobytes() for frame in clip.frames(portrait.load())]
    with running(settings_in(tmp_path / "alone")) as alone:
        wanted = walked([alone], "clip", frames), stored(alone, "clip")
    assert wanted[1]
    with running(settings()) as one, running(settings()) as other:
        found = {name: walked([one, other], name, frames) for name in CAMERAS[:3]}
        for name in found:
            assert (found[name], stored(other, name)) == wanted
        assert Counter(one.client.get("/v1/statistics").json()["cameras"].values()) == {len(wanted[1]): 3}


def walked(services: list[Served], camera: str, frames: list[bytes]) -> list[Any]:
    """The answers to frames that go to the services in turn, and what the end of the visits brings."""
    answers = []
    for index, frame in enumerate(frames):
        answer = services[index % len(services)].push(camera, frame, frame_index=index, timestamp=index / 25)
        assert answer.status_code == 200, answer.text
        answers.append({key: value for key, value in answer.json().items() if key != "timings"})
    return [*answers, services[0].client.post(f"/v1/cameras/{camera}/flush").json()]


def stored(service: Served, camera: str) -> list[Any]:
    """Captures with their crops; without what differs anyway."""
    listed = service.client.get("/v1/captures", params={"limit": 200, "camera": camera}).json()["captures"]
    own = {"id", "camera", "time", "crop", "visit_id", "received"}
    return [
        (
            {key: value for key, value in row.items() if key not in own},
            service.client.get(f"/v1/captures/{row['id']}/crop").content,
        )
        for row in listed
    ]


class Pusher:
    """Sends frames of a camera one after the other, to two services in turn, each frame once."""

    def __init__(self, services: list[Served], camera: str, picture: bytes) -> None:
        self.camera = camera
        self.statuses: list[int] = []
        self.captures: list[str] = []
        """Ids that were answered."""
        self._services = services
        self._picture = picture
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def good(self) -> int:
        """Frames that were answered with 200."""
        return self.statuses.count(200)

    def end(self) -> None:
        self._ending.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), f"{self.camera} has no answer"

    def _run(self) -> None:
        index = 0
        while not self._ending.wait(0.02):
            answer = self._services[index % 2].push(self.camera, self._picture, frame_index=index)
            self.statuses.append(answer.status_code)
            self.captures += filter(None, answer.headers.get("facecap-captures", "").split(","))
            if answer.status_code == 503:
                assert answer.json()["code"] == "camera_moving" and answer.headers["retry-after"] == "1"
                self._ending.wait(0.3)
            index += 1


@contextmanager
def load(start: Start, face: bytes) -> Iterator[tuple[Served, list[Pusher]]]:
    """Cameras that send to two services all the time; in the end all that was answered is stored, once."""
    services = [start(), start()]
    pushers = [Pusher(services, name, face) for name in CAMERAS]
    try:
        eventually(lambda: all(pusher.good > 3 for pusher in pushers))
        eventually(lambda: len(nodes(services[0])) == len(CAMERAS))
        yield services[0], pushers
    finally:
        for pusher in pushers:
            pusher.end()
    rows = all_captures(services[1])
    assert {row["id"] for row in rows} >= {one for pusher in pushers for one in pusher.captures}
    assert all(pusher.captures for pusher in pushers)
    shots = Counter((row["camera"], row["frame"]) for row in rows)
    assert set(shots.values()) == {1}
    assert {status for pusher in pushers for status in pusher.statuses} <= {200, 503}


def nodes(service: Served) -> dict[str, str]:
    """Of each camera the node that it is at work on, where it answers."""
    reports = service.client.get("/v1/cameras").json()["cameras"]
    return {report["name"]: report["node"] for report in reports if report.get("node")}


def all_captures(service: Served) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 200}
    while True:
        page = service.client.get("/v1/captures", params=query).json()
        rows += page["captures"]
        if not page["next_cursor"]:
            return rows
        query["cursor"] = page["next_cursor"]


def wait_until_all_answer(pushers: list[Pusher]) -> None:
    """Three more frames of each."""
    before = {pusher.camera: pusher.good for pusher in pushers}
    eventually(lambda: all(pusher.good > before[pusher.camera] + 3 for pusher in pushers), 60)


def test_cameras_of_a_killed_node_answer_elsewhere_and_begin_new_visits(
    cluster: LocalCluster, start: Start, face: bytes
) -> None:
    with load(start, face) as (service, pushers):
        places = nodes(service)
        lost = next(node for node in cluster.nodes if node.node_id in places.values())
        names = [name for name, node in places.items() if node == lost.node_id]
        cluster.kill(lost)
        eventually(lambda: begun_anew(service) >= {*names}, 60)
        wait_until_all_answer(pushers)
        assert begun_anew(service) == {*names}
        assert lost.node_id not in nodes(service).values()


def begun_anew(service: Served) -> set[str]:
    """Cameras of which there is more than one visit, though one face is seen all the time."""
    visits = service.client.get("/v1/visits", params={"limit": 200}).json()["visits"]
    count = Counter(visit["camera"] for visit in visits)
    return {name for name in CAMERAS if count[name] > 1}


def test_cameras_of_a_killed_process_answer_again(cluster: LocalCluster, start: Start, face: bytes) -> None:
    with load(start, face) as (service, _):
        workers = [process for process, title in cluster.workers().items() if "CameraActor" in title]
        assert len(workers) >= len(CAMERAS)
        for process in workers:
            os.kill(process, signal.SIGKILL)
        eventually(lambda: begun_anew(service) == {*CAMERAS}, 60)


def test_a_node_that_is_added_takes_new_cameras(cluster: LocalCluster, start: Start, face: bytes) -> None:
    service = start()
    assert all(service.push(name, face).status_code == 200 for name in CAMERAS)
    added = cluster.add()
    others = [f"gate{number}" for number in range(4)]
    assert all(service.push(name, face).status_code == 200 for name in others)
    eventually(lambda: {*others} <= {*nodes(service)})
    assert added.node_id in {nodes(service)[name] for name in others}


def test_draining_a_node_stores_the_visits_of_its_cameras_and_moves_them(
    cluster: LocalCluster, start: Start, face: bytes
) -> None:
    service = start(capture={"mode": "auto", "min_hits": 2})
    for _ in range(4):
        assert all(service.push(name, face).status_code == 200 for name in CAMERAS)
    assert all_captures(service) == []
    places = eventually(lambda: len(found := nodes(service)) == len(CAMERAS) and found)
    drained = next(node for node in cluster.nodes if node.node_id in places.values())
    names = {name for name, node in places.items() if node == drained.node_id}
    cluster.drain(drained)
    assert eventually(lambda: {row["camera"] for row in all_captures(service)}) <= names
    eventually(lambda: {row["camera"] for row in all_captures(service)} == names)
    for name in names:
        eventually(lambda name=name: service.push(name, face).status_code == 200)
    eventually(lambda: {*nodes(service)} == {*CAMERAS} and drained.node_id not in nodes(service).values())
