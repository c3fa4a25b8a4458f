"""Cameras in the database: each change between online and offline has one event, whoever makes it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from facecap_service.store import AuditQuery, Sighting, Store, StoreError, camera_table

MORNING = datetime(2026, 11, 30, 8, tzinfo=timezone.utc)


def seen(camera: str, minutes: float = 0, source: camera_table.Source = "push") -> Sighting:
    return Sighting(camera, source, MORNING + timedelta(minutes=minutes))


def events(store: Store) -> list[tuple[str, str, dict[str, Any]]]:
    return [(event.kind, event.camera, event.data) for event in store.events_after(None, 1000)]


def test_a_camera_comes_online_once_and_goes_offline_once(store: Store) -> None:
    for minute in range(3):
        store.cameras.see([seen("door", minute)])
    camera = store.cameras.all()["door"]
    assert camera.online and camera.since == MORNING
    assert camera.last_seen == MORNING + timedelta(minutes=2)
    assert store.cameras.lose(camera) and not store.cameras.lose(camera)
    lost = store.cameras.all()["door"]
    assert not lost.online and lost.since == lost.last_seen == camera.last_seen
    store.cameras.see([seen("door", 9)])
    assert events(store) == [
        ("camera.online", "door", {"source": "push"}),
        ("camera.offline", "door", {"source": "push", "last_seen": "2026-11-30T08:02:00.000Z"}),
        ("camera.online", "door", {"source": "push"}),
    ]


def test_a_camera_that_was_seen_meanwhile_is_not_lost(store: Store) -> None:
    store.cameras.see([seen("door")])
    looked = store.cameras.all()["door"]
    store.cameras.see([seen("door", 1)])
    assert not store.cameras.lose(looked) and store.cameras.all()["door"].online


def test_a_note_that_an_outage_held_back_brings_no_camera_online_and_none_back(store: Store) -> None:
    store.cameras.see([seen("door"), seen("gate", 5)])
    store.cameras.lose(store.cameras.all()["door"])
    before = events(store)
    late = [replace(seen(name, 3), is_late=True) for name in ("door", "gate", "hall")]
    store.cameras.see([*late, replace(seen("removed", 3), is_known=True, is_late=True)])
    found = store.cameras.all()
    assert {name: (row.online, row.last_seen) for name, row in found.items()} == {
        "door": (False, MORNING + timedelta(minutes=3)),
        "gate": (True, MORNING + timedelta(minutes=5)),
        "hall": (False, MORNING + timedelta(minutes=3)),
    }
    assert events(store) == before


def test_settings_do_not_bring_back_a_camera_that_was_removed(store: Store) -> None:
    store.cameras.see([seen("door")])
    assert store.cameras.change_settings("door", "push", {"area": "gate"}, "ann", is_known=True)
    store.cameras.remove("door", "ben")
    assert not store.cameras.change_settings("door", "push", {"area": "hall"}, "ann", is_known=True)
    assert store.cameras.all() == {}
    assert [entry.who for entry in store.audit(AuditQuery()).entries] == ["ben", "ann"]


def test_processes_that_see_and_lose_the_same_cameras_agree(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(4)]
    names = ["door", "gate", "hall"]
    for turn in range(5):
        with ThreadPoolExecutor(4) as threads:
            come = [threads.submit(s.cameras.see, [seen(name, turn) for name in names]) for s in stores]
            for done in come:
                done.result()
            rows = stores[0].cameras.all()
            lost = [threads.submit(s.cameras.lose, rows[name]) for s in stores for name in reversed(names)]
            assert sum(done.result() for done in lost) == 3
    found = [(kind, camera) for kind, camera, _ in events(stores[0])]
    for name in names:
        changes = [kind for kind, camera in found if camera == name]
        assert changes == ["camera.online", "camera.offline"] * 5


def test_settings_are_kept_with_a_camera_and_go_with_it(store: Store) -> None:
    store.cameras.change_settings("hall", "pull", {"display_name": "大厅"}, "me")
    never = store.cameras.all()["hall"]
    assert (never.online, never.last_seen, never.settings) == (False, None, {"display_name": "大厅"})
    store.cameras.see([seen("hall", source="pull")])
    assert store.cameras.all()["hall"].settings == {"display_name": "大厅"}
    assert store.cameras.remove("hall", "me") and not store.cameras.remove("hall", "me")
    assert [kind for kind, *_ in events(store)] == ["camera.online", "camera.offline"]
    store.cameras.see([seen("hall", 1)])
    assert store.cameras.all()["hall"].settings is None


def test_no_settings_and_no_removal_are_kept_that_the_audit_log_does_not_have(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.cameras.change_settings("hall", "pull", {"area": "gate"}, "ann")
    before = store.cameras.all()
    with monkeypatch.context() as patched:

        def fail(*_: Any) -> None:
            raise StoreError("the disk is full")

        patched.setattr("facecap_service.store.auditing.note", fail)
        with pytest.raises(StoreError):
            store.cameras.change_settings("hall", "pull", {"area": "other"}, "ann")
        with pytest.raises(StoreError):
            store.cameras.remove("hall", "ann")
    assert store.cameras.all() == before
    store.cameras.remove("hall", "ann")
    found = [(entry.who, entry.action, entry.data) for entry in store.audit(AuditQuery()).entries]
    assert found == [
        ("ann", "remove_camera", {"camera": "hall"}),
        ("ann", "camera_settings", {"camera": "hall", "area": "gate"}),
    ]


def test_names_without_end_do_not_fill_the_database(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_table, "MOST", 3)
    store.cameras.change_settings("kept", "push", {"area": "gate"}, "me")
    for number in range(6):
        store.cameras.see([seen(f"camera{number}", number)])
        if number < 5:
            store.cameras.lose(store.cameras.all()[f"camera{number}"])
    assert sorted(store.cameras.all()) == ["camera4", "camera5", "kept"]


def test_cameras_that_are_online_are_never_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_table, "MOST", 3)
    names = [f"camera{number}" for number in range(6)]
    store.cameras.see([seen(name) for name in names])
    store.cameras.see([seen(name, 1) for name in [*names, "another"]])
    assert sorted(store.cameras.all()) == ["another", *names]
    assert [kind for kind, _, _ in events(store)] == ["camera.online"] * 7


def test_boards_without_end_do_not_fill_the_database_and_who_is_forgotten_is_offline(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_table, "MOST", 3)
    store.cameras.see([seen("kept", source="board")])
    store.cameras.change_settings("kept", "board", {"area": "gate"}, "anybody")
    for number in range(1, 5):
        store.cameras.see([seen(f"board{number}", number, "board")])
    assert sorted(store.cameras.all()) == ["board3", "board4", "kept"]
    lost = [(camera, data["last_seen"]) for kind, camera, data in events(store) if kind == "camera.offline"]
    assert lost == [("board1", "2026-11-30T08:01:00.000Z"), ("board2", "2026-11-30T08:02:00.000Z")]
