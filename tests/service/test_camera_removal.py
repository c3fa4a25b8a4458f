"""Cameras that are removed, by one of several services on a database and while others have them at work."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from served import Served, eventually, running, settings_in
from test_camera_presence import changes, report

from facecap_service.camera_settings import Cameras
from facecap_service.cameras.remembered import Remembered
from facecap_service.cameras.workers import Lane
from facecap_service.keys import new_key
from facecap_service.store import Sighting, Store


def test_a_camera_is_remembered_when_it_is_forgotten_and_gone_when_it_is_removed(
    service: Served, face: bytes
) -> None:
    for _ in range(2):
        service.push("door", face)
    captures = service.client.get("/v1/captures").json()
    eventually(lambda: changes(service) == ["camera.online"])
    assert service.client.delete("/v1/cameras/door").status_code == 204
    assert report(service)["online"] and report(service)["frames"] == {}
    assert service.client.delete("/v1/cameras/door?remove=true").status_code == 204
    assert service.client.get("/v1/cameras").json() == {"cameras": []}
    assert service.client.get("/v1/captures").json() == captures
    assert changes(service) == ["camera.online", "camera.offline"]
    assert 'camera="door"' not in service.client.get("/metrics").text.replace("facecap_captures", "")
    again = service.client.delete("/v1/cameras/door?remove=true")
    assert (again.status_code, again.json()["code"]) == (404, "unknown_camera")
    entries = service.client.get("/v1/audit").json()["entries"]
    assert ("remove_camera", {"camera": "door"}) in [(e["action"], e["data"]) for e in entries]
    service.push("door", face)
    assert report(service)["online"]


def test_a_camera_that_one_service_removed_is_gone_at_another_that_had_it_at_work(
    tmp_path: Path, pipeline: Any, face: bytes
) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline, cameras={"max_cameras": 1})
    with running(settings) as one, running(settings) as other:
        eventually(lambda: other.push("door", face).status_code == 200 and one.services.remembered.names())
        assert one.client.delete("/v1/cameras/door?remove=true").status_code == 204
        eventually(lambda: [s.client.get("/v1/cameras").json()["cameras"] for s in (one, other)] == [[], []])
        assert other.push("gate", face).status_code == 200


def test_frames_that_wait_do_not_bring_back_a_camera_that_another_service_removed(
    tmp_path: Path, pipeline: Any, face: bytes
) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline, cameras={"threads": 1}, replay={"frames": True})
    with running(settings) as one, running(settings) as other, ThreadPoolExecutor(3) as pool:
        eventually(lambda: other.push("door", face).status_code == 200 and one.services.remembered.names())
        go_on = threading.Event()
        other.services.cameras._workers.submit(Lane(), go_on.wait)
        waiting = [pool.submit(other.push, "door", face) for _ in range(3)]
        eventually(lambda: report(other)["queue"] == 3)
        assert one.client.delete("/v1/cameras/door?remove=true").status_code == 204
        eventually(lambda: other.services.remembered.names() == [])
        go_on.set()
        assert [frame.result().status_code for frame in waiting] == [200] * 3
        eventually(lambda: other.client.get("/v1/cameras").json() == {"cameras": []})
        other.push("gate", face)
        eventually(lambda: "gate" in one.services.store.cameras.all())  # a note of the door with it
        assert "door" not in one.services.store.cameras.all()
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and "door" in str(path)]
        other.push("door", face)
        eventually(lambda: "door" in one.services.store.cameras.all())


def test_a_recording_that_cannot_be_removed_keeps_no_camera_that_another_service_removed(
    tmp_path: Path, pipeline: Any, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(camera: str) -> None:
        raise PermissionError(f"{camera}: not permitted")

    settings = settings_in(tmp_path, pipeline=pipeline)
    with running(settings) as one, running(settings) as other:
        for name in ("door", "gate"):
            other.push(name, face)
        eventually(lambda: len(one.services.remembered.names()) == 2)
        monkeypatch.setattr(other.services.recordings, "remove", failing)
        for name in ("door", "gate"):
            assert one.client.delete(f"/v1/cameras/{name}?remove=true").status_code == 204
        eventually(lambda: other.client.get("/v1/cameras").json() == {"cameras": []})
        other.push("door", face)
        eventually(lambda: "door" in one.services.store.cameras.all())


def test_settings_of_a_camera_that_another_service_removed_are_refused(
    tmp_path: Path, pipeline: Any, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline)
    named = {"display_name": "Front door", "area": None, "ignore": [], "only": []}
    with running(settings) as one, running(settings) as other:
        one.push("door", face)
        eventually(other.services.remembered.names)
        with monkeypatch.context() as unaware:
            rows = other.services.store.cameras.all()
            unaware.setattr(other.services.store.cameras, "all", lambda: rows)
            assert one.client.delete("/v1/cameras/door?remove=true").status_code == 204
            refused = other.client.put("/v1/cameras/door/settings", json=named)
        assert (refused.status_code, refused.json()["code"]) == (404, "unknown_camera")
        assert one.client.get("/v1/cameras").json() == {"cameras": []}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A database in which there is a door."""
    with closing(Store.open(f"sqlite:///{tmp_path / 'facecap.db'}", tmp_path)) as found:
        found.cameras.see([Sighting("door", "push", datetime.now(timezone.utc))])
        yield found


