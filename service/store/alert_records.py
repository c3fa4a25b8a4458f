"""Alerts: what goes into the store and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from facecap import MaskAnswer

from .records import crop_path
from .times import rfc3339


@dataclass(frozen=True, slots=True)
class NewAlert:
    """What a rule was met by."""

    rule: str
    camera: str
    time: datetime
    """When the shot was taken, or when the camera went offline; with a time zone."""
    mask: MaskAnswer | None
    """Of the capture; None of a camera that went offline."""
    capture: str | None
    """Its id."""
    apart: timedelta
    """So far it must be from every other alert of the rule and camera."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that was raised."""

    id: str
    rule: str
    camera: str
    time: datetime
    """UTC."""
    mask: MaskAnswer | None
    capture: str | None
    """None of a camera that went offline, and once the capture was removed."""
    seen_at: datetime | None = None
    seen_by: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "id": self.id,
            "rule": self.rule,
            "camera": self.camera,
            "time": rfc3339(self.time),
            "mask": self.mask,
            "capture": self.capture,
            "crop": None if self.capture is None else crop_path(self.capture),
            "seen_at": None if self.seen_at is None else rfc3339(self.seen_at),
            "seen_by": self.seen_by,
        }


@dataclass(frozen=True, slots=True)
class AlertQuery:
    """Which alerts, newest first. None: no limit; as `CaptureQuery`."""

    seen: bool | None = None
    camera: str | None = None
    rule: str | None = None
    time_from: datetime | None = None
    time_to: datetime | None = None
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class AlertPage:
    """Alerts in a row."""

    alerts: list[Alert]
    next_cursor: str | None
    unseen: int
    """How many there are that nobody has seen, whatever was asked for."""
