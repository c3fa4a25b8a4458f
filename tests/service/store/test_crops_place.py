"""Crops in the database, and stores whose crops were first in the one place and then in the other."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from captures import files, kept_crops, new, png
from pushing import push
from served import running, settings_in
from sqlalchemy import event

from facecap_service.store import CaptureQuery, Store, StoreError

Reopen = Callable[[str], Store]
SHARED = png(1_000_000)  # no seed of `new`


@pytest.fixture
def reopen(postgresql_url: str, tmp_path: Path) -> Iterator[Reopen]:
    """Opens the store anew, with new crops going to the place that is named."""
    stores: list[Store] = []

    def open_again(place: str) -> Store:
        while stores:
            stores.pop().close()
        stores.append(Store.open(postgresql_url, tmp_path / "crops", crops_in_database=place == "database"))
        return stores[0]

    yield open_again
    while stores:
        stores.pop().close()


def test_crops_in_the_database_need_no_folder(
    postgresql_url: str, tmp_path: Path, pipeline: dict[str, Any]
) -> None:
    folder = tmp_path / "elsewhere"
    store = {"url": postgresql_url, "folder": folder, "crops": "database"}
    with running(settings_in(tmp_path, pipeline=pipeline, store=store)) as service:
        path = f"/v1/captures/{push(service)}/crop"
        answer = service.client.get(path)
        assert answer.content == png(0)
        assert service.client.get("/readyz").status_code == 200
        assert service.services.store.remove_old(timedelta(seconds=-1)).crops == 1
        assert service.client.get(path).status_code == 404
    assert not folder.exists()


def test_a_crop_has_the_same_etag_wherever_it_lies(
    postgresql_url: str, tmp_path: Path, pipeline: dict[str, Any]
) -> None:
    answers = []
    for place in ("folder", "database"):
        store = {"url": postgresql_url, "folder": tmp_path / place, "crops": place}
        with running(settings_in(tmp_path, pipeline=pipeline, store=store)) as service:
            path = f"/v1/captures/{push(service)}/crop"
            for method in ("GET", "HEAD"):
                answer = service.client.request(method, path, headers={"range": "bytes=0-3"})
                kept = {name: answer.headers.get(name) for name in ("etag", "content-length", "content-type")}
                answers.append((method, answer.status_code, answer.content, kept))
    assert answers[:2] == answers[2:]


@pytest.mark.parametrize(("first", "then"), [("folder", "database"), ("database", "folder")])
def test_a_store_that_was_switched_shows_and_removes_the_crops_of_before(
    reopen: Reopen, tmp_path: Path, first: str, then: str
) -> None:
    old, shared, aged = reopen(first).add("door", [new(), new(SHARED), new()])
    store = reopen(then)
    again, young = store.add("door", [new(SHARED), new()])
    for item in (old, shared, aged, again, young):
        assert store.crop(item.crop) is not None
    store.delete(old.id)
    assert store.crop(old.crop) is None
    store.delete(shared.id)
    assert store.crop(again.crop) == SHARED
    store.delete(again.id)
    assert store.crop(again.crop) is None
    assert kept_crops(store, tmp_path / "crops") == sorted([aged.crop, young.crop])
    size = len(store.crop(young.crop) or b"")
    removed = store.remove_old(max_bytes=size)
    assert (removed.captures, removed.crops, removed.bytes_kept) == (1, 1, size)
    assert kept_crops(store, tmp_path / "crops") == [young.crop]


def test_crops_do_not_go_into_sqlite(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="crops go into PostgreSQL alone"):
        Store.open(f"sqlite:///{tmp_path / 'facecap.db'}", tmp_path / "crops", crops_in_database=True)
    assert list(tmp_path.iterdir()) == []


def test_files_that_a_crash_left_go_while_crops_lie_in_the_folder(reopen: Reopen, tmp_path: Path) -> None:
    [kept] = reopen("folder").add("door", [new()])
    left_by_a_crash(tmp_path / "crops")
    assert reopen("database").remove_old().crops == 1
    assert files(tmp_path / "crops") == {f"{kept.crop}.png"}


def test_the_folder_of_another_store_is_left_alone(reopen: Reopen, tmp_path: Path) -> None:
    other = Store.open(f"sqlite:///{tmp_path / 'other.db'}", tmp_path / "crops")
    other.close()
    left = left_by_a_crash(tmp_path / "crops")
    store = reopen("database")
    store.add("door", [new()])
    assert store.remove_old(timedelta(seconds=-1)).crops == 1
    assert files(tmp_path / "crops") == {left.name}


def test_a_folder_that_may_only_be_read_keeps_no_capture_of_the_database(
    reopen: Reopen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [old] = reopen("folder").add("door", [new()])
    store = reopen("database")
    [young] = store.add("door", [new()])

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise OSError(30, os.strerror(30), str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    assert store.delete(young.id)
    assert store.crop(young.crop) is None and store.crop(old.crop) is not None


def test_lists_and_figures_read_no_picture(reopen: Reopen) -> None:
    store = reopen("database")
    [stored] = store.add("door", [new()])
    asked: list[str] = []

    @event.listens_for(store._database._engine, "after_cursor_execute")
    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    store.captures(CaptureQuery())
    store.visits(CaptureQuery())
    store.capture(stored.id)
    store.statistics(CaptureQuery())
    store.remove_old(timedelta(days=1), 10**9)
    assert asked and not any("crop_files.bytes" in statement for statement in asked)


def left_by_a_crash(folder: Path) -> Path:
    """A crop that no row names, written two hours ago."""
    path = folder / "ab" / f"{'ab' * 32}.png"
    path.write_bytes(png(1))
    earlier = time.time() - 7200
    os.utime(path, (earlier, earlier))
    return path
