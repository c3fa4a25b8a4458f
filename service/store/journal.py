"""The event table, written so that its ids are seen in their order.

A reader goes by "all after the last id that I have seen". With ids of a sequence it would skip an event whose
transaction took a lower id and committed later. So the ids come from the one row of `journal`: who takes some
holds the row locked until the commit, and the next in line is given ids, and becomes visible, after that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from .records import Event
from .rows import event, select_events
from .schema import events, journal


def append(connection: Connection, rows: Sequence[dict[str, Any]]) -> int:
    """Write events, the last thing of a transaction that others wait for; returns the last one's id."""
    last: int = connection.execute(
        update(journal).values(last_event=journal.c.last_event + len(rows)).returning(journal.c.last_event)
    ).scalar_one()
    first = last - len(rows) + 1
    connection.execute(insert(events), [{"id": first + place, **row} for place, row in enumerate(rows)])
    return last


def last_id(connection: Connection) -> int:
    """Of the last event that was ever written, removed or not; 0 where none was."""
    return int(connection.execute(select(journal.c.last_event)).scalar_one())


def installation(connection: Connection) -> str:
    """A UUID that this database alone has."""
    return str(connection.execute(select(journal.c.installation)).scalar_one())


def after(connection: Connection, position: int, limit: int) -> list[Event]:
    """Events with higher ids than `position`, oldest first."""
    query = select_events().where(events.c.id > position).order_by(events.c.id).limit(limit)
    return [event(row) for row in connection.execute(query)]


def kept(connection: Connection, first: int, last: int) -> set[int]:
    """Ids of the events from `first` to `last`, both included, that are there."""
    query = select(events.c.id).where(events.c.id.between(first, last))
    return set(connection.execute(query).scalars())
