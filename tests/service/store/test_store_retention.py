"""What retention removes, and what it leaves."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from captures import files, kept_crops, new, png, wherever_crops_lie
from sqlalchemy import event

from facecap_service.store import AuditQuery, CaptureQuery, Store, StoredCapture, StoreError

NOTHING = timedelta(0)


def kept(store: Store) -> list[str]:
    return sorted(item.id for item in store.captures(CaptureQuery(limit=10_000)).captures)


def age(store: Store, stored: StoredCapture, days: float) -> None:
    """As if the capture and its event had come earlier."""
    with store._database.writing() as connection:
        earlier = int(days * 86_400e6)
        connection.exec_driver_sql(
            f"UPDATE captures SET received = received - {earlier} WHERE id = '{stored.id}'"
        )
        connection.exec_driver_sql(f"UPDATE events SET time = time - {earlier} WHERE capture = '{stored.id}'")


@wherever_crops_lie
def test_no_limits_remove_nothing(store: Store) -> None:
    stored = store.add("door", [new(), new(timestamp="2001-01-01T00:00:00Z")])
    removed = store.remove_old()
    assert (removed.captures, removed.events, removed.crops) == (0, 0, 0)
    assert removed.bytes_kept == sum(len(store.crop(item.crop) or b"") for item in stored)
    assert kept(store) == [item.id for item in stored]


@wherever_crops_lie
def test_retention_removes_what_came_too_long_ago(store: Store, tmp_path: Path) -> None:
    # Old shots that came today, as of a board that was offline, stay.
    old, young, late = store.add("door", [new(), new(), new(timestamp="2001-01-01T00:00:00Z")])
    age(store, old, 8)
    age(store, young, 6)
    assert store.remove_old(timedelta(days=7)).captures == 1
    assert kept(store) == [young.id, late.id]
    assert kept_crops(store, tmp_path / "crops") == sorted([young.crop, late.crop])
    assert [event.data["id"] for event in store.events_after(None, 10)] == [young.id, late.id]


def test_retention_removes_more_than_one_batch(store: Store) -> None:
    crop = png(1)
    for _ in range(3):
        store.add("door", [new(crop) for _ in range(150)])
    assert store.remove_old(timedelta(seconds=-1)).captures == 450
    assert kept(store) == []


@wherever_crops_lie
def test_retention_removes_the_oldest_until_the_crops_fit(store: Store) -> None:
    stored = [store.add("door", [new(bytes([n]) * 1000)])[0] for n in range(10)]
    removed = store.remove_old(max_bytes=4500)
    assert (removed.captures, removed.crops, removed.bytes_kept) == (6, 6, 4000)
    assert kept(store) == [item.id for item in stored[6:]]
    assert store.remove_old(max_bytes=4000).captures == 0
    assert store.remove_old(max_bytes=0).captures == 4


@wherever_crops_lie
def test_crop_of_several_captures_counts_once(store: Store) -> None:
    shared = [store.add("door", [new(b"a" * 1000)])[0] for _ in range(5)]
    store.add("door", [new(b"b" * 1000)])
    assert store.remove_old(max_bytes=2000).captures == 0
    # All who have the oldest crop must go before its file can.
    assert store.remove_old(max_bytes=1000).captures == 5
    assert store.crop(shared[0].crop) is None


def test_many_old_events_go_bit_by_bit(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facecap_service.store.keeping._EVENTS_BATCH", 3)
    for number in range(8):
        store.event("track.started", "door", {"track_id": number})
    assert store.remove_old(events_max_age=timedelta(0)).events == 8
    assert store.events_after(0, 100) == []


def test_many_old_entries_of_the_audit_log_go_bit_by_bit(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facecap_service.store.keeping._EVENTS_BATCH", 3)
    removed = []

    @event.listens_for(store._database._engine, "after_cursor_execute")
    def see(_connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("DELETE FROM audit"):
            removed.append(cursor.rowcount)

    for _ in range(8):
        store.note("ann", "export", {})
    assert store.remove_old(audit_max_age=timedelta(0)).audit == 8
    assert removed == [3, 3, 2]


def test_old_events_go_and_their_captures_stay(store: Store) -> None:
    [stored] = store.add("door", [new()])
    age(store, stored, 3)
    recent = store.event("track.started", "door", {"track_id": 1})
    assert store.remove_old(events_max_age=timedelta(days=2)).events == 1
    assert [event.id for event in store.events_after(None, 10)] == [recent]
    assert kept(store) == [stored.id]
    assert store.event("track.ended", "door", {"track_id": 1}) == recent + 1


def test_files_that_no_capture_needs_are_collected_after_the_grace_time(store: Store, tmp_path: Path) -> None:
    [stored] = store.add("door", [new()])
    folder = tmp_path / "crops" / "ab"
    orphan, leftover, foreign = folder / f"{'ab' * 32}.png", folder / ".tmp-x1", folder / "readme.txt"
    for path in (orphan, leftover, foreign):
        path.write_bytes(b"x")
    assert store.remove_old(grace=timedelta(hours=1)).crops == 0
    assert orphan.exists() and leftover.exists()
    earlier = time.time() - 7200
    for path in (orphan, leftover, foreign, next((tmp_path / "crops").rglob(f"{stored.crop}.png"))):
        os.utime(path, (earlier, earlier))
    assert store.remove_old(grace=timedelta(hours=1)).crops == 1
    assert files(tmp_path / "crops") == {f"{stored.crop}.png", "readme.txt"}


@wherever_crops_lie
def test_row_of_a_crop_that_a_crash_left_is_collected(store: Store) -> None:
    with store._database.writing() as connection:
        connection.exec_driver_sql(f"INSERT INTO crops (hash, size) VALUES ('{'cd' * 32}', 1000000)")
    [stored] = store.add("door", [new(b"a" * 1000)])
    removed = store.remove_old(max_bytes=5000)
    assert (removed.captures, removed.bytes_kept) == (0, 1000)
    assert kept(store) == [stored.id]


def test_file_that_cannot_be_removed_keeps_nothing_else(store: Store, tmp_path: Path) -> None:
    orphans = [tmp_path / "crops" / "ab" / f"ab{number:062x}.png" for number in range(3)]
    orphans[0].mkdir()
    for path in orphans[1:]:
        path.write_bytes(b"x")
    stuck, young = store.add("door", [new(), new()])
    old = store.add("door", [new()])[0]
    stuck_path = next((tmp_path / "crops").rglob(f"{stuck.crop}.png"))
    stuck_path.unlink()
    stuck_path.mkdir()
    for item in (stuck, old):
        age(store, item, 8)
    for _ in range(2):
        with pytest.raises(StoreError, match="the folder of crops failed"):
            store.remove_old(timedelta(days=7), grace=timedelta(seconds=-60))
    assert kept(store) == [young.id]
    assert files(tmp_path / "crops") == {f"{young.crop}.png"}
    stuck_path.rmdir()
    orphans[0].rmdir()
    assert store.remove_old(timedelta(days=7), grace=timedelta(seconds=-60)).bytes_kept == len(
        store.crop(young.crop) or b""
    )


def test_old_entries_of_the_audit_log_go(store: Store) -> None:
    store.note("ann", "export", {"format": "csv"})
    now = datetime.now(timezone.utc)
    assert store.remove_old(audit_max_age=timedelta(days=365)).audit == 0
    later = store.remove_old(audit_max_age=timedelta(days=365), at=now + timedelta(days=366))
    assert later.audit == 1 and store.audit(AuditQuery()).entries == []
