"""An event as clients see it."""

from __future__ import annotations

from typing import Any

from .store import Event
from .store.times import rfc3339


def event_document(event: Event) -> dict[str, Any]:
    """Plain JSON types: a capture as `GET /v1/captures/{id}` has it, else camera, time and data."""
    if event.kind == "capture":
        return event.data
    return {"camera": event.camera, "time": rfc3339(event.time), **event.data}
