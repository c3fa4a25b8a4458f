"""A moment in a request."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, TypeAdapter, ValidationError

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", flags=re.ASCII)


def _check(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _RFC3339.fullmatch(value)):
        return value
    raise ValueError("wanted RFC 3339, as 2026-01-31T12:00:00Z or 2026-01-31T13:00:00%2B01:00 in a query")


Moment = Annotated[AwareDatetime, BeforeValidator(_check)]
"""RFC 3339 with its offset; nothing else that pydantic would take for a time."""

_MOMENT = TypeAdapter(Moment)


def _from_text(value: object) -> object:
    try:
        return _MOMENT.validate_python(value)
    except ValidationError as error:
        raise ValueError(error.errors(include_url=False)[0]["msg"]) from None


JsonMoment = Annotated[AwareDatetime, BeforeValidator(_from_text)]
"""A `Moment` in a body that is read strictly, where text is no time otherwise."""
