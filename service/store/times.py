"""Moments: microseconds since 1970 in the database, aware datetimes in Python, RFC 3339 in JSON."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MICROSECOND = timedelta(microseconds=1)
FIRST_PLAUSIBLE = datetime(2000, 1, 1, tzinfo=timezone.utc)
"""A clock that says less was never set."""
_AHEAD = timedelta(days=1)
_RFC3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-]\d\d:\d\d))", re.ASCII)


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(timezone.utc)


def to_microseconds(moment: datetime) -> int:
    """Of a moment with a time zone, whole microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """The moment, UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def rfc3339(moment: datetime) -> str:
    """As JSON has it, with milliseconds."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shot_time(timestamp: str | None, received: datetime) -> datetime:
    """When a shot was taken, by a capture's RFC 3339 timestamp; `received` where its clock was never set.

    Raises:
        ValueError: the timestamp is not RFC 3339.
    """
    if timestamp is None:
        return received
    parts = _RFC3339.fullmatch(timestamp)
    try:
        if parts is None:
            raise ValueError
        date, time, fraction, offset = parts.groups(default="")
        # Python 3.10 reads no other number of digits, and no Z.
        moment = datetime.fromisoformat(f"{date}T{time}.{fraction[:6]:0<6}{offset or '+00:00'}").astimezone(
            timezone.utc
        )
    except (ValueError, OverflowError):
        raise ValueError(f"the timestamp is {timestamp!r}, wanted RFC 3339 as 2026-01-31T12:00:00Z") from None
    return moment if FIRST_PLAUSIBLE <= moment <= received + _AHEAD else received
