"""Names of topics."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

RETAINED = ("camera", "state", "last_answer", "captures_today", "visits_today", "crop")
"""What the broker keeps of a camera."""
PASSING = ("capture", "alert")
"""What it hands on to whoever listens."""


@dataclass(frozen=True, slots=True)
class Topics:
    """Under the prefixes of the settings.

    Args:
        prefix: of what the service says.
        discovery: of what Home Assistant reads; empty: it reads nothing.
        installation: UUID of the database.
    """

    prefix: str
    discovery: str
    installation: str

    @property
    def availability(self) -> str:
        """Whether the service is there."""
        return f"{self.prefix}/availability"

    @property
    def all_cameras(self) -> str:
        """The topics `camera` of all."""
        return f"{self.prefix}/+/camera"

    @property
    def birth(self) -> str | None:
        """Where Home Assistant says that it has started."""
        return f"{self.discovery}/status" if self.discovery else None

    def of(self, camera: str, what: str) -> str:
        """One of a camera's; `what`: of RETAINED or PASSING."""
        return f"{self.prefix}/{camera}/{what}"

    def camera_of(self, topic: str) -> str:
        """Whose topic it is, of `all_cameras`."""
        return topic.removeprefix(f"{self.prefix}/").partition("/")[0]

    def device(self, camera: str) -> str | None:
        """Where Home Assistant is told what a camera has.

        It takes letters, digits, _ and - there, so that names are told apart by a part of their hash.
        """
        if not self.discovery:
            return None
        readable = re.sub(r"[^\w-]", "_", camera, flags=re.ASCII)
        own = hashlib.sha256(f"{self.installation}/{camera}".encode()).hexdigest()[:12]
        return f"{self.discovery}/device/facecap_{readable}_{own}/config"

    def kept(self, camera: str) -> list[str]:
        """All that the broker may have of a camera."""
        device = self.device(camera)
        return [self.of(camera, what) for what in RETAINED] + ([device] if device else [])
