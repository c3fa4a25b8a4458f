"""How far each webhook has come in the journal, and which process delivers to it.

The journal is the outbox: an event is written in the transaction of its capture, and a hook's position says
which events it still has to receive. A hook that is dead for days costs one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, delete, or_, select, update

from . import journal
from .database import upsert
from .schema import hooks
from .times import now, to_microseconds


def keep(connection: Connection, names: Sequence[str]) -> None:
    """Have these hooks, and others only while a process delivers to them; a new one begins with now."""
    forgotten = hooks.c.name.not_in(names), hooks.c.owned_until < to_microseconds(now())
    connection.execute(delete(hooks).where(*forgotten))
    position = journal.last_id(connection)
    for name in names:
        row = upsert(connection, hooks).values(name=name, position=position, owned_until=0)
        connection.execute(row.on_conflict_do_nothing())


def claim(connection: Connection, name: str, owner: str, lease: timedelta) -> int | None:
    """The position of a hook, which is the owner's now for the time of the lease; None while another's."""
    moment = now()
    return connection.execute(
        update(hooks)
        .where(
            hooks.c.name == name, or_(hooks.c.owner == owner, hooks.c.owned_until < to_microseconds(moment))
        )
        .values(owner=owner, owned_until=to_microseconds(moment + lease))
        .returning(hooks.c.position)
    ).scalar_one_or_none()


def advance(connection: Connection, name: str, owner: str, position: int) -> bool:
    """Note that a hook is done with all up to `position`; False where it is another's meanwhile."""
    moved = connection.execute(
        update(hooks).where(hooks.c.name == name, hooks.c.owner == owner).values(position=position)
    )
    return moved.rowcount == 1


def release(connection: Connection, owner: str) -> None:
    """Leave the owner's hooks to other processes at once."""
    connection.execute(update(hooks).where(hooks.c.owner == owner).values(owner=None, owned_until=0))


def positions(connection: Connection) -> dict[str, int]:
    """Of all hooks."""
    return {row.name: row.position for row in connection.execute(select(hooks.c.name, hooks.c.position))}
