"""What goes into the store and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from facecap import MaskAnswer

from .times import rfc3339


def crop_path(capture: str) -> str:
    """Where the service has the crop of a capture, by its id."""
    return f"/v1/captures/{capture}/crop"


@dataclass(frozen=True, slots=True)
class NewCapture:
    """A capture on its way into the store."""

    capture: dict[str, Any]
    """`Capture.to_dict()` of facecap; of a line of captures.jsonl, its `crop` is left out."""
    crop_png: bytes
    visit: str | None = None
    """Id of the visit that its track's capture before it is in; None where who adds it does not know."""


@dataclass(frozen=True, slots=True)
class StoredCapture:
    """A capture that survives."""

    id: str
    """Sorts by arrival."""
    camera: str
    received: datetime
    """When it came, UTC."""
    time: datetime
    """When the shot was taken: the capture's timestamp, or `received` where the camera's clock was never set
    (none, before 2000, or more than a day ahead)."""
    capture: dict[str, Any]
    crop: str
    """SHA-256 of the crop's file, 64 hexadecimal digits."""
    visit: str | None = None
    """Id of the visit that it belongs to, before it is stored as it came; None after it was removed."""
    known: bool = False
    """Whether it was already there under the idempotency key that it came with."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types: what lists, events and webhooks say of it."""
        return {
            "id": self.id,
            "camera": self.camera,
            "received": rfc3339(self.received),
            "time": rfc3339(self.time),
            "visit_id": self.visit,
            **self.capture,
            "crop": crop_path(self.id),
        }


@dataclass(frozen=True, slots=True)
class Visit:
    """The captures of one track, as far as they are still there."""

    id: str
    """Of its first capture, there any more or not."""
    camera: str
    track_id: int
    time: datetime
    """Of the first shot, UTC."""
    last: datetime
    """Of the last shot, UTC."""
    captures: int
    """How many."""
    mask: MaskAnswer
    """The most frequent known answer, on a tie that of the better shot; `unknown` where none is known."""
    quality: float | None
    """Of the best shot."""
    best: StoredCapture
    """Of the highest quality, then the earliest."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "id": self.id,
            "camera": self.camera,
            "track_id": self.track_id,
            "time": rfc3339(self.time),
            "last": rfc3339(self.last),
            "captures": self.captures,
            "mask": self.mask,
            "quality": self.quality,
            "best": self.best.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened."""

    id: int
    """Grows by time of commit: whoever has seen an id has seen, or can read, all below it."""
    kind: str
    """One of `EventKind` of the settings."""
    camera: str
    time: datetime
    """UTC."""
    data: dict[str, Any]
    """Plain JSON types; of a capture, `StoredCapture.to_dict()`."""
    capture: str | None = None
    """Of a capture: its id."""
    crop: str | None = None
    """Of a capture: SHA-256 of its crop."""


@dataclass(frozen=True, slots=True)
class CaptureQuery:
    """Which captures, or visits, newest shot first. None: no limit.

    A visit has the time of its first shot, one answer by all its shots, and the quality of the best.
    """

    visit: str | None = None
    """Id."""
    camera: str | None = None
    time_from: datetime | None = None
    """Inclusive, with a time zone."""
    time_to: datetime | None = None
    """Exclusive, with a time zone."""
    mask: MaskAnswer | None = None
    min_quality: float | None = None
    max_quality: float | None = None
    cursor: str | None = None
    """`next_cursor` of the page before."""
    limit: int = 50
    """1 or more."""


@dataclass(frozen=True, slots=True)
class Page:
    """Captures in a row."""

    captures: list[StoredCapture]
    next_cursor: str | None
    """Of the page that follows; None at the end. A capture that comes meanwhile moves no page."""


@dataclass(frozen=True, slots=True)
class VisitPage:
    """Visits in a row."""

    visits: list[Visit]
    next_cursor: str | None
    """As of `Page`."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Captures, or visits, of one step of time."""

    start: datetime
    """A whole multiple of the step since 1970, UTC."""
    masks: dict[str, int] = field(default_factory=dict)
    """By mask answer, those that there are."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """Captures, or visits, over time."""

    time_from: datetime
    """As asked, or the oldest capture's."""
    time_to: datetime
    """As asked, or now."""
    step: int
    """Seconds."""
    steps: list[Counted]
    """All that the time touches, in their order."""
    total: dict[str, int]
    """By mask answer, those that there are."""
    cameras: dict[str, int]
    """How many by camera, most first, whichever camera was asked for."""


@dataclass(frozen=True, slots=True)
class Today:
    """What a camera has captured."""

    newest: StoredCapture | None = None
    """By when it was shot."""
    captures: int = 0
    """Since a moment, as `visits`."""
    visits: int = 0
    """That began since then."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What retention removed."""

    captures: int = 0
    events: int = 0
    audit: int = 0
    """Entries of the audit log."""
    crops: int = 0
    """Files, those among them that belonged to no capture included."""
    bytes_kept: int = 0
    """Of all crops that stay."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What somebody did."""

    id: int
    time: datetime
    """UTC."""
    who: str
    """Name of a key, or `anybody`."""
    action: str
    data: dict[str, Any]
    """Plain JSON types; nothing of faces."""


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which entries, newest first. None: no limit."""

    who: str | None = None
    action: str | None = None
    time_from: datetime | None = None
    """Inclusive, with a time zone."""
    time_to: datetime | None = None
    """Exclusive, with a time zone."""
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Entries in a row."""

    entries: list[AuditEntry]
    next_cursor: str | None
    """As of `Page`."""
