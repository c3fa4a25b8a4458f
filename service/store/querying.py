"""Which captures, page by page."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, literal, select, tuple_

from . import cursors
from .records import CaptureQuery, Page, StoredCapture
from .rows import CAPTURE_COLUMNS, stored_capture
from .schema import captures
from .times import to_microseconds


def page(connection: Connection, query: CaptureQuery) -> Page:
    """One page, newest shot first.

    Raises:
        InvalidCursor: this service never issued the query's cursor.
    """
    rows = connection.execute(
        select(*CAPTURE_COLUMNS)
        .where(*conditions(query), *_after(query.cursor))
        .order_by(captures.c.time.desc(), captures.c.id.desc())
        .limit(query.limit + 1)
    ).all()
    found = [stored_capture(row) for row in rows[: query.limit]]
    return Page(found, _cursor(found[-1]) if len(rows) > len(found) else None)


def one(connection: Connection, identity: str) -> StoredCapture | None:
    """The capture of an id."""
    row = connection.execute(select(*CAPTURE_COLUMNS).where(captures.c.id == identity)).one_or_none()
    return None if row is None else stored_capture(row)


def conditions(query: CaptureQuery, *, any_camera: bool = False) -> list[ColumnElement[bool]]:
    """What a row must meet, its place after the cursor aside."""
    wanted: list[ColumnElement[bool]] = []
    if query.camera is not None and not any_camera:
        wanted.append(captures.c.camera == query.camera)
    if query.time_from is not None:
        wanted.append(captures.c.time >= to_microseconds(query.time_from))
    if query.time_to is not None:
        wanted.append(captures.c.time < to_microseconds(query.time_to))
    if query.mask is not None:
        wanted.append(captures.c.mask == query.mask)
    if query.min_quality is not None:
        wanted.append(captures.c.quality >= query.min_quality)
    if query.max_quality is not None:
        wanted.append(captures.c.quality <= query.max_quality)
    return wanted


def _after(cursor: str | None) -> list[ColumnElement[bool]]:
    if cursor is None:
        return []
    last = cursors.decode(cursor)
    return [tuple_(captures.c.time, captures.c.id) < tuple_(literal(last.time), literal(last.id))]


def _cursor(last: StoredCapture) -> str:
    return cursors.encode(cursors.Position(to_microseconds(last.time), last.id))
