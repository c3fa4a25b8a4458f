"""Every camera that ever sent, until it is removed: when it was seen last, whether online, its settings.

A change between online and offline and its event are one transaction that only one process succeeds in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, bindparam, delete, func, null, or_, select, update

from . import auditing, journal
from .database import Database, upsert
from .schema import cameras
from .times import from_microseconds, now, rfc3339, to_microseconds

MOST = 10_000
"""Cameras that are remembered; beyond it those go that were seen the longest time ago, boards and those that
are offline, without settings. How many others may be online, services limit by themselves."""
_OWN = cameras.c.name == bindparam("camera")
Source = Literal["push", "pull", "board"]


@dataclass(frozen=True, slots=True)
class RememberedCamera:
    """What the database knows of a camera."""

    name: str
    source: Source
    last_seen: datetime | None
    """UTC; None: it has settings and never sent."""
    online: bool
    since: datetime | None
    """Since when it is online, or was seen last."""
    settings: dict[str, Any] | None
    """That were made at run time, plain JSON types."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A camera sent something."""

    camera: str
    source: Source
    time: datetime
    is_known: bool = False
    """Whether the database had the camera before it sent: where it has no more, it was removed after that."""
    is_late: bool = False
    """Whether the camera may be offline again by now, as after an outage: it brings no camera online."""


class CameraTable:
    """The remembered cameras; methods wait for the database and may raise `StoreError`, as those of `Store`.

    Args:
        database: where.
        written: called after every event.
    """

    def __init__(self, database: Database, written: Callable[[], object]) -> None:
        self._database = database
        self._written = written

    def all(self) -> dict[str, RememberedCamera]:
        """Every camera, by name."""
        with self._database.reading() as connection:
            return {row.name: _remembered(row) for row in connection.execute(select(cameras))}

    def see(self, sightings: Sequence[Sighting]) -> None:
        """Note that cameras sent, with `camera.online` of those that were not online."""
        self._database.keep_room()
        with self._database.writing() as connection:
            # In one order in all processes: none waits for a row of another that waits for one of its own.
            ordered = sorted(sightings, key=lambda s: s.camera)
            came = _refresh(connection, ordered)
            events = [_event("camera.online", s.camera, {"source": s.source}) for s in came]
            if events:
                journal.append(connection, events + _forget_oldest(connection))
        if events:
            self._written()

    def lose(self, camera: RememberedCamera) -> bool:
        """Call a camera offline, with its event, unless it is or was seen again; whether it did."""
        self._database.keep_room()
        assert camera.last_seen is not None
        with self._database.writing() as connection:
            lost = connection.execute(
                update(cameras)
                .where(cameras.c.name == camera.name, cameras.c.online)
                .where(cameras.c.last_seen == to_microseconds(camera.last_seen))
                .values(online=False, since=cameras.c.last_seen)
            )
            if lost.rowcount:
                journal.append(connection, [_offline(camera)])
        if lost.rowcount:
            self._written()
        return bool(lost.rowcount)

    def change_settings(
        self, camera: str, source: Source, settings: dict[str, Any], who: str, *, is_known: bool = False
    ) -> bool:
        """Keep settings of a camera, which may not have sent yet; the audit log says who made them.

        Returns:
            False where nothing was kept: the database had the camera (`is_known`), and it was removed.
        """
        self._database.keep_room()
        with self._database.writing() as connection:
            if is_known:
                known = update(cameras).where(cameras.c.name == camera).values(settings=settings)
                if not connection.execute(known).rowcount:
                    return False
            else:
                row = {"name": camera, "source": source, "online": False, "settings": settings}
                new, own = upsert(connection, cameras).values(row), {"settings": settings}
                connection.execute(new.on_conflict_do_update(index_elements=[cameras.c.name], set_=own))
            auditing.note(connection, who, "camera_settings", {"camera": camera, **settings})
        return True

    def remove(self, camera: str, who: str) -> bool:
        """Forget a camera, with its event where it was online; whether it was there.

        The audit log says who removed it.
        """
        with self._database.writing() as connection:
            row = connection.execute(
                delete(cameras).where(cameras.c.name == camera).returning(*cameras.c)
            ).one_or_none()
            auditing.note(connection, who, "remove_camera", {"camera": camera})
            online = row is not None and row.online
            if online:
                journal.append(connection, [_offline(_remembered(row))])
        if online:
            self._written()
        return row is not None


