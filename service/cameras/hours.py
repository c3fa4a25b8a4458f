"""The hours of a camera, asked with every frame."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

from ..camera_settings import CameraSettings
from ..schedule import Schedule


class Hours:
    """What a schedule says now; worked out anew when it changes, or when the clock was set back."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._known: tuple[float, float, bool, datetime | None] | None = None
        """From when to when, in seconds since 1970, whether it is open, and until when."""

    def state(self) -> tuple[bool, datetime | None]:
        """Whether the camera is at work, and when that changes; None: it never does. From any thread."""
        now, known = time.time(), self._known
        if known is None or not known[0] <= now < known[1]:
            is_open, until = self._schedule.state(datetime.fromtimestamp(now, timezone.utc))
            end = until.timestamp() if until is not None else now + 86400.0
            known = self._known = now, end, is_open, until
        return known[2], known[3]

    @property
    def open(self) -> bool:
        """Whether the camera is at work now."""
        return self.state()[0]


def hours_of(named: Mapping[str, CameraSettings], zone: ZoneInfo) -> dict[str, Hours]:
    """Of the cameras that are not always at work."""
    schedules = {name: settings.schedule(zone) for name, settings in named.items()}
    return {name: Hours(schedule) for name, schedule in schedules.items() if schedule is not None}
