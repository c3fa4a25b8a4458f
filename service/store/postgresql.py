"""Connections to a PostgreSQL server that may vanish without a word."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event

STATEMENT_SECONDS = 30
CONNECT_SECONDS = 5
SILENCE_SECONDS = 5.0
POOL_SECONDS = 10


class PatientConnection(psycopg.Connection[Any]):
    """A connection that is closed where the server says nothing for longer than any statement may take.

    TCP notices a host that is lost (`keepalives`, `tcp_user_timeout`). It does not notice one that hangs, or
    a proxy that takes every byte and hands none on.
    """

    patience: float = STATEMENT_SECONDS + SILENCE_SECONDS
    """Seconds without a byte from the server while an answer is waited for."""

    def wait(self, gen: Generator[Any, Any, Any], *args: Any, **kwargs: Any) -> Any:
        """As the driver waits for anything, with an end."""
        return super().wait(self._heard(gen), *args, **kwargs)

    def _heard(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        deadline = time.monotonic() + self.patience
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    deadline = time.monotonic() + self.patience
                elif time.monotonic() > deadline:
                    self.close()
                    raise psycopg.OperationalError(f"the server said nothing for {self.patience:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value


def postgresql_engine(url: URL, connections: int | None = None) -> Engine:
    """An engine whose every call comes to an end; what the URL's query says about that wins.

    One of `connections` is kept where nothing is to be done; None: as many as a service needs.
    """
    wanted = {
        "connect_timeout": str(CONNECT_SECONDS),
        "application_name": "facecap",
        # A database made where no language was set (SQL_ASCII) else answers in bytes.
        "client_encoding": "utf8",
        # Nothing waits for ever on a lock or a disk that another program holds.
        "options": f"-c statement_timeout={STATEMENT_SECONDS}s",
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "2",
        "tcp_user_timeout": "10000",  # milliseconds
    }
    engine = create_engine(
        url,
        # Values stay out of error texts: they are about people.
        hide_parameters=True,
        pool_size=8 if connections is None else 1,
        max_overflow=24 if connections is None else connections - 1,
        pool_timeout=POOL_SECONDS,
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
        connect_args={name: value for name, value in wanted.items() if name not in url.query},
    )

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: Any, _record: Any, arguments: Any, options: Any) -> psycopg.Connection[Any]:
        return PatientConnection.connect(*arguments, **options)

    # Between the two the pool asks an idle connection for a sign of life, which takes no server long.
    @event.listens_for(engine, "checkin")
    def rest(connection: PatientConnection | None, _record: Any) -> None:
        if connection is not None:
            connection.patience = SILENCE_SECONDS

    @event.listens_for(engine, "checkout")
    def work(connection: PatientConnection, _record: Any, _proxy: Any) -> None:
        connection.patience = PatientConnection.patience

    return engine


@contextmanager
def unhurried(connection: Connection) -> Iterator[None]:
    """Let the statements of a transaction take as long as they need."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    driver = connection.connection.driver_connection
    assert isinstance(driver, PatientConnection)
    driver.patience = float("inf")
    try:
        yield
    finally:
        driver.patience = PatientConnection.patience
