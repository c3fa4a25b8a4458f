"""A disk without space, or a database that cannot be written: said at once, and over when there is space."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from captures import new
from served import Served, eventually, running, settings_in

from facecap_service.store import CaptureQuery, Store, StoreError


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"this user may not mount a small disk: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def opened(disk: Path) -> Store:
    return Store.open(f"sqlite:///{disk / 'facecap.db'}", disk / "crops")


def fill(store: Store) -> int:
    """Add captures until the disk is full; how many there are."""
    with pytest.raises(StoreError):
        while True:
            store.add("door", [new()])
    return len(kept(store))


def occupy(disk: Path) -> Path:
    """Another program's file that takes every byte."""
    file = disk / "foreign"
    with file.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(bytes(4096))
    return file


def kept(store: Store) -> list[str]:
    return [item.id for item in store.captures(CaptureQuery(limit=10_000)).captures]


def test_retention_makes_room_on_a_full_disk(disk: Path) -> None:
    store = opened(disk)
    for _ in range(3):
        full = fill(store)
        occupy(disk)
        removed = store.remove_old(max_bytes=300_000)
        assert removed.captures >= full - 8 and removed.bytes_kept <= 300_000
        (disk / "foreign").unlink()
        store.add("door", [new()])
    store.close()


def test_captures_can_be_deleted_on_a_full_disk(disk: Path) -> None:
    store = opened(disk)
    full = fill(store)
    occupy(disk)
    for identity in kept(store)[:30]:
        assert store.delete(identity)
    assert len(kept(store)) == full - 30
    (disk / "foreign").unlink()
    store.add("door", [new()])
    store.close()


def test_a_service_starts_on_a_full_disk_and_makes_room(disk: Path) -> None:
    store = opened(disk)
    full = fill(store)
    store.close()
    occupy(disk)
    store = opened(disk)
    assert len(kept(store)) == full
    assert store.remove_old(max_bytes=100_000).bytes_kept <= 100_000
    store.close()


@pytest.fixture
def on_disk(disk: Path, pipeline: dict[str, Any]) -> Iterator[Served]:
    """A service on the small disk, which captures at each frame with a face."""
    capture = {"mode": "fast", "min_hits": 1, "interval": 1, "max_captures": 0}
    with running(settings_in(disk, pipeline=pipeline, capture=capture)) as service:
        yield service


def test_a_full_disk_is_said_by_readiness_figures_and_a_few_lines(
    on_disk: Served, disk: Path, face: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "facecap")
    assert on_disk.client.get("/readyz").status_code == 200
    assert failing_since(on_disk) == 0
    while on_disk.push("door", face).status_code == 200:
        occupy(disk)
    start = time.time()
    refused = [on_disk.push("door", face) for _ in range(20)]
    assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(503, "store_unavailable")}
    assert on_disk.client.get("/readyz").status_code == 503
    assert 0 < failing_since(on_disk) <= start
    assert 1 <= sum("captures wait for the store" in record.message for record in caplog.records) <= 2
    lines = [record for record in caplog.records if getattr(record, "status", 0) == 503]
    assert sum(record.path.endswith("/frames") for record in lines) == 1
    (disk / "foreign").unlink()
    assert on_disk.push("door", face).status_code == 200
    eventually(lambda: on_disk.client.get("/readyz").status_code == 200)
    assert failing_since(on_disk) == 0


def test_a_disk_that_others_fill_is_said_before_a_frame_comes(
    on_disk: Served, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facecap_service.store.store._TRIAL_SECONDS", 0)
    assert on_disk.client.get("/readyz").status_code == 200
    occupy(disk)
    assert on_disk.client.get("/readyz").status_code == 503
    (disk / "foreign").unlink()
    assert on_disk.client.get("/readyz").status_code == 200


def test_a_database_with_broken_pages_is_not_ready(
    service: Served, tmp_path: Path, face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facecap_service.store.store._TRIAL_SECONDS", 0)
    for _ in range(4):
        assert service.push("door", face).status_code == 200
    assert service.client.get("/readyz").status_code == 200
    checkpoint(service)
    file = tmp_path / "facecap.db"
    size = file.stat().st_size
    with file.open("r+b") as database:
        database.seek(4096)
        database.write(os.urandom(size - 4096))
    assert eventually(lambda: service.client.get("/readyz").status_code == 503)
    assert failing_since(service) > 0


def test_a_database_that_may_only_be_read_is_not_ready(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facecap_service.store.store._TRIAL_SECONDS", 0)
    assert service.client.get("/readyz").status_code == 200
    read_only(service, True)
    assert service.client.get("/readyz").status_code == 503
    read_only(service, False)
    assert service.client.get("/readyz").status_code == 200


def test_a_camera_at_work_is_not_forgotten_while_nothing_can_be_stored(
    tmp_path: Path, pipeline: dict[str, Any], face: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> Any:
        raise StoreError("the disk is full")

    capture = {"mode": "fast", "min_hits": 1, "interval": 1, "max_captures": 0}
    settings = settings_in(tmp_path, pipeline=pipeline, capture=capture, cameras={"idle_seconds": 1.0})
    with running(settings) as service:
        with monkeypatch.context() as patch:
            patch.setattr(Store, "add", failing)
            end = time.monotonic() + 3.0
            while time.monotonic() < end:
                assert service.push("door", face).status_code == 503
                time.sleep(0.1)
        assert service.push("door", face).status_code == 200
        assert "camera.closed" not in [event.kind for event in service.services.store.events_after(0, 100)]


def test_a_trial_leaves_nothing_behind(service: Served, tmp_path: Path) -> None:
    store = service.services.store
    before = store.last_event_id()
    store.ready()
    assert kept(store) == [] and store.last_event_id() == before
    assert not [path for path in (tmp_path / "crops").rglob("*") if path.is_file()]


def checkpoint(service: Served) -> None:
    """Bring the write-ahead log into the database and drop what connections remember of it."""
    database = service.services.store._database
    connection = database._engine.raw_connection()
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.close()
    database._engine.dispose()


def read_only(service: Served, on: bool) -> None:
    """As SQLite says it of a file system that was mounted again without the right to write."""
    from sqlalchemy import event

    engine = service.services.store._database._engine
    engine.dispose()
    switch = event.listen if on else event.remove
    switch(engine, "connect", _forbid)


def _forbid(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA query_only=ON")


def failing_since(service: Served) -> float:
    """The figure."""
    text = service.client.get("/metrics").text
    return float(re.findall(r"^facecap_store_failing_since_seconds (\S+)$", text, re.MULTILINE)[0])
