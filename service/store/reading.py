"""All that is asked of a store, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from . import alerting, auditing, counting, hook_positions, journal, querying, today
from .alert_records import AlertPage, AlertQuery
from .crops import Crops
from .database import Database
from .errors import StoreError
from .records import (
    AuditPage,
    AuditQuery,
    CaptureQuery,
    Event,
    Page,
    Statistics,
    StoredCapture,
    Today,
    Visit,
    VisitPage,
)
from .schema import captures, visits


class Reading:
    """What `Store` answers; each method may raise `StoreError`."""

    def __init__(self, database: Database, crops: Crops) -> None:
        self._database = database
        self._crops = crops

    def captures(self, query: CaptureQuery) -> Page:
        """One page of captures, newest shot first.

        Raises:
            InvalidCursor: this service never issued the query's cursor.
        """
        with self._database.reading() as connection:
            return querying.page(connection, query)

    def visits(self, query: CaptureQuery) -> VisitPage:
        """One page of visits, newest first.

        Raises:
            InvalidCursor: this service never issued the query's cursor.
        """
        with self._database.reading() as connection:
            return querying.visit_page(connection, query)

    def visit(self, identity: str, shots: int) -> tuple[Visit, list[StoredCapture]] | None:
        """The visit of an id with its best captures, `shots` at most; None where there is none (any more)."""
        with self._database.reading() as connection:
            visit = querying.one_visit(connection, identity)
            return None if visit is None else (visit, querying.shots(connection, identity, shots))

    def statistics(self, query: CaptureQuery, *, of_visits: bool = False) -> Statistics:
        """Counts of the captures or visits of a query over time, whatever its cursor and limit."""
        with self._database.reading() as connection:
            return counting.statistics(connection, query, visits if of_visits else captures)

    def span(self, query: CaptureQuery, *, of_visits: bool = False) -> tuple[datetime, datetime] | None:
        """Times of the first and the last capture or visit of a query; None where there is none."""
        with self._database.reading() as connection:
            return counting.span(connection, query, visits if of_visits else captures)

    def counts(
        self, query: CaptureQuery, edges: Sequence[datetime], *, of_visits: bool = False
    ) -> dict[tuple[int, str], dict[str, int]]:
        """How many captures or visits of a query lie between two neighbours of `edges`, whole seconds.

        Returns:
            By number of the earlier edge and camera: by mask answer, those that there are.
        """
        with self._database.reading() as connection:
            return counting.between(connection, query, visits if of_visits else captures, edges)

    def count(self, query: CaptureQuery) -> int:
        """How many captures a query chooses, whatever its cursor and limit."""
        with self._database.reading() as connection:
            return counting.chosen(connection, query)

    def today(self, cameras: list[str], since: datetime) -> dict[str, Today]:
        """The newest capture of each camera that has one, and how many it has since a moment."""
        with self._database.reading() as connection:
            return today.by_camera(connection, cameras, since)

    def capture(self, identity: str) -> StoredCapture | None:
        """The capture of an id; None where there is none (any more)."""
        with self._database.reading() as connection:
            return querying.one(connection, identity)

    def crop(self, name: str) -> bytes | None:
        """The PNG of a crop by its hash; None where its captures were removed meanwhile."""
        with disk():
            return self._crops.read(name)

    def audit(self, query: AuditQuery) -> AuditPage:
        """One page of the audit log, newest first.

        Raises:
            InvalidCursor: this service never issued the query's cursor.
        """
        with self._database.reading() as connection:
            return auditing.page(connection, query)

    def alerts(self, query: AlertQuery) -> AlertPage:
        """One page of alerts, newest first.

        Raises:
            InvalidCursor: this service never issued the query's cursor.
        """
        with self._database.reading() as connection:
            return alerting.page(connection, query)

    def last_moment(self) -> datetime | None:
        """When the last capture or event came, by the clock of then; None where there is none."""
        with self._database.reading() as connection:
            return counting.last_moment(connection)

    def events_after(self, position: int | None, limit: int) -> list[Event]:
        """Events that came after the one of an id, oldest first; from the first where None.

        Once an event was returned, no event with a lower id appears any more.
        """
        with self._database.reading() as connection:
            return journal.after(connection, position or 0, limit)

    def events_kept(self, first: int, last: int) -> set[int]:
        """Ids of the events from `first` to `last`, both included, that were not removed."""
        with self._database.reading() as connection:
            return journal.kept(connection, first, last)

    def last_event_id(self) -> int:
        """Of the last event that was ever noted, by any process; 0 where none was."""
        with self._database.reading() as connection:
            return journal.last_id(connection)

    @property
    def has_version(self) -> bool:
        """Whether `version` can be asked: PostgreSQL has none."""
        return self._database.is_sqlite

    def version(self) -> int:
        """Another number after every commit of any process, at little cost."""
        return self._database.version()

    def installation(self) -> str:
        """A UUID that this database alone has."""
        with self._database.reading() as connection:
            return journal.installation(connection)

    def hook_positions(self) -> dict[str, int]:
        """The last event that each hook is done with."""
        with self._database.reading() as connection:
            return hook_positions.positions(connection)


@contextmanager
def disk() -> Iterator[None]:
    """An error of the folder of crops is one of the store."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"the folder of crops failed: {error}") from error
