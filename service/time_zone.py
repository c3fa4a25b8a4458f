"""The time zone of a site, by its IANA name."""

from __future__ import annotations

import warnings
from difflib import get_close_matches
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import tzlocal
from pydantic import AfterValidator

_UNKNOWN = "UTC"


def _check(name: str) -> str:
    if _is_known(name):
        return name
    names = sorted(available_timezones(), reverse=True)
    # By the whole name or the city alone.
    known = {known.rpartition("/")[2].lower(): known for known in names}
    known |= {known.lower(): known for known in names}
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    hint = f"did you mean {known[near[0]]}?" if near else "wanted one as Europe/Berlin"
    raise ValueError(f"there is no time zone {name!r} in the IANA database; {hint}")


TimeZone = Annotated[str, AfterValidator(_check)]
"""An IANA name."""


@lru_cache(maxsize=1)
def machine_zone() -> str:
    """The IANA name of this machine's time zone; UTC where it is not known."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a machine that has none: UTC is what is answered then
            name = tzlocal.get_localzone_name()
    except (ValueError, LookupError, OSError):  # set to what does not exist, or twice
        return _UNKNOWN
    return name if name and _is_known(name) else _UNKNOWN


def _is_known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # no such file, a path, a folder
        return False
    return name != "localtime"
