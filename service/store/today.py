"""What each camera has captured last, and how much since a moment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from .records import Today
from .rows import CAPTURE_COLUMNS, stored_capture
from .schema import captures, visits
from .times import to_microseconds


def by_camera(connection: Connection, cameras: list[str], since: datetime) -> dict[str, Today]:
    """Of cameras by name; those without a capture are left out."""
    start = to_microseconds(since)
    shots, came = (
        {
            row.camera: row.number
            for row in connection.execute(
                select(table.c.camera, func.count().label("number"))
                .where(table.c.camera.in_(cameras), table.c.time >= start)
                .group_by(table.c.camera)
            )
        }
        for table in (captures, visits)
    )
    found = {}
    for camera in cameras:
        newest = connection.execute(
            select(*CAPTURE_COLUMNS)
            .where(captures.c.camera == camera)
            .order_by(captures.c.time.desc(), captures.c.id.desc())
            .limit(1)
        ).one_or_none()
        if newest is not None:
            found[camera] = Today(stored_capture(newest), shots.get(camera, 0), came.get(camera, 0))
    return found
