"""Captures go in, survive, are found, and leave."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from captures import capture, kept_crops, new, png, wherever_crops_lie
from sqlalchemy import event

from facecap_service.store import CaptureQuery, KeyReused, NewCapture, Store, StoreError
from facecap_service.store.removing import Remover

EVERYTHING = CaptureQuery(limit=1000)


def test_capture_is_given_back_as_it_came(store: Store) -> None:
    crop = png(1)
    before = datetime.now(timezone.utc)
    [stored] = store.add("door", [NewCapture(capture(quality=None, mask="unknown"), crop)])
    assert store.capture(stored.id) == stored
    assert stored.camera == "door" and stored.capture == capture(quality=None, mask="unknown")
    assert before - timedelta(seconds=1) <= stored.received <= datetime.now(timezone.utc)
    assert stored.received.tzinfo is not None
    assert stored.crop == hashlib.sha256(crop).hexdigest() and store.crop(stored.crop) == crop
    document = stored.to_dict()
    assert document["crop"] == f"/v1/captures/{stored.id}/crop" and document["id"] == stored.id
    assert document["quality"] is None and document["landmarks"] == capture()["landmarks"]


def test_another_process_sees_what_was_added(open_store: Callable[[], Store]) -> None:
    one, other = open_store(), open_store()
    [stored] = one.add("door", [new()])
    assert other.capture(stored.id) == stored and other.crop(stored.crop) is not None


def test_line_of_a_board_does_not_set_what_is_the_stores(store: Store) -> None:
    [stored] = store.add("door", [new(crop=None, id="mine", camera="other", received="never")])
    assert store.capture(stored.id) == stored
    assert stored.camera == "door" and "id" not in stored.capture and "received" not in stored.capture


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ("2026-01-31T12:00:00.250Z", datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=timezone.utc)),
        ("2026-01-31T13:00:00+01:00", datetime(2026, 1, 31, 12, tzinfo=timezone.utc)),
        ("1970-01-01T00:00:03.000Z", None),  # a clock that was never set
        ("2999-01-01T00:00:00.000Z", None),
        (None, None),
    ],
)
def test_time_is_the_shots_where_the_camera_knows_it(
    store: Store, timestamp: str | None, expected: datetime | None
) -> None:
    [stored] = store.add("door", [new(timestamp=timestamp)])
    assert stored.time == (expected or stored.received)
    assert stored.capture["timestamp"] == timestamp


@wherever_crops_lie
def test_captures_of_one_call_are_stored_together_or_not_at_all(store: Store, tmp_path: Path) -> None:
    for broken in (
        {"quality": float("nan")},
        {"timestamp": "yesterday"},
        {"timestamp": "2026-01-31T12:00:00"},
    ):
        with pytest.raises(ValueError):
            store.add("door", [new(), new(**broken)])
    incomplete = capture()
    del incomplete["mask"]
    with pytest.raises(ValueError, match="lacks mask"):
        store.add("door", [new(), NewCapture(incomplete, png(1))])
    assert store.captures(EVERYTHING).captures == [] and store.events_after(None, 10) == []
    assert kept_crops(store, tmp_path / "crops") == []
    assert store.add("door", []) == []


def test_same_key_gives_the_captures_of_the_first_time(store: Store) -> None:
    batch = [new(), new()]
    first = store.add("door", batch, key="17")
    assert not any(item.known for item in first)
    again = store.add("door", batch, key="17")
    assert again == [replace(item, known=True) for item in first]
    other_camera = store.add("gate", batch, key="17")
    assert not {item.id for item in other_camera} & {item.id for item in first}
    assert len(store.captures(EVERYTHING).captures) == 4 and len(store.events_after(None, 10)) == 4


def test_key_does_not_bring_a_deleted_capture_back(store: Store) -> None:
    batch = [new(), new()]
    first, second = store.add("door", batch, key="17")
    store.delete(first.id)
    assert [item.id for item in store.add("door", batch, key="17")] == [first.id, second.id]
    assert store.captures(EVERYTHING).captures == [second]


def test_key_is_refused_for_other_captures(store: Store) -> None:
    item = new()
    store.add("door", [item], key="17")
    with pytest.raises(KeyReused, match=r"'17'.*'door'"):
        store.add("door", [new()], key="17")
    with pytest.raises(KeyReused):
        store.add("door", [NewCapture(capture(frame=13), item.crop_png)], key="17")


def test_capture_that_a_full_disk_leaves_its_crop_was_there_all_the_same(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    [stored] = store.add("door", [new()])
    collect, asked = Remover.collect, []

    def full_at_first(remover: Remover, names: Iterable[str]) -> int:
        asked.append(names)
        if len(asked) == 1:
            raise StoreError("the disk is full")
        return collect(remover, names)

    monkeypatch.setattr(Remover, "collect", full_at_first)
    monkeypatch.setattr("facecap_service.store.database.Database.make_room", lambda database: True)
    assert store.delete(stored.id)
    assert store.capture(stored.id) is None and store.crop(stored.crop) is None


@wherever_crops_lie
def test_delete_removes_the_capture_its_event_and_its_crop(store: Store, tmp_path: Path) -> None:
    [kept], [gone] = store.add("door", [new()]), store.add("door", [new()])
    assert store.delete(gone.id) and not store.delete(gone.id)
    assert store.capture(gone.id) is None and store.crop(gone.crop) is None
    assert [event.data["id"] for event in store.events_after(None, 10)] == [kept.id]
    assert kept_crops(store, tmp_path / "crops") == [kept.crop]


@wherever_crops_lie
def test_crop_stays_as_long_as_a_capture_has_it(store: Store) -> None:
    first, second = store.add("door", [new(png(5)), new(png(5), frame=13)])
    assert first.crop == second.crop
    store.delete(first.id)
    assert store.crop(second.crop) == png(5)
    store.delete(second.id)
    assert store.crop(second.crop) is None


def test_crop_that_was_damaged_is_mended_by_the_next_of_its_kind(store: Store, tmp_path: Path) -> None:
    [stored] = store.add("door", [new(png(5))])
    [path] = (tmp_path / "crops").rglob("*.png")
    path.write_bytes(b"")
    store.add("door", [new(png(5))])
    assert store.crop(stored.crop) == png(5)


def test_failing_disk_stores_nothing(store: Store, tmp_path: Path) -> None:
    shard = hashlib.sha256(png(5)).hexdigest()[:2]
    (tmp_path / "crops" / shard).rmdir()
    with pytest.raises(StoreError, match="folder of crops"):
        store.add("door", [new(png(5))])
    assert store.captures(EVERYTHING).captures == [] and store.events_after(None, 10) == []


def test_ready_names_what_is_missing(store: Store, tmp_path: Path) -> None:
    store.ready()
    (tmp_path / "crops").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match=str(tmp_path / "crops")):
        store.ready()


def test_crop_is_on_the_disk_before_the_row_that_names_it(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss of power cannot be had in a test; the order that survives one can."""
    steps: list[str] = []
    fsync, replace_file = os.fsync, Path.replace

    def note_fsync(descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        steps.append("sync folder" if path.is_dir() else "sync file")
        fsync(descriptor)

    def note_rename(path: Path, target: Path) -> Path:
        steps.append("rename")
        return replace_file(path, target)

    def note_commit(_: object) -> None:
        steps.append("commit")

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(Path, "replace", note_rename)
    event.listen(store._database._engine, "commit", note_commit)
    store.add("door", [new(png(5))])
    assert steps == ["sync file", "rename", "sync folder", "commit"]
    steps.clear()
    # A crop that is there already may be of a process that has not come to syncing its folder.
    store.add("door", [new(png(5))])
    assert steps == ["sync folder", "commit"]
