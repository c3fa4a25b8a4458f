"""The store: captures, their crops and what happened, kept through kill -9 and loss of power."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from . import adding, auditing, journal, trial
from .camera_table import CameraTable
from .crops import Crops
from .database import Database
from .errors import StoreError
from .keeping import Keeper
from .outbox import Outbox
from .reading import disk
from .records import CaptureQuery, NewCapture, Removed, StoredCapture
from .revision import bring_up_to_date
from .times import now, to_microseconds
from .trouble import Trouble

_TRIAL_SECONDS = 10.0
"""Between two captures that are stored to try it out: each is written to the disks."""


class Store(Outbox):
    """Captures and events in a database, crops there or in a folder; for any number of threads and processes.

    Every method waits for the disk or the network: call it in a thread, not on an event loop. Each may raise
    `StoreError`, and has then done nothing.
    """

    def __init__(self, database: Database, crops: Crops) -> None:
        super().__init__(database, crops)
        self._remover = Keeper(database, crops, self._notify_removed)
        self._trouble = Trouble()
        self.cameras = CameraTable(database, self._notify_written)
        self._listeners: list[tuple[Callable[[], object], Callable[[Sequence[str]], object]]] = []

    @classmethod
    def open(
        cls, url: str, folder: Path, *, crops_in_database: bool = False, connections: int | None = None
    ) -> Store:
        """Open a store, making it or bringing it to this version where needed.

        Args:
            url: sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME.
            folder: of the crops; processes that share a database share it, unless crops lie there.
            crops_in_database: new crops go into the database, which is PostgreSQL. Those in the folder, where
                there is one, stay as long as their captures.
            connections: to PostgreSQL at most; None: as many as a service needs.

        Raises:
            StoreError: the database or the folder cannot be used, or a newer version has been at it.
        """
        database = Database(url, connections)
        if crops_in_database and database.is_sqlite:
            # It keeps what was removed in its file, which never shrinks: a full disk would stay full.
            raise StoreError(
                f"store.crops is 'database', and store.url is {database}: crops go into PostgreSQL alone, so "
                "set store.url to postgresql+psycopg://USER:PASSWORD@HOST/NAME, or store.crops to 'folder'"
            )
        try:
            with disk():
                crops = Crops(database, folder, in_database=crops_in_database)
                if database.is_sqlite and database.url.database is not None:
                    Path(database.url.database).parent.mkdir(parents=True, exist_ok=True)
            try:
                bring_up_to_date(database)
            except StoreError:
                if not database.make_room():  # even to be opened, a database needs some
                    raise
                bring_up_to_date(database)
        except BaseException:
            database.close()
            raise
        with suppress(StoreError):
            database.keep_room()
        return cls(database, crops)

    def close(self) -> None:
        """Close every connection; nothing is lost without it."""
        self._database.close()

    def end_within(self, seconds: float) -> None:
        """This process ends: after so long nobody waits for a database again that has failed.

        One that answers takes everything, however long that is; where this is called again, the earliest
        moment counts.
        """
        self._database.ending.begin(seconds)

    @property
    def time_is_up(self) -> bool:
        """Whether what `end_within` was given is over: what fails is not to be tried again."""
        return self._database.ending.time_is_up

    def ready(self) -> None:
        """Whether a capture could be stored: now and then one is, and is taken back before anybody sees it.

        Raises:
            StoreError: it could not, or one that came less than a minute ago could not.
        """
        self._crops.check()
        with self._trouble.noted(tried_out=True), disk():
            self.last_event_id()
            self._database.keep_room()
            if self._trouble.trial_is_due(_TRIAL_SECONDS):
                trial.store(self._database, self._crops)
        self._trouble.check()

    @property
    def failing_since(self) -> float | None:
        """Since when captures cannot be stored, as far as any was tried, in seconds since 1970."""
        return self._trouble.since

    def add(self, camera: str, captures: Sequence[NewCapture], key: str | None = None) -> list[StoredCapture]:
        """Store captures with their events, all or none; on the disk when it returns.

        Args:
            camera: name, not empty.
            captures: up to 65,536.
            key: under which the same captures may come again; then nothing is stored and the answer is that
                of the first time with `known` set, even where some were removed since. Kept for 30 days.

        Raises:
            ValueError, TypeError: a capture is not one of facecap's.
            KeyReused: the key came before with other captures.
        """
        if not captures:
            return []
        batch = adding.Batch.of(camera, captures, key)
        with self._trouble.noted():
            return self._add(camera, batch, key)

    def _add(self, camera: str, batch: adding.Batch, key: str | None) -> list[StoredCapture]:
        if key is not None:
            with self._database.reading() as connection:
                known = adding.earlier(connection, camera, batch)
            if known is not None:
                return known
        with disk():
            self._database.keep_room()
            self._crops.prepare(batch.crops)
            with self._database.writing() as connection:
                if key is not None and not adding.take_key(connection, camera, batch):
                    return adding.earlier(connection, camera, batch) or []
                stored = adding.add(connection, camera, batch, self._crops)
        self._notify_written()
        return stored

    def event(self, kind: str, camera: str, data: dict[str, Any]) -> int:
        """Note something that happened, with plain JSON types; returns its id."""
        row = {"kind": kind, "camera": camera, "time": to_microseconds(now()), "data": data}
        self._database.keep_room()
        with self._database.writing() as connection:
            identity = journal.append(connection, [row])
        self._notify_written()
        return identity

    def note(self, who: str, action: str, data: dict[str, Any]) -> None:
        """Write into the audit log who did what, with plain JSON types and nothing of faces.

        What removes captures notes it itself.
        """
        self._database.keep_room()
        with self._database.writing() as connection:
            auditing.note(connection, who, action, data)

    def delete(self, identity: str, who: str | None = None) -> bool:
        """Remove a capture, its event, and its crop where no other has the same; whether it was there.

        The audit log names `who`; None: nobody.

        Where the folder fails the capture is gone nevertheless, and its crop stays until the next round of
        retention.
        """
        with disk():
            return self._remover.delete(identity, who)

    def delete_visit(self, identity: str, who: str) -> bool:
        """Remove the captures of a visit as `delete` does; whether there were any.

        Raises:
            PartlyRemoved: some are removed.
        """
        query = CaptureQuery(visit=identity)
        return self._remover.delete_all(query, who, "delete_visit", {"visit": identity}) > 0

    def delete_captures(
        self,
        query: CaptureQuery,
        expect: int,
        who: str,
        chosen_by: dict[str, Any],
        ending: Callable[[], bool] = lambda: False,
    ) -> int:
        """Remove the captures of a query, its cursor and limit aside; how many there were.

        Args:
            query: which.
            expect: how many they must be. Those that come meanwhile stay.
            who: for the audit log.
            chosen_by: the query as the audit log has it.
            ending: asked between batches; once it is true no more are removed.

        Raises:
            CountDiffers: they are not so many; nothing was removed.
            PartlyRemoved: some are removed.
        """
        data = {"filter": chosen_by}
        return self._remover.delete_all(query, who, "delete_captures", data, expect, ending)

    def remove_old(
        self,
        max_age: timedelta | None = None,
        max_bytes: int | None = None,
        *,
        events_max_age: timedelta | None = None,
        audit_max_age: timedelta | None = None,
        grace: timedelta = timedelta(hours=1),
        at: datetime | None = None,
    ) -> Removed:
        """Remove captures that came too long ago, then the oldest until the crops fit, and what crashes left.

        What was removed before something failed stays so.

        Args:
            max_age: of captures, by when they came; None: no limit.
            max_bytes: of all crops together; None: no limit.
            events_max_age: of events; None: no limit but that of their captures.
            audit_max_age: of entries of the audit log; None: no limit.
            grace: a file that belongs to no capture is left alone for so long.
            at: the present moment; None: as the clock has it.
        """
        with disk():
            return self._remover.remove_old(
                max_age, max_bytes, events_max_age, audit_max_age, grace, at or now()
            )

    def listen(
        self, written: Callable[[], object], removed: Callable[[Sequence[str]], object]
    ) -> Callable[[], None]:
        """Learn what this process does, in the thread that does it and once others can see it.

        Args:
            written: called after every event.
            removed: called with the ids of captures that were removed.

        Returns:
            What ends it.
        """
        listener = written, removed
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _notify_written(self) -> None:
        for written, _ in list(self._listeners):
            written()

    def _notify_removed(self, captures: Sequence[str]) -> None:
        for _, removed in list(self._listeners):
            removed(captures)
