"""Tables of ratios for people, JSON for programs."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any

from facecap import _core  # noqa: F401  (its absence is reported before any measurement)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns aligned, the first to the left."""
    cells = [[str(value) for value in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = []
    for row in cells:
        first = row[0].ljust(widths[0])
        lines.append("  ".join([first, *(value.rjust(width) for value, width in zip(row[1:], widths[1:], strict=True))]))
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            name = next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), name)
    except OSError:
        pass
    return {"processor": name, "system": platform.platform(), "python": platform.python_version()}
