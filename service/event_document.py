"""An event as clients see it."""

from __future__ import annotations

from typing import Any

from .store import Event
from .store.times import rfc3339


def event_document(event: Event, public_url: str | None = None) -> dict[str, Any]:
    """Plain JSON types: a capture as `GET /v1/captures/{id}` has it, else camera, time and data.

    Args:
        event: what happened.
        public_url: under which the receiver finds the service: makes the path of a crop a URL.
    """
    if event.kind == "capture":
        data = dict(event.data)
    else:
        data = {"camera": event.camera, "time": rfc3339(event.time), **event.data}
    if public_url is not None and data.get("crop"):
        data["crop"] = public_url.rstrip("/") + data["crop"]
    return data
