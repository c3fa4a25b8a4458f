"""Alerts: raised once for what happened, and marked as seen once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from . import auditing, cursors, hook_positions, journal
from .alert_records import Alert, AlertPage, AlertQuery, NewAlert
from .ids import capture_ids
from .schema import alerts, captures
from .times import from_microseconds, now, to_microseconds


def raise_all(
    connection: Connection, place: str, owner: str, position: int, new: Sequence[NewAlert]
) -> list[Alert] | None:
    """Store alerts with their events, and note that all up to `position` is done; None without the place.

    Left out is one whose rule has another of its camera within the rule's time, or of the same visit, and one
    of a capture that is gone.
    """
    if not hook_positions.advance(connection, place, owner, position):
        return None
    moment = to_microseconds(now())
    raised = []
    for identity, item in zip(capture_ids(moment, len(new)), new, strict=True):
        alert = _raise(connection, identity, item)
        if alert is not None:
            raised.append(alert)
    if raised:
        about = {"kind": "alert", "time": moment}
        journal.append(
            connection, [{**about, "camera": alert.camera, "data": _event_data(alert)} for alert in raised]
        )
    return raised


def page(connection: Connection, query: AlertQuery) -> AlertPage:
    """One page, the newest first.

    Raises:
        InvalidCursor: this service never issued the query's cursor.
    """
    where = _conditions(query)
    if query.cursor is not None:
        last = cursors.decode(query.cursor)
        where.append(tuple_(alerts.c.time, alerts.c.id) < tuple_(literal(last.time), literal(last.id)))
    rows = connection.execute(
        select(alerts).where(*where).order_by(alerts.c.time.desc(), alerts.c.id.desc()).limit(query.limit + 1)
    ).all()
    found = [_alert(row) for row in rows[: query.limit]]
    more = len(rows) > len(found)
    unseen = connection.execute(select(func.count()).where(alerts.c.seen_at.is_(None))).scalar_one()
    cursor = cursors.encode(cursors.Position(rows[len(found) - 1].time, found[-1].id)) if more else None
    return AlertPage(found, cursor, unseen)


def see(connection: Connection, identity: str, who: str) -> Alert | None:
    """The alert of an id, seen by somebody now or before; None where there is none."""
    marked = connection.execute(
        update(alerts)
        .where(alerts.c.id == identity, alerts.c.seen_at.is_(None))
        .values(seen_at=to_microseconds(now()), seen_by=who)
    ).rowcount
    row = connection.execute(select(alerts).where(alerts.c.id == identity)).one_or_none()
    if marked:
        auditing.note(connection, who, "alert_seen", {"alert": identity})
    return None if row is None else _alert(row)


def _raise(connection: Connection, identity: str, new: NewAlert) -> Alert | None:
    time = to_microseconds(new.time)
    visit = None
    if new.capture is not None:
        # Held: who removes it meanwhile waits, else the row below would name what is gone.
        wanted = select(captures.c.visit).where(captures.c.id == new.capture)
        held = wanted.with_for_update(read=True, key_share=True)
        found = connection.execute(held).one_or_none()
        if found is None:
            return None
        visit = found.visit
    # On either side: boards may push what they shot long before.
    least = round(new.apart.total_seconds() * 1_000_000)
    near = (alerts.c.time > time - least) & (alerts.c.time < time + least)
    same = near if visit is None else or_(near, alerts.c.visit == visit)
    about = (alerts.c.rule == new.rule, alerts.c.camera == new.camera)
    of_kind = alerts.c.mask.is_(None) if new.mask is None else alerts.c.mask.is_not(None)
    if connection.execute(select(alerts.c.id).where(*about, of_kind, same).limit(1)).one_or_none():
        return None
    connection.execute(
        insert(alerts).values(
            id=identity,
            rule=new.rule,
            camera=new.camera,
            time=time,
            mask=new.mask,
            capture=new.capture,
            visit=visit,
        )
    )
    return Alert(identity, new.rule, new.camera, from_microseconds(time), new.mask, new.capture)


def _event_data(alert: Alert) -> dict[str, Any]:
    document = alert.to_dict()
    return {name: document[name] for name in ("id", "rule", "time", "mask", "capture", "crop")}


def _conditions(query: AlertQuery) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if query.seen is not None:
        wanted.append(alerts.c.seen_at.is_not(None) if query.seen else alerts.c.seen_at.is_(None))
    if query.camera is not None:
        wanted.append(alerts.c.camera == query.camera)
    if query.rule is not None:
        wanted.append(alerts.c.rule == query.rule)
    if query.time_from is not None:
        wanted.append(alerts.c.time >= to_microseconds(query.time_from))
    if query.time_to is not None:
        wanted.append(alerts.c.time < to_microseconds(query.time_to))
    return wanted


def _alert(row: Row[Any]) -> Alert:
    seen_at = None if row.seen_at is None else from_microseconds(row.seen_at)
    time = from_microseconds(row.time)
    return Alert(row.id, row.rule, row.camera, time, row.mask, row.capture, seen_at, row.seen_by)
