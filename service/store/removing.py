"""How captures, events and crops leave: on demand, by age, by size.

A capture's row goes first, in a transaction of its own. Its crop is then removed under the lock of the crop's
row, and only where no capture needs it any more; `adding` looks for the file under the same lock. So a file
outlives its rows for a moment, or until the next sweep where the process dies in between, and no row outlives
its file.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from itertools import accumulate

from sqlalchemy import Connection, delete, exists, func, select

from . import crop_rows
from .crops import SHARDS, CropFolder
from .database import Database
from .records import Swept
from .schema import captures, crops, events, pushes
from .times import now, to_microseconds

_BATCH = 200
_KEYS_KEPT = timedelta(days=30)


def delete_capture(database: Database, folder: CropFolder, identity: str) -> bool:
    """Remove a capture with its event, and its crop where no other needs it; whether it was there."""
    with database.writing() as connection:
        name = connection.execute(
            delete(captures).where(captures.c.id == identity).returning(captures.c.crop)
        ).scalar_one_or_none()
    if name is None:
        return False
    _collect(database, folder, [name])
    return True


def sweep(
    database: Database,
    folder: CropFolder,
    max_age: timedelta | None,
    max_bytes: int | None,
    events_max_age: timedelta | None,
    grace: timedelta,
) -> Swept:
    """Remove files that no capture needs, what is too old, then the oldest until the crops fit."""
    orphans = _orphans(database, folder, grace)
    by_age, files_by_age = _by_age(database, folder, max_age)
    by_size, files_by_size, kept = _by_size(database, folder, max_bytes)
    old_events = _old_events(database, events_max_age)
    return Swept(by_age + by_size, old_events, files_by_age + files_by_size + orphans, kept)


def _by_age(database: Database, folder: CropFolder, max_age: timedelta | None) -> tuple[int, int]:
    if max_age is None:
        return 0, 0
    removed = files = 0
    limit = _before(max_age)
    while True:
        with database.writing() as connection:
            names = _delete_oldest(connection, _BATCH, limit)
        files += _collect(database, folder, names)
        removed += len(names)
        if len(names) < _BATCH:
            return removed, files


def _by_size(database: Database, folder: CropFolder, max_bytes: int | None) -> tuple[int, int, int]:
    removed = files = 0
    while True:
        with database.reading() as connection:
            kept = int(connection.execute(select(func.coalesce(func.sum(crops.c.size), 0))).scalar_one())
            if max_bytes is None or kept <= max_bytes:
                return removed, files, kept
            sizes = connection.execute(
                select(crops.c.size)
                .select_from(captures.join(crops))
                .order_by(captures.c.received, captures.c.id)
                .limit(_BATCH)
            )
            # To the end: a result that is left open keeps SQLite's snapshot, and the connection cannot write.
            freed = list(accumulate(sizes.scalars()))
        if not freed:
            return removed, files, kept
        count = sum(size < kept - max_bytes for size in freed[:-1]) + 1
        with database.writing() as connection:
            names = _delete_oldest(connection, count, None)
        files += _collect(database, folder, names)
        removed += len(names)


def _delete_oldest(connection: Connection, count: int, before: int | None) -> list[str]:
    """Remove up to `count` captures; the hashes of their crops."""
    # Locked in one order: another process may sweep too.
    query = select(captures.c.id).order_by(captures.c.received, captures.c.id).limit(count).with_for_update()
    if before is not None:
        query = query.where(captures.c.received < before)
    ids = list(connection.execute(query).scalars())
    removed = connection.execute(delete(captures).where(captures.c.id.in_(ids)).returning(captures.c.crop))
    return list(removed.scalars())


def _old_events(database: Database, max_age: timedelta | None) -> int:
    with database.writing() as connection:
        connection.execute(delete(pushes).where(pushes.c.received < _before(_KEYS_KEPT)))
        if max_age is None:
            return 0
        return connection.execute(delete(events).where(events.c.time < _before(max_age))).rowcount


def _orphans(database: Database, folder: CropFolder, grace: timedelta) -> int:
    """What processes left that died: rows of crops without captures, and files without rows."""
    with database.reading() as connection:
        unused = ~exists().where(captures.c.crop == crops.c.hash)
        names = list(connection.execute(select(crops.c.hash).where(unused)).scalars())
    files = _collect(database, folder, names)
    moment = time.time() - grace.total_seconds()
    for shard in SHARDS:
        written = folder.written_before(shard, moment)
        with database.reading() as connection:
            in_shard = crops.c.hash.between(shard, shard + "g")
            needed = set(connection.execute(select(crops.c.hash).where(in_shard)).scalars())
        files += _collect(database, folder, [name for name in written if name not in needed])
    return files


def _collect(database: Database, folder: CropFolder, names: Iterable[str]) -> int:
    """Remove those crops that no capture needs; how many files went."""
    ordered = sorted(set(names))  # as all do who lock several
    files = 0
    for start in range(0, len(ordered), _BATCH):
        batch = ordered[start : start + _BATCH]
        with database.writing() as connection:
            for name in batch:
                crop_rows.hold(connection, name)
            needed = connection.execute(select(captures.c.crop).where(captures.c.crop.in_(batch))).scalars()
            unused = set(batch).difference(needed)
            files += sum(folder.remove(name) for name in unused)
            connection.execute(delete(crops).where(crops.c.hash.in_(unused)))
    return files


def _before(age: timedelta) -> int:
    return to_microseconds(now() - age)