def _refresh(connection: Connection, sightings: Sequence[Sighting]) -> list[Sighting]:
    """Those by which this process brings a camera online.

    The moment of a late one counts where it is newer, that of others in any case: clocks of processes differ.
    """
    names = [sighting.camera for sighting in sightings]
    rows = select(cameras.c.name, cameras.c.online).where(cameras.c.name.in_(names))
    locked = rows.order_by(cameras.c.name).with_for_update()
    online = {row.name: row.online for row in connection.execute(locked)}
    there = [sighting for sighting in sightings if sighting.camera in online]
    late = [sighting for sighting in there if sighting.is_late]
    fresh = [sighting for sighting in there if not sighting.is_late]
    back = [sighting for sighting in fresh if not online[sighting.camera]]
    others = [sighting for sighting in sightings if sighting.camera not in online and not sighting.is_known]
    seen = update(cameras).where(_OWN).values(source=bindparam("origin"), last_seen=bindparam("moment"))
    unless_newer = or_(cameras.c.last_seen.is_(None), cameras.c.last_seen < bindparam("moment"))
    came = update(cameras).where(_OWN).values(online=True, since=bindparam("moment"))
    for change, by in ((seen, fresh), (seen.where(unless_newer), late), (came, back)):
        if by:
            connection.execute(change, [_row(sighting) for sighting in by])
    new = [sighting for sighting in others if _is_new(connection, sighting)]
    return back + [sighting for sighting in new if not sighting.is_late]


def _row(sighting: Sighting) -> dict[str, Any]:
    moment = to_microseconds(sighting.time)
    return {"camera": sighting.camera, "origin": sighting.source, "moment": moment}


def _is_new(connection: Connection, sighting: Sighting) -> bool:
    """Whether the camera was not there, and not made by another process meanwhile."""
    moment, online = to_microseconds(sighting.time), not sighting.is_late
    values = {"source": sighting.source, "last_seen": moment, "online": online, "since": moment}
    new = upsert(connection, cameras).values(name=sighting.camera, **values).on_conflict_do_nothing()
    return connection.execute(new.returning(cameras.c.name)).one_or_none() is not None


def _forget_oldest(connection: Connection) -> list[dict[str, Any]]:
    """Whoever may push could else fill the table with names; the events of those that were online."""
    count = connection.execute(select(func.count()).select_from(cameras)).scalar_one()
    if count <= MOST:
        return []
    oldest = (
        select(cameras.c.name)
        .where(cameras.c.settings.is_(null()), or_(cameras.c.online.is_(False), cameras.c.source == "board"))
        .order_by(cameras.c.last_seen)
        .limit(count - MOST)
        .with_for_update(skip_locked=True)  # who is seen just now stays, and nobody waits in a circle
    )
    names = connection.execute(oldest).scalars().all()
    gone = connection.execute(delete(cameras).where(cameras.c.name.in_(names)).returning(*cameras.c))
    return [_offline(_remembered(row)) for row in gone if row.online]


def _offline(camera: RememberedCamera) -> dict[str, Any]:
    last_seen = rfc3339(camera.last_seen) if camera.last_seen else None
    return _event("camera.offline", camera.name, {"source": camera.source, "last_seen": last_seen})


def _event(kind: str, camera: str, data: dict[str, Any]) -> dict[str, Any]:
    return {"kind": kind, "camera": camera, "time": to_microseconds(now()), "data": data}


def _remembered(row: Any) -> RememberedCamera:
    last_seen, since = (m if m is None else from_microseconds(m) for m in (row.last_seen, row.since))
    return RememberedCamera(row.name, row.source, last_seen, row.online, since, row.settings)
