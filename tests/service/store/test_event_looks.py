"""How a service learns of what others write into its database, and leaves one alone that nobody writes to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from captures import new
from served import Served, eventually

from facecap_service.store import Store, StoreError


def test_every_commit_to_sqlite_changes_the_version_and_nothing_else_does(tmp_path: Path) -> None:
    one, other = (Store.open(f"sqlite:///{tmp_path / 'facecap.db'}", tmp_path / "crops") for _ in range(2))
    versions = [one.version()]
    for store in (other, one):
        assert one.version() == versions[-1]
        store.add("door", [new()])
        versions.append(one.version())
    assert len(set(versions)) == 3
    for store in (one, other):
        store.close()


def looks(store: Store, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of a store from now on: its version, and its events."""
    asked: list[str] = []

    def noted(name: str) -> None:
        ask = getattr(store, name)

        def note(*arguments: Any) -> Any:
            asked.append(name)
            return ask(*arguments)

        monkeypatch.setattr(store, name, note)

    noted("version")
    noted("events_after")
    return asked


def test_database_that_nobody_writes_to_is_not_read(
    start: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = looks(start().services.store, monkeypatch)
    eventually(lambda: asked[-3:] == ["version"] * 3)


def test_events_that_could_not_be_read_come_without_another_commit(
    start: Callable[..., Served], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = start()
    store = service.services.store
    asked, events_after = looks(store, monkeypatch), store.events_after
    failures = [StoreError("the disk is gone"), StoreError("and stays away")]

    def fail(*arguments: Any) -> Any:
        if failures:
            raise failures.pop()
        return events_after(*arguments)

    eventually(lambda: asked[-3:] == ["version"] * 3)
    monkeypatch.setattr(store, "events_after", fail)
    other = Store.open(f"sqlite:///{tmp_path / 'facecap.db'}", tmp_path / "crops")
    other.add("door", [new()])
    last = other.last_event_id()
    other.close()
    eventually(lambda: service.services.broker.position == last)
    assert not failures
