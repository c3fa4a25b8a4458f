"""From rows to records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from .records import Event, StoredCapture, Visit
from .schema import captures, events, visits
from .times import from_microseconds

CAPTURE_COLUMNS = (
    captures.c.id,
    captures.c.camera,
    captures.c.received,
    captures.c.time,
    captures.c.capture,
    captures.c.crop,
    captures.c.visit,
)


def stored_capture(row: Sequence[Any]) -> StoredCapture:
    """Of a row with `CAPTURE_COLUMNS` first."""
    identity, camera, received, time, capture, crop, visit = row[: len(CAPTURE_COLUMNS)]
    return StoredCapture(
        identity, camera, from_microseconds(received), from_microseconds(time), capture, crop, visit
    )


def select_visits() -> Select[Any]:
    """Visits with their best captures."""
    return select(
        *CAPTURE_COLUMNS,
        visits.c.id,
        visits.c.camera,
        visits.c.track_id,
        visits.c.time,
        visits.c.last,
        visits.c.captures,
        visits.c.mask,
        visits.c.quality,
    ).select_from(visits.join(captures, visits.c.best == captures.c.id))


def visit(row: Sequence[Any]) -> Visit:
    """Of a row of `select_visits`."""
    identity, camera, track_id, time, last, number, mask, quality = row[len(CAPTURE_COLUMNS) :]
    return Visit(
        identity,
        camera,
        track_id,
        from_microseconds(time),
        from_microseconds(last),
        number,
        mask,
        quality,
        stored_capture(row),
    )


def select_events() -> Select[Any]:
    """Events with the captures that some of them are about."""
    return select(
        *CAPTURE_COLUMNS, events.c.id, events.c.kind, events.c.camera, events.c.time, events.c.data
    ).select_from(events.outerjoin(captures, events.c.capture == captures.c.id))


def event(row: Sequence[Any]) -> Event:
    """Of a row of `select_events`."""
    identity, kind, camera, time, data = row[len(CAPTURE_COLUMNS) :]
    if row[0] is None:
        return Event(identity, kind, camera, from_microseconds(time), data)
    capture = stored_capture(row)
    return Event(identity, kind, camera, from_microseconds(time), capture.to_dict(), capture.id, capture.crop)
