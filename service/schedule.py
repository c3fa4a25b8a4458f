"""Hours of days: when something is at work, by the clock on the wall of a time zone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal, get_args
from zoneinfo import ZoneInfo

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)", flags=re.ASCII)
_WHOLE_DAY = 24 * 60
_BACK, _AHEAD = 2, 16
"""Days looked at around a moment: a week repeats, and one of its hours may be skipped once by a clock."""


def minutes(hours: str) -> tuple[int, int]:
    """`07:00-19:00` as minutes after midnight; where it passes midnight the second is above 1440.

    Raises:
        ValueError: the text says no such hours.
    """
    found = _HOURS.fullmatch(hours)
    if found:
        hour, minute, last_hour, last_minute = map(int, found.groups())
        begin, end = 60 * hour + minute, 60 * last_hour + last_minute
        if begin != end <= _WHOLE_DAY:
            return begin, end if end > begin else end + _WHOLE_DAY
    raise ValueError(
        f"found {hours!r}, wanted HH:MM-HH:MM with two different times from 00:00 to 24:00, as 07:00-19:00; "
        "22:00-06:00 passes midnight"
    )


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is at work.

    Where clocks go back, hours that begin or end at a time that comes twice have both; what clocks skip is
    missing.

    Args:
        hours: as `minutes` reads them; none: the whole day.
        days: on which the hours begin; none: every day. Those that pass midnight go on into the next.
        zone: whose clock it is.
    """

    hours: Sequence[str]
    days: Sequence[Day]
    zone: ZoneInfo

    def open(self, at: datetime) -> bool:
        """Whether a moment lies in the hours."""
        return self.state(at)[0]

    def state(self, at: datetime) -> tuple[bool, datetime | None]:
        """Whether a moment lies in the hours, and when that changes next, in UTC; None: it never does."""
        for begin, end in self._open_around(at):
            if at < begin:
                return False, begin
            if at < end:
                always = end - begin >= timedelta(days=_AHEAD)
                return True, None if always else end
        return False, None

    def _open_around(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Begin and end in UTC of what is open, in order and apart from each other."""
        whole: tuple[datetime, datetime] | None = None
        for begin, end in sorted(self._single(at.astimezone(self.zone).date())):
            if whole is not None and begin <= whole[1]:
                whole = whole[0], max(whole[1], end)
                continue
            if whole is not None:
                yield whole
            whole = begin, end
        if whole is not None:
            yield whole

    def _single(self, today: date) -> Iterator[tuple[datetime, datetime]]:
        spans = [minutes(hours) for hours in self.hours] or [(0, _WHOLE_DAY)]
        for number in range(-_BACK, _AHEAD):
            day = today + timedelta(days=number)
            if self.days and DAYS[day.weekday()] not in self.days:
                continue
            midnight = datetime.combine(day, time())
            for first, last in spans:
                begin = _moment(midnight + timedelta(minutes=first), self.zone, fold=0)
                end = _moment(midnight + timedelta(minutes=last), self.zone, fold=1)
                if begin < end:
                    yield begin, end


def _moment(wall: datetime, zone: ZoneInfo, fold: int) -> datetime:
    """When the clock shows a time, in UTC; `fold`: which of two. A time that it skips: when it does that."""
    found = wall.replace(tzinfo=zone, fold=fold).astimezone(timezone.utc)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    before, after = (wall.replace(tzinfo=zone, fold=f).astimezone(timezone.utc) for f in (1, 0))
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            after = middle
    return after
