"""What of an address may be shown: on a page, in a log, in an error."""

from __future__ import annotations

import re

HIDDEN = "(hidden)"
"""Stands where something is not shown."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}://")
_FILE = re.compile(r"sqlite:///[^?#]*")
_PLACE = re.compile(
    r"([^/?#@]*@)?((?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)([/?#].*)?", re.DOTALL
)


def shown_address(address: str) -> str:
    """Scheme, host and port of an address; the rest is hidden.

    Any other part may be a secret: names and passwords, queries with credentials, and paths that are a
    receiver's only lock. Where a sign such as `@` leaves open what is the host, that is hidden too. The path
    of an SQLite file is shown.
    """
    scheme = _SCHEME.match(address)
    if scheme is None:
        return HIDDEN
    file = _FILE.match(address)
    if file is not None and "@" not in address:
        return file[0] if file[0] == address else f"{file[0]}?{HIDDEN}"
    place = _PLACE.fullmatch(address, scheme.end())
    if place is None or "@" in (place[3] or ""):
        return scheme[0] + HIDDEN
    user, host, rest = place.groups()
    more = rest if rest in (None, "/") else f"/{HIDDEN}"
    return scheme[0] + (f"{HIDDEN}@" if user else "") + host + (more or "")
