"""Every camera that ever sent, until it is removed: when it was seen last, whether online, its settings.

A change between online and offline and its event are one transaction that only one process succeeds in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, null, select, update

from . import auditing, journal
from .database import Database, upsert
from .schema import cameras
from .times import from_microseconds, now, rfc3339, to_microseconds

MOST = 1000
"""Cameras that are remembered; beyond it those go that were seen the longest time ago, without settings."""
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
            came = [s for s in ordered if not _refresh(connection, s) and _come(connection, s)]
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

    def change_settings(self, camera: str, source: Source, settings: dict[str, Any], who: str) -> None:
        """Keep settings of a camera, which may not have sent yet; the audit log says who made them."""
        self._database.keep_room()
        row = {"name": camera, "source": source, "online": False, "settings": settings}
        with self._database.writing() as connection:
            changed = upsert(connection, cameras).values(row)
            connection.execute(
                changed.on_conflict_do_update(index_elements=[cameras.c.name], set_={"settings": settings})
            )
            auditing.note(connection, who, "camera_settings", {"camera": camera, **settings})

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


def _refresh(connection: Connection, sighting: Sighting) -> bool:
    """Whether the camera is online already."""
    refreshed = connection.execute(
        update(cameras)
        .where(cameras.c.name == sighting.camera, cameras.c.online)
        .values(last_seen=to_microseconds(sighting.time), source=sighting.source)
    )
    return bool(refreshed.rowcount)


def _come(connection: Connection, sighting: Sighting) -> bool:
    """Whether it was this process that the camera came online by."""
    moment = to_microseconds(sighting.time)
    values = {"source": sighting.source, "last_seen": moment, "online": True, "since": moment}
    new = upsert(connection, cameras).values(name=sighting.camera, **values).on_conflict_do_nothing()
    if connection.execute(new.returning(cameras.c.name)).one_or_none() is not None:
        return True
    back = update(cameras).where(cameras.c.name == sighting.camera, cameras.c.online.is_(False))
    return bool(connection.execute(back.values(**values)).rowcount)


def _forget_oldest(connection: Connection) -> list[dict[str, Any]]:
    """Whoever may push could else fill the table with names; the events of those that were online."""
    count = connection.execute(select(func.count()).select_from(cameras)).scalar_one()
    if count <= MOST:
        return []
    oldest = (
        select(cameras.c.name)
        .where(cameras.c.settings.is_(null()))
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
