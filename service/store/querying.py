"""Which captures and visits, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, literal, select, tuple_

from . import cursors
from .records import CaptureQuery, Page, StoredCapture, Visit, VisitPage
from .rows import CAPTURE_COLUMNS, select_visits, stored_capture, visit
from .schema import captures, visits
from .times import to_microseconds


def page(connection: Connection, query: CaptureQuery) -> Page:
    """One page, newest shot first.

    Raises:
        InvalidCursor: this service never issued the query's cursor.
    """
    rows = _rows(connection, select(*CAPTURE_COLUMNS), captures, query)
    found = [stored_capture(row) for row in rows[: query.limit]]
    return Page(found, _cursor(found[-1]) if len(rows) > len(found) else None)


def visit_page(connection: Connection, query: CaptureQuery) -> VisitPage:
    """One page, newest first.

    Raises:
        InvalidCursor: this service never issued the query's cursor.
    """
    rows = _rows(connection, select_visits(), visits, query)
    found = [visit(row) for row in rows[: query.limit]]
    return VisitPage(found, _cursor(found[-1]) if len(rows) > len(found) else None)


def one_visit(connection: Connection, identity: str) -> Visit | None:
    """The visit of an id."""
    row = connection.execute(select_visits().where(visits.c.id == identity)).one_or_none()
    return None if row is None else visit(row)


def shots(connection: Connection, identity: str, limit: int) -> list[StoredCapture]:
    """The best captures of a visit, best first."""
    rows = connection.execute(
        select(*CAPTURE_COLUMNS)
        .where(captures.c.visit == identity)
        .order_by(captures.c.quality.desc().nulls_last(), captures.c.id)
        .limit(limit)
    )
    return [stored_capture(row) for row in rows]


def one(connection: Connection, identity: str) -> StoredCapture | None:
    """The capture of an id."""
    row = connection.execute(select(*CAPTURE_COLUMNS).where(captures.c.id == identity)).one_or_none()
    return None if row is None else stored_capture(row)


def oldest_first(connection: Connection, query: CaptureQuery) -> list[str]:
    """Ids of the captures of a query, its cursor and limit aside, in the order in which they came."""
    wanted = select(captures.c.id).where(*conditions(query)).order_by(captures.c.received, captures.c.id)
    return list(connection.execute(wanted).scalars())


def conditions(
    query: CaptureQuery, table: Table = captures, *, any_camera: bool = False
) -> list[ColumnElement[bool]]:
    """What a row of captures or visits must meet, its place after the cursor aside."""
    wanted: list[ColumnElement[bool]] = []
    if query.visit is not None:
        wanted.append((visits.c.id if table is visits else captures.c.visit) == query.visit)
    if query.camera is not None and not any_camera:
        wanted.append(table.c.camera == query.camera)
    if query.time_from is not None:
        wanted.append(table.c.time >= to_microseconds(query.time_from))
    if query.time_to is not None:
        wanted.append(table.c.time < to_microseconds(query.time_to))
    if query.mask is not None:
        wanted.append(table.c.mask == query.mask)
    if query.min_quality is not None:
        wanted.append(table.c.quality >= query.min_quality)
    if query.max_quality is not None:
        wanted.append(table.c.quality <= query.max_quality)
    return wanted


def _rows(connection: Connection, choice: Select[Any], table: Table, query: CaptureQuery) -> Sequence[Any]:
    """Those of a page and one more, where there is one."""
    return connection.execute(
        choice.where(*conditions(query, table), *_after(query.cursor, table))
        .order_by(table.c.time.desc(), table.c.id.desc())
        .limit(query.limit + 1)
    ).all()


def _after(cursor: str | None, table: Table) -> list[ColumnElement[bool]]:
    if cursor is None:
        return []
    last = cursors.decode(cursor)
    return [tuple_(table.c.time, table.c.id) < tuple_(literal(last.time), literal(last.id))]


def _cursor(last: StoredCapture | Visit) -> str:
    return cursors.encode(cursors.Position(to_microseconds(last.time), last.id))
