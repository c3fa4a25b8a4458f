"""Names of captures: 26 hexadecimal digits that sort by arrival."""

from __future__ import annotations

import re
import secrets

CAPTURE_ID = r"[0-9a-f]{26}"
_ID = re.compile(CAPTURE_ID)


def is_capture_id(text: str) -> bool:
    """Whether a text could be the id of a capture."""
    return _ID.fullmatch(text) is not None


def first_id(received: int) -> str:
    """What no id of a capture that came then, in microseconds since 1970, or later is below."""
    return f"{received:014x}{0:012x}"


def capture_ids(received: int, count: int) -> list[str]:
    """Ids of captures that came together, in their order.

    Args:
        received: microseconds since 1970.
        count: how many, up to 65,536.
    """
    return [f"{received:014x}{place:04x}{secrets.randbits(32):08x}" for place in range(count)]
