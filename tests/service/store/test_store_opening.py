"""What opening a store does to a database."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from captures import new
from postgresql import Server
from sqlalchemy import text

from facecap_service.store import CaptureQuery, Store, StoreError
from facecap_service.store.database import Database
from facecap_service.store.migrations import newest
from facecap_service.store.schema import metadata


def _open_and_add(url: str, folder: Path, barrier: object, answers: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    try:
        store = Store.open(url, folder)
        store.add("door", [new()])
        store.close()
        answers.put(None)  # type: ignore[attr-defined]
    except BaseException as error:
        answers.put(repr(error))  # type: ignore[attr-defined]
        raise


def test_processes_that_open_at_once_make_one_database(url: str, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(4), spawn.Queue()
    processes = [
        spawn.Process(target=_open_and_add, args=(url, tmp_path / "crops", barrier, answers))
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    assert [answers.get(timeout=120) for _ in processes] == [None] * 4
    for process in processes:
        process.join()
    store = Store.open(url, tmp_path / "crops")
    assert len(store.captures(CaptureQuery()).captures) == 4
    assert [event.id for event in store.events_after(None, 10)] == [1, 2, 3, 4]
    store.close()


def test_a_database_without_an_encoding_will_do(postgresql: Server, tmp_path: Path) -> None:
    store = Store.open(postgresql.database_without_encoding(), tmp_path / "crops")
    (added,) = store.add("door", [new(note="Tür")])
    (found,) = store.captures(CaptureQuery()).captures
    assert found.id == added.id and found.capture["note"] == "Tür"
    store.close()


def test_migrations_lead_to_the_tables_of_the_code(url: str, store: Store) -> None:
    database = Database(url)
    with database.reading() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == newest(), "the file of the last step says another revision"
    database.close()


def test_newer_database_is_refused_and_left_alone(
    url: str, open_store: Callable[[], Store], tmp_path: Path
) -> None:
    open_store().add("door", [new()])
    database = Database(url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"revision 9999, .*newer facecap"):
        Store.open(url, tmp_path / "crops")
    with database.reading() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
        assert connection.execute(text("SELECT count(*) FROM captures")).scalar() == 1
    database.close()


def test_sqlite_writes_ahead_and_syncs_every_commit(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'facecap.db'}", tmp_path / "crops")
    with store._database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("sqlite://", "cannot be used, wanted sqlite:///PATH"),
        ("sqlite:///:memory:", "cannot be used, wanted sqlite:///PATH"),
        ("mysql://root:hunter2@host/x", "cannot be used, wanted"),
        ("postgresql+asyncpg://root:hunter2@host/x", "cannot be used, wanted"),
        ("postgresql://root:hunter2@127.0.0.1:1/x", "failed"),
        ("postgresql://127.0.0.1:1/x?user=root&password=hunter2", "failed"),
        ("postgresql://root:hunt@hunter2@127.0.0.1:1/x", "write %40"),
        ("postgresql://root:hunt@hunter2/@127.0.0.1:1/x", "write %40"),
        ("postgresql://ro/ot:hunter2@127.0.0.1:1/x", "write %40"),
        ("sqlite:///x.db?password=hunter2", "cannot be used, wanted"),
        ("nonsense hunter2", "cannot be read, wanted"),
    ],
)
def test_database_that_cannot_be_used_is_named_without_its_password(
    url: str, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match=sentence) as error:
        Store.open(url, tmp_path / "crops")
    assert "hunter2" not in str(error.value)


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("milk, bread, " * 200)
    with pytest.raises(StoreError, match=r"notes\.db.*not a database"):
        Store.open(f"sqlite:///{tmp_path / 'notes.db'}", tmp_path / "crops")
    assert (tmp_path / "notes.db").read_text().startswith("milk")


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file/crops"):
        Store.open(f"sqlite:///{tmp_path / 'facecap.db'}", tmp_path / "file" / "crops")


def test_deleted_capture_leaves_no_trace_in_the_file(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'facecap.db'}", tmp_path / "crops")
    [stored] = store.add("door", [new(note="to-be-forgotten")])
    store.delete(stored.id)
    store.close()
    with sqlite3.connect(tmp_path / "facecap.db") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert b"to-be-forgotten" not in (tmp_path / "facecap.db").read_bytes()


def test_store_goes_on_when_the_database_has_dropped_every_connection(
    postgresql_url: str, tmp_path: Path
) -> None:
    store = Store.open(postgresql_url, tmp_path / "crops")
    store.add("door", [new()])
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    store.add("door", [new()])
    assert len(store.captures(CaptureQuery()).captures) == 2
    store.close()
