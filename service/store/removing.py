"""How captures, events and crops leave: on demand, by age, by size.

A capture's row goes first, in a transaction of its own. Its crop is then removed under the lock of the crop's
row, and only where no capture needs it any more; `adding` looks for the file under the same lock. So a file
outlives its rows for a moment, or until the next round of retention where the process dies in between, and no
row outlives its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import wraps
from itertools import accumulate
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select

from . import auditing, crop_rows, visiting
from .crops import SHARDS, CropFolder
from .database import Database
from .errors import CountDiffers, PartlyRemoved, StoreError
from .querying import conditions
from .records import CaptureQuery, Removed
from .schema import captures, crops, events, pushes
from .times import to_microseconds

P = ParamSpec("P")
T = TypeVar("T")
_BATCH = 200
_CRAMPED_BATCH = 20
"""On a full disk: what a transaction changes must fit into the space that is kept for it."""
_EVENTS_BATCH = 5000
_CRAMPED_EVENTS_BATCH = 500
_KEYS_KEPT = timedelta(days=30)


def _with_room(
    remove: Callable[Concatenate[Remover, P], T],
) -> Callable[Concatenate[Remover, P], T]:
    """Remove, on a full disk with the space that is kept for it."""

    @wraps(remove)
    def attempt(remover: Remover, /, *args: P.args, **options: P.kwargs) -> T:
        database = remover._database
        try:
            return remove(remover, *args, **options)
        except StoreError:
            if not database.make_room():
                raise
            return remove(remover, *args, **options)
        finally:
            if database.cramped:
                with suppress(StoreError):
                    database.keep_room()

    return attempt


class Remover:
    """Every deletion of a store.

    Args:
        database: of the captures.
        folder: of their crops.
        on_removed: called with the ids of captures that are gone, in the deleting thread, first of all.
    """

    def __init__(
        self, database: Database, folder: CropFolder, on_removed: Callable[[Sequence[str]], object]
    ) -> None:
        self._database = database
        self._folder = folder
        self._on_removed = on_removed

    @_with_room
    def delete(self, identity: str, who: str | None) -> bool:
        """Remove a capture with its event, and its crop where no other needs it; whether it was there.

        `who`: the audit log says so; None: it does not.
        """
        with self._database.writing() as connection:
            names = _delete(connection, [identity])
            if names and who is not None:
                auditing.note(connection, who, "delete_capture", {"capture": identity})
        if names:
            self._on_removed([identity])
        self._collect(names)
        return bool(names)

    def delete_all(
        self, query: CaptureQuery, who: str, action: str, data: dict[str, Any], expect: int | None = None
    ) -> int:
        """Remove the captures of a query, its cursor and limit aside; how many there were.

        Those that come meanwhile stay. The audit log says how many, after every batch.

        Raises:
            CountDiffers: there are not `expect`; nothing was removed.
            PartlyRemoved: the database or the folder failed after some were removed.
        """
        with self._database.reading() as connection:
            chosen = select(func.count(), func.max(captures.c.id)).where(*conditions(query))
            count, last = connection.execute(chosen).one()
        if expect is not None and count != expect:
            raise CountDiffers(count)
        removed = 0
        where = [*conditions(query), captures.c.id <= (last or "")]
        entry: int | None = None
        written: int | None = None
        failure: OSError | None = None

        def note(connection: Connection, number: int) -> None:
            nonlocal written
            said = {**data, "captures": removed + number}
            if entry is None:
                written = auditing.note(connection, who, action, said)
            else:
                auditing.amend(connection, entry, said)

        while removed < count:
            try:
                number, names = self._delete_some(min(self._batch, count - removed), where, note)
                removed, entry = removed + number, written
                if not number:  # others were faster
                    break
                self._collect(names)
            except StoreError as error:
                raise PartlyRemoved(str(error), removed) from error
            except OSError as error:  # the crops of the others go nevertheless
                failure = error
        if failure is not None:
            raise PartlyRemoved(f"the folder of crops failed: {failure}", removed)
        return removed

    @_with_room
    def remove_old(
        self,
        max_age: timedelta | None,
        max_bytes: int | None,
        events_max_age: timedelta | None,
        audit_max_age: timedelta | None,
        grace: timedelta,
        at: datetime,
    ) -> Removed:
        """Remove files that no capture needs, what is too old, then the oldest until the crops fit.

        Raises:
            OSError: a file cannot be removed; the others are, and what is too old is not kept for its sake.
        """
        orphans, failure = 0, None
        try:
            orphans = self._orphans(grace, at)
        except OSError as error:
            failure = error
        by_age, files_by_age = self._by_age(None if max_age is None else at - max_age)
        by_size, files_by_size, kept = self._by_size(max_bytes)
        old_events = self._old_events(None if events_max_age is None else at - events_max_age, at)
        old_entries = 0
        if audit_max_age is not None:
            with self._database.writing() as connection:
                old_entries = auditing.remove_old(connection, to_microseconds(at - audit_max_age))
        if failure is not None:
            raise failure
        files = files_by_age + files_by_size + orphans
        return Removed(by_age + by_size, old_events, old_entries, files, kept)

    @property
    def _batch(self) -> int:
        return _CRAMPED_BATCH if self._database.cramped else _BATCH

    def _by_age(self, oldest: datetime | None) -> tuple[int, int]:
        if oldest is None:
            return 0, 0
        removed = files = 0
        old = [captures.c.received < to_microseconds(oldest)]
        while True:
            batch = self._batch
            count, gone = self._delete_oldest(batch, old)
            removed, files = removed + count, files + gone
            if count < batch:
                return removed, files

    def _by_size(self, max_bytes: int | None) -> tuple[int, int, int]:
        removed = files = 0
        while True:
            with self._database.reading() as connection:
                kept = int(connection.execute(select(func.coalesce(func.sum(crops.c.size), 0))).scalar_one())
                if max_bytes is None or kept <= max_bytes:
                    return removed, files, kept
                sizes = connection.execute(
                    select(crops.c.size)
                    .select_from(captures.join(crops))
                    .order_by(captures.c.received, captures.c.id)
                    .limit(self._batch)
                )
                # To the end: a result that is left open keeps SQLite's snapshot, and the connection cannot
                # write.
                freed = list(accumulate(sizes.scalars()))
            if not freed:
                return removed, files, kept
            count = sum(size < kept - max_bytes for size in freed[:-1]) + 1
            count, gone = self._delete_oldest(count, [])
            removed, files = removed + count, files + gone

    def _delete_oldest(self, count: int, where: Sequence[ColumnElement[bool]]) -> tuple[int, int]:
        """Remove up to `count` captures; how many there were, and how many files went."""
        number, names = self._delete_some(count, where)
        return number, self._collect(names)

    @_with_room
    def _delete_some(
        self,
        count: int,
        where: Sequence[ColumnElement[bool]],
        note: Callable[[Connection, int], None] | None = None,
    ) -> tuple[int, list[str]]:
        """Remove the oldest captures, up to `count`; how many there were, and their crops."""
        # Locked in one order: another process may remove captures too.
        query = (
            select(captures.c.id)
            .where(*where)
            .order_by(captures.c.received, captures.c.id)
            .limit(count)
            .with_for_update()
        )
        with self._database.writing() as connection:
            ids = list(connection.execute(query).scalars())
            names = _delete(connection, ids)
            if note is not None and names:
                note(connection, len(names))
        if names:
            self._on_removed(ids)
        return len(names), names

    def _old_events(self, first: datetime | None, at: datetime) -> int:
        with self._database.writing() as connection:
            connection.execute(delete(pushes).where(pushes.c.received < to_microseconds(at - _KEYS_KEPT)))
        if first is None:
            return 0
        oldest = select(events.c.id).where(events.c.time < to_microseconds(first)).order_by(events.c.id)
        removed = 0
        batch = _CRAMPED_EVENTS_BATCH if self._database.cramped else _EVENTS_BATCH
        while True:
            # Bit by bit: captures wait for whoever writes.
            with self._database.writing() as connection:
                count = connection.execute(
                    delete(events).where(events.c.id.in_(oldest.limit(batch)))
                ).rowcount
            removed += count
            if count < batch:
                return removed

    def _orphans(self, grace: timedelta, at: datetime) -> int:
        """What processes left that died: rows of crops without captures, and files without rows."""
        with self._database.reading() as connection:
            unused = ~exists().where(captures.c.crop == crops.c.hash)
            names = list(connection.execute(select(crops.c.hash).where(unused)).scalars())
        files = self._collect(names)
        moment = at.timestamp()
        for shard in SHARDS:
            written = self._folder.written_before(shard, moment - grace.total_seconds(), moment)
            with self._database.reading() as connection:
                in_shard = crops.c.hash.between(shard, shard + "g")
                needed = set(connection.execute(select(crops.c.hash).where(in_shard)).scalars())
            files += self._collect([name for name in written if name not in needed])
        return files

    def _collect(self, names: Iterable[str]) -> int:
        """Remove those crops that no capture needs; how many files went.

        Raises:
            OSError: one cannot be removed; it keeps its row, to be tried again.
        """
        ordered = sorted(set(names))  # as all do who lock several
        files = 0
        failure = None
        size = self._batch
        for start in range(0, len(ordered), size):
            batch = ordered[start : start + size]
            with self._database.writing() as connection:
                for name in batch:
                    crop_rows.hold(connection, name)
                query = select(captures.c.crop).where(captures.c.crop.in_(batch))
                unused = set(batch).difference(connection.execute(query).scalars())
                for name in sorted(unused):
                    try:
                        files += self._folder.remove(name)
                    except OSError as error:
                        failure = error
                        unused.remove(name)
                connection.execute(delete(crops).where(crops.c.hash.in_(unused)))
        if failure is not None:
            raise failure
        return files


def _delete(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Remove captures with their events and visits; the hash of the crop of each that was there."""
    removal = delete(captures).where(captures.c.id.in_(ids)).returning(captures.c.crop, captures.c.visit)
    removed = connection.execute(removal).all()
    visiting.leave(connection, (row.visit for row in removed))
    return [row.crop for row in removed]
