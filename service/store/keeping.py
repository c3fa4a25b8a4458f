"""How captures, events, alerts, crops and the audit log leave by age and by size, and what crashes left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from sqlalchemy import ColumnElement, Table, delete, exists, func, select

from .ids import first_id
from .records import Removed
from .removing import Remover, with_room
from .schema import alerts, audit, captures, crops, events, pushes
from .times import to_microseconds

_EVENTS_BATCH = 5000
_CRAMPED_EVENTS_BATCH = 500
_KEYS_KEPT = timedelta(days=30)


class Keeper(Remover):
    """Keeps a store within limits."""

    @with_room
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
        if max_age is not None:
            self._remove_rows(alerts, alerts.c.id < first_id(to_microseconds(at - max_age)))
        by_size, files_by_size, kept = self._by_size(max_bytes)
        old_events = self._old_events(None if events_max_age is None else at - events_max_age, at)
        old_entries = 0
        if audit_max_age is not None:
            old_entries = self._remove_rows(audit, audit.c.time < to_microseconds(at - audit_max_age))
        if failure is not None:
            raise failure
        files = files_by_age + files_by_size + orphans
        return Removed(by_age + by_size, old_events, old_entries, files, kept)

    def _by_age(self, oldest: datetime | None) -> tuple[int, int]:
        if oldest is None:
            return 0, 0
        removed = files = 0
        old = [captures.c.received < to_microseconds(oldest)]
        while True:
            batch = self.batch
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
                    .limit(self.batch)
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
        number, names = self.delete_some(count, where)
        return number, self.collect(names)

    def _old_events(self, first: datetime | None, at: datetime) -> int:
        with self._database.writing() as connection:
            connection.execute(delete(pushes).where(pushes.c.received < to_microseconds(at - _KEYS_KEPT)))
        if first is None:
            return 0
        return self._remove_rows(events, events.c.time < to_microseconds(first))

    def _remove_rows(self, table: Table, old: ColumnElement[bool]) -> int:
        """Remove old rows, those of the lowest ids first; how many."""
        oldest = select(table.c.id).where(old).order_by(table.c.id)
        removed = 0
        batch = _CRAMPED_EVENTS_BATCH if self._database.cramped else _EVENTS_BATCH
        while True:
            # Bit by bit: captures wait for whoever writes.
            with self._database.writing() as connection:
                count = connection.execute(delete(table).where(table.c.id.in_(oldest.limit(batch)))).rowcount
            removed += count
            if count < batch:
                return removed

    def _orphans(self, grace: timedelta, at: datetime) -> int:
        """What processes left that died: crops without captures, and files without rows."""
        with self._database.reading() as connection:
            unused = ~exists().where(captures.c.crop == crops.c.hash)
            names = list(connection.execute(select(crops.c.hash).where(unused)).scalars())
        files = self.collect(names)
        moment = at.timestamp()
        for shard in self._crops.shards_of_files():
            written = self._crops.files_before(shard, moment - grace.total_seconds(), moment)
            with self._database.reading() as connection:
                in_shard = crops.c.hash.between(shard, shard + "g")
                needed = set(connection.execute(select(crops.c.hash).where(in_shard)).scalars())
            files += self.collect([name for name in written if name not in needed])
        return files
