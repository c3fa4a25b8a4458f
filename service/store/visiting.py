"""Which captures are one visit, and what is known of it: the table `visits`, kept up with that of captures.

A capture whose `sequence` is 1 begins a visit. A later one of its track joins the visit that it names, or the
latest of that camera and track where it names none, if that one began to arrive within a day and has only
lower sequences; else it begins one too. So the tracks of a camera that starts again, whose ids begin again as
well, join no visit from before. Only a name tells apart the tracks of two services that have the same camera
at work, as while it moves from one to the other.

The row of a visit counts by mask answer, and has the best shot of each: a capture that comes is counted
without looking at the others. Only where captures leave, what is left is looked at again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, union_all, update

from .ids import first_id
from .records import StoredCapture
from .schema import captures, visits
from .times import to_microseconds

_LONGEST = timedelta(days=1)
_AT_ONCE = 1000
"""Tracks in a query: no database takes any number of values."""
_KEPT_UP = frozenset({"time", "last", "sequence", "answers", "captures", "best", "quality", "mask"})
# Made once: every capture asks.
_NAMED = select(visits.c.id).where(visits.c.id.in_(bindparam("named", expanding=True)))
_LATEST = (
    select(func.max(visits.c.id))
    .where(visits.c.track_id.in_(bindparam("tracks", expanding=True)))
    .group_by(visits.c.track_id)
)
_NEAR = (visits.c.camera == bindparam("of"), visits.c.id.between(bindparam("since"), bindparam("until")))
_OPEN = (
    select(visits)
    .where(visits.c.id.in_(union_all(_NAMED.where(*_NEAR), _LATEST.where(*_NEAR))))
    .order_by(visits.c.id)
    .with_for_update()
)
_INSERT = insert(visits)
_UPDATE = update(visits).where(visits.c.id == bindparam("visit_id"))
Answers = dict[str, list[Any]]
"""By mask answer: how many captures, and id and quality of the best of them."""


def join(connection: Connection, camera: str, new: Sequence[StoredCapture]) -> list[str]:
    """Count captures that come together, of which no row is there yet; the visit of each, in their order.

    Locks the rows of visits, in their order.
    """
    open_visits = _open(connection, camera, new)
    joined: list[str] = []
    begun: dict[str, dict[str, Any]] = {}
    changed: dict[str, dict[str, Any]] = {}
    for item in new:
        track, sequence = _place(item)
        visit = open_visits.get(track)
        if visit is None or sequence <= 1 or sequence <= visit["sequence"]:
            time = to_microseconds(item.time)
            visit = {"id": item.id, "camera": camera, "track_id": track, "time": time, "last": time}
            visit["answers"] = {}
            open_visits[track] = begun[item.id] = visit
        elif visit["id"] not in begun:
            changed[visit["id"]] = visit
        visit["sequence"] = sequence
        visit["last"] = max(visit["last"], to_microseconds(item.time))
        _count(visit["answers"], item.capture["mask"], [1, item.id, item.capture["quality"]])
        joined.append(visit["id"])
    for visit in (*begun.values(), *changed.values()):
        visit.update(_whole(visit["answers"]))
    if begun:
        connection.execute(_INSERT, list(begun.values()))
    _update(connection, list(changed.values()))
    return joined


def leave(connection: Connection, left: Iterable[str | None]) -> None:
    """Look again at visits whose captures were removed; one without any is removed too."""
    names = sorted({name for name in left if name is not None})
    if not names:
        return
    # After the lock: who has added to one meanwhile is seen.
    locked = select(visits.c.id).where(visits.c.id.in_(names)).order_by(visits.c.id).with_for_update()
    connection.execute(locked).all()
    found = _counted(connection, names)
    _update(connection, list(found.values()))
    empty = [name for name in names if name not in found]
    if empty:
        connection.execute(delete(visits).where(visits.c.id.in_(empty)))


def _place(item: StoredCapture) -> tuple[int, int]:
    """Track and sequence."""
    return item.capture.get("track_id", 0), item.capture.get("sequence", 1)


def _open(connection: Connection, camera: str, new: Sequence[StoredCapture]) -> dict[int, dict[str, Any]]:
    """The visits that captures might join, by track."""
    named = {track: item.visit for item in new for track, sequence in [_place(item)] if sequence > 1}
    tracks = sorted(named)
    # What has a later id came before the clock was set back.
    since, until = first_id(to_microseconds(new[0].received - _LONGEST)), new[0].id
    found = {}
    for start in range(0, len(tracks), _AT_ONCE):
        some = tracks[start : start + _AT_ONCE]
        which = {
            "named": [named[track] for track in some if named[track] is not None],
            "tracks": [track for track in some if named[track] is None],
        }
        rows = connection.execute(_OPEN, {"of": camera, "since": since, "until": until, **which}).mappings()
        found.update({row["track_id"]: dict(row) for row in rows})
    return found


def _counted(connection: Connection, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the captures that there are make of visits; those without any are left out."""
    answer = (captures.c.visit, captures.c.mask)
    groups = (
        select(
            *answer,
            func.count().label("number"),
            func.max(captures.c.quality).label("quality"),
            func.min(captures.c.id).label("first"),
            func.max(captures.c.time).label("last"),
        )
        .where(captures.c.visit.in_(names))
        .group_by(*answer)
        .subquery()
    )
    first = captures.alias()
    best = (
        select(func.min(captures.c.id))
        .where(captures.c.visit == groups.c.visit, captures.c.mask == groups.c.mask)
        .where(captures.c.quality.is_not_distinct_from(groups.c.quality))
        .scalar_subquery()
    )
    counted = select(groups, first.c.time, best.label("best")).join(first, first.c.id == groups.c.first)
    found: dict[str, dict[str, Any]] = {}
    for row in connection.execute(counted.order_by(groups.c.first)):
        visit = found.setdefault(row.visit, {"id": row.visit, "time": row.time, "last": 0, "answers": {}})
        visit["last"] = max(visit["last"], row.last)
        visit["answers"][row.mask] = [row.number, row.best, row.quality]
    for visit in found.values():
        visit.update(_whole(visit["answers"]))
    return found


def _count(answers: Answers, mask: str, one: list[Any]) -> None:
    number, *best = answers.get(mask, [0, *one[1:]])
    answers[mask] = [number + 1, *min(best, one[1:], key=_rank)]


def _whole(answers: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """The columns that follow from the answers."""
    shots = {mask: (number, shot) for mask, (number, *shot) in answers.items()}
    best = min((shot for _, shot in shots.values()), key=_rank)
    known = [(-number, _rank(shot), mask) for mask, (number, shot) in shots.items() if mask != "unknown"]
    return {
        "captures": sum(number for number, _ in shots.values()),
        "best": best[0],
        "quality": best[1],
        "mask": min(known)[2] if known else "unknown",
    }


def _rank(shot: Sequence[Any]) -> tuple[bool, float, str]:
    """Less is better: by quality, one that is not known last, then the earlier."""
    identity, quality = shot
    return quality is None, -(quality or 0.0), identity


def _update(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    changes = [
        {"visit_id": row["id"], **{name: value for name, value in row.items() if name in _KEPT_UP}}
        for row in rows
    ]
    connection.execute(_UPDATE, changes)
