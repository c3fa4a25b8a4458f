"""What the broker should know of a camera now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..store import Today


@dataclass(frozen=True, slots=True)
class CameraNow:
    """A camera as its retained topics say it."""

    name: str
    display_name: str | None
    area: str | None
    online: bool
    today: Today

    @classmethod
    def all(cls, reports: Sequence[Mapping[str, Any]], today: Mapping[str, Today]) -> list[CameraNow]:
        """Of the reports of all cameras, and of what each has captured today."""
        return [
            cls(
                report["name"],
                report["display_name"],
                report["area"],
                report["online"],
                today.get(report["name"], Today()),
            )
            for report in reports
        ]

    def values(self, installation: str) -> dict[str, str]:
        """Payloads of the retained topics, that of the crop aside; the number of captures is the last."""
        about = {
            "name": self.name,
            "display_name": self.display_name,
            "area": self.area,
            "installation": installation,
        }
        return {
            "camera": json.dumps(about, ensure_ascii=False),
            "state": "online" if self.online else "offline",
            "last_answer": self.today.newest.capture["mask"] if self.today.newest else "",
            "visits_today": str(self.today.visits),
            "captures_today": str(self.today.captures),
        }
