"""What is wrong with a camera, as its report says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from typing import Any, Literal, get_args

from ..store.times import rfc3339

Kind = Literal["moving", "lost_stream", "silent", "store_failing", "refused", "no_capture"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Worst first."""


def trouble(
    kind: Kind,
    since: float | None,
    detail: str,
    code: str | None = None,
    count: int | None = None,
    values: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """In plain JSON types; `since` in seconds since 1970, `detail` a sentence for programs and logs."""
    moment = None if since is None else rfc3339(datetime.fromtimestamp(since, timezone.utc))
    return {"kind": kind, "since": moment, "detail": detail, "code": code, "count": count, "values": values}


def worst_first(troubles: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """In the order of `KINDS`, of one kind the most frequent first."""
    return sorted(troubles, key=lambda found: (KINDS.index(found["kind"]), -(found["count"] or 0)))
