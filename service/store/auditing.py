"""Who did what: the table `audit`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from .errors import InvalidCursor
from .records import AuditEntry, AuditPage, AuditQuery
from .schema import audit
from .times import from_microseconds, now, to_microseconds

_LARGEST_ID = 2**31 - 1


def note(connection: Connection, who: str, action: str, data: dict[str, Any]) -> int:
    """Write an entry; returns its id."""
    row = {"time": to_microseconds(now()), "who": who, "action": action, "data": data}
    return int(connection.execute(insert(audit).values(row).returning(audit.c.id)).scalar_one())


def amend(connection: Connection, identity: int, data: dict[str, Any]) -> None:
    """Write anew what an entry says of an action that goes on."""
    connection.execute(update(audit).where(audit.c.id == identity).values(data=data))


def page(connection: Connection, query: AuditQuery) -> AuditPage:
    """One page, newest first.

    Raises:
        InvalidCursor: this service never issued the query's cursor.
    """
    rows = connection.execute(
        select(audit).where(*_conditions(query)).order_by(audit.c.id.desc()).limit(query.limit + 1)
    ).all()
    entries = [
        AuditEntry(row.id, from_microseconds(row.time), row.who, row.action, row.data)
        for row in rows[: query.limit]
    ]
    return AuditPage(entries, str(entries[-1].id) if len(rows) > len(entries) else None)


def _conditions(query: AuditQuery) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.who is not None:
        wanted.append(audit.c.who == query.who)
    if query.action is not None:
        wanted.append(audit.c.action == query.action)
    if query.time_from is not None:
        wanted.append(audit.c.time >= to_microseconds(query.time_from))
    if query.time_to is not None:
        wanted.append(audit.c.time < to_microseconds(query.time_to))
    if query.cursor is not None:
        wanted.append(audit.c.id < _position(query.cursor))
    return wanted


def _position(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and int(cursor) <= _LARGEST_ID):
        raise InvalidCursor("this service issued no such cursor: start again without one")
    return int(cursor)
