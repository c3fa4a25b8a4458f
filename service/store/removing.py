"""How captures, with their events, visits and crops, leave: on demand here, by age and by size in `keeping`.

A capture's row goes first, in a transaction of its own. Its crop is then removed under the lock of the crop's
row, and only where no capture needs it any more; `adding` looks for the file under the same lock. So a file
outlives its rows for a moment, or until the next round of retention where the process dies in between, and no
row outlives its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import ColumnElement, Connection, delete, select

from . import auditing, crop_rows, querying, visiting
from .crops import Crops
from .database import Database
from .errors import CountDiffers, PartlyRemoved, StoreError
from .records import CaptureQuery
from .schema import captures, crops

P = ParamSpec("P")
R = TypeVar("R", bound="Remover")
T = TypeVar("T")
_BATCH = 200
_CRAMPED_BATCH = 20
"""On a full disk: what a transaction changes must fit into the space that is kept for it."""


def with_room(
    remove: Callable[Concatenate[R, P], T],
) -> Callable[Concatenate[R, P], T]:
    """Remove, on a full disk with the space that is kept for it."""

    @wraps(remove)
    def attempt(remover: R, /, *args: P.args, **options: P.kwargs) -> T:
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
    """Removes what somebody asks to remove.

    Args:
        database: of the captures.
        crops: their pictures.
        on_removed: called with the ids of captures that are gone, in the deleting thread, first of all.
    """

    def __init__(
        self, database: Database, crops: Crops, on_removed: Callable[[Sequence[str]], object]
    ) -> None:
        self._database = database
        self._crops = crops
        self._on_removed = on_removed

    def delete(self, identity: str, who: str | None) -> bool:
        """Remove a capture with its event, and its crop where no other needs it; whether it was there.

        `who`: the audit log says so; None: it does not.
        """
        names = self._delete_one(identity, who)
        if names:
            self._on_removed([identity])
            self._collect_with_room(names)
        return bool(names)

    @with_room
    def _delete_one(self, identity: str, who: str | None) -> list[str]:
        with self._database.writing() as connection:
            names = _delete(connection, [identity])
            if names and who is not None:
                auditing.note(connection, who, "delete_capture", {"capture": identity})
        return names

    @with_room
    def _collect_with_room(self, names: Iterable[str]) -> None:
        self.collect(names)

    def delete_all(
        self,
        query: CaptureQuery,
        who: str,
        action: str,
        data: dict[str, Any],
        expect: int | None = None,
        ending: Callable[[], bool] = lambda: False,
    ) -> int:
        """Remove the captures of a query, its cursor and limit aside; how many there were.

        Those that come meanwhile stay. The audit log says how many, after every batch.

        Raises:
            CountDiffers: there are not `expect`; nothing was removed.
            PartlyRemoved: the database or the folder failed, or `ending` was true, after some were removed.
        """
        with self._database.reading() as connection:
            ids = querying.oldest_first(connection, query)
        if expect is not None and len(ids) != expect:
            raise CountDiffers(len(ids))
        removed = place = 0
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

        while place < len(ids):
            if ending():
                raise PartlyRemoved("the service ends", removed)
            batch = ids[place : place + self.batch]
            place += len(batch)
            try:
                number, names = self.delete_some(len(batch), [captures.c.id.in_(batch)], note)
                removed, entry = removed + number, written
                self.collect(names)
            except StoreError as error:
                raise PartlyRemoved(str(error), removed) from error
            except OSError as error:  # the crops of the others go nevertheless
                failure = error
        if failure is not None:
            raise PartlyRemoved(f"the folder of crops failed: {failure}", removed)
        return removed

    @property
    def batch(self) -> int:
        return _CRAMPED_BATCH if self._database.cramped else _BATCH

    @with_room
    def delete_some(
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

    def collect(self, names: Iterable[str]) -> int:
        """Remove those crops that no capture needs; how many went.

        Raises:
            OSError: one cannot be removed; it keeps its row, to be tried again.
        """
        ordered = sorted(set(names))  # as all do who lock several
        removed = 0
        failures: list[OSError] = []
        size = self.batch
        for start in range(0, len(ordered), size):
            batch = ordered[start : start + size]
            with self._database.writing() as connection:
                for name in batch:
                    crop_rows.hold(connection, name)
                query = select(captures.c.crop).where(captures.c.crop.in_(batch))
                unused = set(batch).difference(connection.execute(query).scalars())
                number, stuck = self._crops.remove(connection, unused)
                connection.execute(delete(crops).where(crops.c.hash.in_(unused - stuck.keys())))
                removed += number
                failures += stuck.values()
        if failures:
            raise failures[-1]
        return removed


def _delete(connection: Connection, ids: Sequence[str]) -> list[str]:
    """Remove captures with their events and visits; the hash of the crop of each that was there."""
    removal = delete(captures).where(captures.c.id.in_(ids)).returning(captures.c.crop, captures.c.visit)
    removed = connection.execute(removal).all()
    visiting.leave(connection, (row.visit for row in removed))
    return [row.crop for row in removed]
