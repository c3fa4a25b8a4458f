"""An event as a CloudEvent, version 1.0, in the structured JSON form."""

from __future__ import annotations

import base64
import json

from ..event_document import event_document
from ..store import Event
from ..store.times import rfc3339

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


def message_id(installation: str, event: Event) -> str:
    """Of an event's message, wherever and however often it is sent; without a full stop."""
    return f"{installation}-{event.id}"


def message(installation: str, event: Event, public_url: str | None, crop: bytes | None) -> bytes:
    """The body.

    Args:
        installation: UUID of the database; the source of the event.
        event: what happened.
        public_url: under which the receiver finds the service: makes the crop's path a URL.
        crop: a capture's PNG, to be carried inline.
    """
    data = event_document(event, public_url)
    if crop is not None:
        data["crop_png"] = base64.b64encode(crop).decode()
    envelope = {
        "specversion": "1.0",
        "id": message_id(installation, event),
        "source": f"urn:uuid:{installation}",
        "type": f"facecap.{event.kind}",
        "subject": event.camera,
        "time": rfc3339(event.time),
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(envelope, allow_nan=False, separators=(",", ":")).encode()