@contextmanager
def remembered(store: Store) -> Iterator[Remembered]:
    """As of one service on a database; it writes what it noted when the block ends, at the latest."""
    found = Remembered(store.cameras, Cameras(), {})
    found.start()
    yield found
    found.stop(30)


def test_a_camera_that_is_removed_does_not_come_back_by_a_frame_that_it_sent_before(store: Store) -> None:
    with remembered(store) as one, remembered(store) as other:
        other.seen("door", "push")
        assert one.remove("door", "operator")
    assert store.cameras.all() == {}


def test_a_camera_that_is_removed_while_it_sends_comes_back_by_its_next_frame(store: Store) -> None:
    with remembered(store) as one, remembered(store) as other:
        other.seen("door", "push")
        assert one.remove("door", "operator")

        def is_back() -> bool:
            other.seen("door", "push")
            return "door" in store.cameras.all()

        eventually(is_back)
    assert store.cameras.all()["door"].online


def test_only_admin_removes_a_camera(tmp_path: Path, pipeline: Any, face: bytes) -> None:
    made = {name: new_key(name, [name]) for name in ("push", "admin")}
    keys = [
        {"name": name, "hash": lines.partition('hash = "')[2].partition('"')[0], "scopes": [name]}
        for name, (_, lines) in made.items()
    ]
    with running(settings_in(tmp_path, pipeline=pipeline, keys=keys)) as service:
        service.client.headers["X-API-Key"] = made["push"][0]
        service.push("door", face)
        refused = service.client.delete("/v1/cameras/door?remove=true")
        assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
        assert service.client.delete("/v1/cameras/door").status_code == 204
        service.client.headers["X-API-Key"] = made["admin"][0]
        assert service.client.delete("/v1/cameras/door?remove=true").status_code == 204


def test_a_camera_of_the_settings_file_cannot_be_removed(tmp_path: Path, pipeline: Any) -> None:
    settings = settings_in(tmp_path, pipeline=pipeline, cameras={"hall": {"area": "First floor"}})
    with running(settings) as service:
        (hall,) = service.client.get("/v1/cameras").json()["cameras"]
        assert (hall["area"], hall["online"], hall["since"], hall["trouble"]) == (
            "First floor",
            False,
            None,
            [],
        )
        refused = service.client.delete("/v1/cameras/hall?remove=true")
        assert (refused.status_code, refused.json()["code"]) == (409, "set_in_file")
