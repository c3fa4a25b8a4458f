"""Hours, days and weeks of a time zone, as instants."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from itertools import count
from typing import Literal
from zoneinfo import ZoneInfo

Step = Literal["hour", "day", "week"]
_SECOND, _HOUR = timedelta(seconds=1), timedelta(hours=1)


def edges(step: Step, zone: ZoneInfo, first: datetime, last: datetime) -> Iterator[datetime]:
    """Where steps begin that hold all from `first` to before `last`, and where the last of them ends; UTC.

    An hour begins where the clock on the wall shows a full one, and where it is set: where it is set back by
    an hour, the hour that comes twice is two. A day has 23 or 25 hours then, a week (from Monday) 167 or 169.

    Args:
        step: which.
        zone: of the clock on the wall.
        first: with a time zone, from 1900 to a week before the year 10000.
        last: likewise; at least one step is given.
    """
    found = _hours(zone, first) if step == "hour" else _days(7 if step == "week" else 1, zone, first)
    begun = False
    for edge in found:
        yield edge
        if begun and edge >= last:
            return
        begun = True


def midnight(zone: ZoneInfo, day: date) -> datetime:
    """When a day begins, UTC; where that is skipped when the clock is set, where it comes twice the first."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(timezone.utc)


def _hours(zone: ZoneInfo, first: datetime) -> Iterator[datetime]:
    edge = _hour_of(zone, first.astimezone(timezone.utc))
    while True:
        yield edge
        offset, end = _offset(zone, edge), edge + _HOUR - _past_hour(zone, edge)
        edge = end if _offset(zone, end - _SECOND) == offset else _set_at(zone, edge, end)


def _hour_of(zone: ZoneInfo, moment: datetime) -> datetime:
    start = moment - _past_hour(zone, moment)
    return start if _offset(zone, start) == _offset(zone, moment) else _set_at(zone, start, moment)


def _past_hour(zone: ZoneInfo, moment: datetime) -> timedelta:
    return (moment + _offset(zone, moment) - datetime(1900, 1, 1, tzinfo=timezone.utc)) % _HOUR


def _set_at(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """When the clock is set that shows another offset `after`, within an hour or so."""
    offset = _offset(zone, before)
    # Whole seconds: no clock is set at a part of one.
    after = after.replace(microsecond=0)
    before = before.replace(microsecond=0)
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _days(length: int, zone: ZoneInfo, first: datetime) -> Iterator[datetime]:
    day = first.astimezone(zone).date()
    if length == 7:
        day -= timedelta(days=day.weekday())
    for number in count():
        yield midnight(zone, day + timedelta(days=number * length))
