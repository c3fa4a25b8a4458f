"""The connection to either database, and what a transaction is."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    PoolProxiedConnection,
    Table,
    create_engine,
    event,
    func,
    make_url,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from facecap.addresses import shown_address

from .ending import Ending
from .errors import StoreError
from .postgresql import postgresql_engine, unhurried
from .reserve import Reserve

_WAIT_SECONDS = 30
_LOG_PAGES = 256
"""Of 4 KiB, at which the write-ahead log is emptied: so much of a disk it takes."""
_WANTED = "wanted sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME"


class Database:
    """Transactions on SQLite (write-ahead log, synced at every commit) or PostgreSQL (read committed)."""

    def __init__(self, url: str, connections: int | None = None) -> None:
        """Connects to nothing yet; `connections` to PostgreSQL at most, None: as many as a service needs.

        Raises:
            StoreError: the URL is of no database that can be used.
        """
        self.url = _checked(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # SQLite has one writer: its threads queue here instead of polling for the lock in the file.
        self._writer = threading.Lock() if self.is_sqlite else nullcontext()
        self._engine = _sqlite(self.url) if self.is_sqlite else postgresql_engine(self.url, connections)
        self._reserve = Reserve(Path(f"{self.url.database}-reserve")) if self.is_sqlite else None
        self._lookout: PoolProxiedConnection | None = None
        self._looking = threading.Lock()
        self.ending = Ending()

    def __str__(self) -> str:
        return shown_address(self.url.render_as_string(hide_password=False))

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state.

        Raises:
            StoreError: the database failed.
        """
        with self._failures(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is on the disk when the block ends, or has not happened.

        Raises:
            StoreError: the database failed.
        """
        with self._failures(), self._turn(), self._engine.connect() as connection:
            connection = connection.execution_options(facecap_writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def alone(self, lock: int) -> Iterator[Connection]:
        """As `writing`, for as long as it needs, while no other process does the same.

        Args:
            lock: any number that no other program on a PostgreSQL server takes for its advisory locks.
        """
        with self.writing() as connection:
            if self.is_sqlite:  # has one writer anyway
                yield connection
                return
            with unhurried(connection):
                connection.execute(select(func.pg_advisory_xact_lock(lock)))
                yield connection

    def version(self) -> int:
        """A number that is another one after every commit of any process; SQLite alone has one.

        Raises:
            StoreError: the database failed.
        """
        with self._failures(), self._looking:
            if self._lookout is None:  # the number is of one connection, and leaves its own commits out
                self._lookout = self._engine.raw_connection()
            return int(self._lookout.cursor().execute("PRAGMA data_version").fetchone()[0])

    def keep_room(self) -> None:
        """Keep space for removals, which SQLite writes into its log before anything is freed.

        Raises:
            StoreError: the disk has none: nothing but removals should be written.
        """
        if self._reserve is not None and not self._reserve.take():
            raise StoreError(
                f"the disk of the database {self} is full: captures are stored again when there is space, "
                "so remove captures or other files, or set retention.max_bytes lower"
            )

    @property
    def cramped(self) -> bool:
        """Whether the space for removals is in use."""
        return self._reserve is not None and not self._reserve.whole

    def make_room(self) -> bool:
        """Let removals have the space that is kept for them; whether there is a chance that it helps."""
        if self._reserve is None or not self._reserve.give_up():
            return False
        # What the log holds twice is the largest part of a small disk.
        with suppress(SQLAlchemyError, sqlite3.Error), self._writer:
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                connection.close()
        return True

    def close(self) -> None:
        """Close every connection."""
        with self._looking:
            if self._lookout is not None:
                self._lookout.close()
                self._lookout = None
        self._engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The writer's; whom it waited for may have found that the database fails."""
        with self._writer:
            self.ending.check()
            yield

    @contextmanager
    def _failures(self) -> Iterator[None]:
        self.ending.check()
        start = time.monotonic()
        try:
            yield
        except (SQLAlchemyError, sqlite3.Error) as error:
            cause = getattr(error, "orig", None) or error
            failure = f"the database {self} failed: {' '.join(str(cause).split())}"
            self.ending.note(failure, time.monotonic() - start)
            raise StoreError(failure) from error
        self.ending.note(None, 0.0)


def _checked(text_url: str) -> URL:
    try:
        url = make_url(text_url)
        backend = url.get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise StoreError(f"the database's URL cannot be read, {_WANTED}") from None
    if "@" in f"{url.host}{url.database}" and backend != "sqlite":
        # A part of the password would go on as the host, and into errors.
        raise StoreError("the database's URL has a second @: write %40 for one in the name or the password")
    if backend == "sqlite" and url.database not in (None, "", ":memory:") and not url.query:
        return url.set(drivername="sqlite")
    if backend == "postgresql" and url.drivername in ("postgresql", "postgresql+psycopg") and url.database:
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(f"the database {shown_address(text_url)} cannot be used, {_WANTED}")


def _sqlite(url: URL) -> Engine:
    # Values stay out of error texts: they are about people.
    engine = create_engine(
        url, hide_parameters=True, pool_size=8, max_overflow=56, connect_args={"timeout": _WAIT_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        mode = _write_ahead(connection)
        if mode != "wal":
            connection.close()
            raise StoreError(
                f"the database {url.database} cannot have a write-ahead log (its journal is {mode!r}): "
                "put it on a local disk"
            )
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit={_LOG_PAGES * 4096}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA secure_delete=FAST")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("facecap_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _write_ahead(connection: sqlite3.Connection) -> str:
    """Switches on the log; SQLite does not wait by itself where another process does the same."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            return str(connection.execute("PRAGMA journal_mode=WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def upsert(connection: Connection, table: Table) -> Any:
    """An insert that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
