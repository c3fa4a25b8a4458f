"""Where a page ends, as an opaque text."""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass

from .errors import InvalidCursor
from .ids import is_capture_id

_VERSION = 1
_FORM = struct.Struct(">Bq26s")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Place of a capture in the order of captures."""

    time: int
    """Microseconds since 1970."""
    id: str


def encode(position: Position) -> str:
    """The cursor: URL-safe."""
    return (
        base64.urlsafe_b64encode(_FORM.pack(_VERSION, position.time, position.id.encode()))
        .decode()
        .rstrip("=")
    )


def decode(cursor: str) -> Position:
    """The position that a cursor stands for.

    Raises:
        InvalidCursor: `encode` never gave it.
    """
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        version, time, identity = _FORM.unpack(packed)
        position = Position(time, identity.decode())
    except (binascii.Error, struct.error, ValueError):
        position, version = None, 0
    if (
        position is None
        or version != _VERSION
        or not is_capture_id(position.id)
        or encode(position) != cursor
    ):
        raise InvalidCursor("this service issued no such cursor: start again without one")
    return position
