"""From rows to records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from .records import Event, StoredCapture
from .schema import captures, events
from .times import from_microseconds

CAPTURE_COLUMNS = (
    captures.c.id,
    captures.c.camera,
    captures.c.received,
    captures.c.time,
    captures.c.capture,
    captures.c.crop,
)


def stored_capture(row: Sequence[Any]) -> StoredCapture:
    """Of a row with `CAPTURE_COLUMNS` first."""
    identity, camera, received, time, capture, crop = row[:6]
    return StoredCapture(
        identity, camera, from_microseconds(received), from_microseconds(time), capture, crop
    )


def select_events() -> Select[Any]:
    """Events with the captures that some of them are about."""
    return select(
        *CAPTURE_COLUMNS, events.c.id, events.c.kind, events.c.camera, events.c.time, events.c.data
    ).select_from(events.outerjoin(captures, events.c.capture == captures.c.id))


def event(row: Sequence[Any]) -> Event:
    """Of a row of `select_events`."""
    identity, kind, camera, time, data = row[6:]
    if row[0] is None:
        return Event(identity, kind, camera, from_microseconds(time), data)
    capture = stored_capture(row)
    return Event(identity, kind, camera, from_microseconds(time), capture.to_dict(), capture.id, capture.crop)
