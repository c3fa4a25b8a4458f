"""What a vendor's log of progress bars and banners comes down to when a tool has failed."""

from __future__ import annotations

import re

_NOISE = re.compile(
    r"^\s*$|%\||it/s\]|^\s*File \"|^Traceback|^\s*[~^]+\s*$|^\[(Running|Success)\]|^@ |^=+$|^-+$"
)
_TELLING = re.compile(
    r"error|assert|fail|unsupport|not support|unreachable|abort|exception|no such|not found|cannot|missing",
    re.IGNORECASE,
)
LINES = 4
WIDTH = 240


def last_words(text: str, count: int = LINES) -> list[str]:
    """The last lines of a log that say what went wrong, or its last lines where none does; progress bars,
    that renew a line, banners and places in the vendor's sources are left out."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", text) if not _NOISE.search(line)]
    telling = [line for line in lines if _TELLING.search(line)]
    chosen = list(dict.fromkeys(telling or lines))[-count:]
    return [line if len(line) <= WIDTH else line[:WIDTH] + " …" for line in chosen]
