"""Which frame it is and when it was taken, as a request says."""

from __future__ import annotations

import math

from starlette.requests import Request

from ..problems import Problem

LARGEST_INDEX = 2**53 - 1
"""The largest whole number that JSON carries everywhere."""
WANTED_INDEX = f"a whole number from 0 to {LARGEST_INDEX}"
WANTED_SECONDS = "seconds since 1970, in the years 1 to 9999"
_FIRST_SECOND, _LAST_SECOND = -62135596800.0, 253402214400.0  # years 1 to 9999


def frame_index(request: Request) -> int | None:
    """`frame_index` of the query, or the header Frame-Index; None where there is none.

    Raises:
        Problem: 400 `invalid_parameter`.
    """
    text = _given("frame_index", request)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 16 and int(text) <= LARGEST_INDEX):
        raise _invalid("frame_index", text, WANTED_INDEX)
    return int(text)


def timestamp(request: Request) -> float | None:
    """`timestamp` of the query, or the header Timestamp: seconds since 1970; None where there is none.

    Raises:
        Problem: 400 `invalid_parameter`.
    """
    text = _given("timestamp", request)
    if text is None:
        return None
    try:
        return checked_timestamp(float(text) if len(text) <= 32 and "_" not in text else math.nan)
    except ValueError:
        raise _invalid("timestamp", text, WANTED_SECONDS) from None


def checked_timestamp(seconds: float) -> float:
    """The same; ValueError where no date is so early or late."""
    if not _FIRST_SECOND <= seconds <= _LAST_SECOND:
        raise ValueError(f"timestamp is {seconds}, wanted {WANTED_SECONDS}")
    return seconds


def _given(name: str, request: Request) -> str | None:
    """The parameter from the query, or from a header of the same name with hyphens or underscores."""
    key = name.encode()
    texts = {
        str(value, "latin-1")
        for header, value in request.scope["headers"]
        if header == key or header.replace(b"-", b"_") == key
    }
    if request.scope["query_string"] and (text := request.query_params.get(name)) is not None:
        texts.add(text)
    if not texts:
        return None
    if len(texts) > 1:
        detail = f"{name} is {' and '.join(sorted(text[:40] for text in texts))}: say it once"
        raise Problem(400, "invalid_parameter", "A parameter is not valid", detail)
    return texts.pop()


def _invalid(name: str, text: str, wanted: str) -> Problem:
    detail = f"{name} is {text[:40]!r}, wanted {wanted}"
    return Problem(400, "invalid_parameter", "A parameter is not valid", detail)
