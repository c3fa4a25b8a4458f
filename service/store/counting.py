"""How many captures or visits there are, over time and by mask answer, and when the last came."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from math import gcd

from sqlalchemy import Connection, Table, func, select

from .querying import conditions
from .records import CaptureQuery, Counted, Statistics
from .schema import captures, events
from .times import FIRST_PLAUSIBLE, from_microseconds, now, to_microseconds

_SECOND = 1_000_000
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STEPS = (
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14, 28, 91, 182, 364)),
)
_MOST_STEPS = 60
_MOST_CAMERAS = 500
_FIRST = to_microseconds(FIRST_PLAUSIBLE)  # no capture is older


def statistics(connection: Connection, query: CaptureQuery, table: Table) -> Statistics:
    """Counts of the captures or visits of a query, its cursor and limit aside, in about 60 steps of time."""
    where = conditions(query, table)
    oldest, newest = connection.execute(
        select(func.min(table.c.time), func.max(table.c.time)).where(*where)
    ).one()
    end = max(to_microseconds(now()), (newest or 0) + 1)
    if query.time_to is not None:
        end = min(end, to_microseconds(query.time_to))
    start = (oldest or end) if query.time_from is None else to_microseconds(query.time_from)
    start = max(_FIRST, min(start, end))
    end = max(start, end)
    step = _step(end - start)
    places = range(start // step, max(start, end - 1) // step + 1)
    steps = {place: Counted(from_microseconds(place * step)) for place in places}

    # Nothing that came since those two were asked for.
    where += [table.c.time >= start, table.c.time < end]
    shots = select((table.c.time // step).label("place"), table.c.mask).where(*where).subquery()
    counts = select(shots.c.place, shots.c.mask, func.count()).group_by(shots.c.place, shots.c.mask)
    total: Counter[str] = Counter()
    for place, mask, number in connection.execute(counts):
        steps[place].masks[mask] = number
        total[mask] += number
    return Statistics(
        from_microseconds(start),
        from_microseconds(end),
        step // _SECOND,
        list(steps.values()),
        dict(total),
        _by_camera(connection, query, table),
    )


def span(connection: Connection, query: CaptureQuery, table: Table) -> tuple[datetime, datetime] | None:
    """Times of the first and the last capture or visit of a query; None where there is none."""
    found = select(func.min(table.c.time), func.max(table.c.time)).where(*conditions(query, table))
    first, last = connection.execute(found).one()
    return None if first is None else (from_microseconds(first), from_microseconds(last))


def between(
    connection: Connection, query: CaptureQuery, table: Table, edges: Sequence[datetime]
) -> dict[tuple[int, str], dict[str, int]]:
    """Counts of the captures or visits of a query between two edges each, by place, camera and answer."""
    marks = [to_microseconds(edge) for edge in edges]
    length = gcd(*marks)  # each lies between the same edges whole
    shots = (
        select((table.c.time // length).label("part"), table.c.camera, table.c.mask)
        .where(*conditions(query, table), table.c.time >= marks[0], table.c.time < marks[-1])
        .subquery()
    )
    by = (shots.c.part, shots.c.camera, shots.c.mask)
    found: dict[tuple[int, str], dict[str, int]] = {}
    for part, camera, mask, number in connection.execute(select(*by, func.count()).group_by(*by)):
        masks = found.setdefault((bisect_right(marks, part * length) - 1, camera), {})
        masks[mask] = masks.get(mask, 0) + number
    return found


def chosen(connection: Connection, query: CaptureQuery) -> int:
    """How many captures a query chooses, its cursor and limit aside."""
    wanted = select(func.count()).select_from(captures).where(*conditions(query))
    return int(connection.execute(wanted).scalar_one())


def last_moment(connection: Connection) -> datetime | None:
    """When the last capture or event came; None where there is none."""
    came = [
        connection.execute(select(func.max(c))).scalar_one() for c in (captures.c.received, events.c.time)
    ]
    known = [moment for moment in came if moment is not None]
    return from_microseconds(max(known)) if known else None


def _by_camera(connection: Connection, query: CaptureQuery, table: Table) -> dict[str, int]:
    """Of every camera, that of the query or not, so that another one can be chosen."""
    number = func.count().label("number")
    rows = connection.execute(
        select(table.c.camera, number)
        .where(*conditions(query, table, any_camera=True))
        .group_by(table.c.camera)
        .order_by(number.desc(), table.c.camera)
        .limit(_MOST_CAMERAS)
    )
    return {row.camera: row.number for row in rows}


def _step(length: int) -> int:
    """The shortest round step that makes no more than `_MOST_STEPS`; microseconds."""
    fitting = (step for step in _STEPS if length <= _MOST_STEPS * step * _SECOND)
    return next(fitting, _STEPS[-1]) * _SECOND
