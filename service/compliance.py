"""Who wore a mask, by hour, day or week of the site and by camera."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import get_args
from zoneinfo import ZoneInfo

from facecap import MaskAnswer

from .calendar_steps import Step, edges
from .store import CaptureQuery, Store
from .store.times import FIRST_PLAUSIBLE, now

MOST_ROWS = 10_000
_LAST = datetime(9999, 12, 1, tzinfo=timezone.utc)
ANSWERS: tuple[MaskAnswer, ...] = get_args(MaskAnswer)


class TooManyRows(ValueError):
    """A report would have more than `MOST_ROWS`."""


@dataclass(frozen=True, slots=True)
class Row:
    """One camera in one step of time."""

    start: datetime
    """With the zone of the site, as `end`."""
    end: datetime
    camera: str
    masks: dict[str, int]
    """By mask answer, every one."""

    @property
    def total(self) -> int:
        """Of all answers."""
        return sum(self.masks.values())

    @property
    def mask_rate(self) -> float | None:
        """Masks that are worn as they should be among the known answers, 0 to 1; None where none is known."""
        known = self.total - self.masks["unknown"]
        return round(self.masks["mask"] / known, 4) if known else None


@dataclass(frozen=True, slots=True)
class Report:
    """Rows by time, then camera; those without anything to count are left out."""

    start: datetime
    end: datetime
    rows: list[Row]


def report(store: Store, query: CaptureQuery, step: Step, zone: ZoneInfo, *, of_visits: bool) -> Report:
    """What a query chooses, its cursor and limit aside, counted.

    The first and the last step are cut where the query's times cut them. A time that it leaves open is where
    the step of the first or the last one begins or ends.

    Raises:
        TooManyRows: so many steps, or rows.
    """
    span = store.span(query, of_visits=of_visits)
    first, last = span or (now(), now())
    start = min(max(FIRST_PLAUSIBLE, query.time_from or first), _LAST)
    end = min(max(start, query.time_to or last + timedelta(microseconds=1)), _LAST)
    found = list(islice(edges(step, zone, start, end), MOST_ROWS + 2))
    if len(found) > MOST_ROWS + 1:
        raise TooManyRows(f"there are more than {MOST_ROWS:,} {step}s between {start} and {end}")
    counts = store.counts(query, found, of_visits=of_visits)
    if len(counts) > MOST_ROWS:
        raise TooManyRows(f"there are {len(counts):,} rows, wanted at most {MOST_ROWS:,}")
    shown = [edge.astimezone(zone) for edge in found]
    if query.time_from is not None:
        shown[0] = start.astimezone(zone)
    if query.time_to is not None:
        shown[-1] = end.astimezone(zone)
    rows = [
        Row(shown[place], shown[place + 1], camera, {answer: masks.get(answer, 0) for answer in ANSWERS})
        for (place, camera), masks in sorted(counts.items())
    ]
    return Report(shown[0], shown[-1], rows)
