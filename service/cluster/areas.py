"""What an actor knows of the areas of its cameras: what services tell it."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from facecap import Areas

OwnAreas = dict[str, tuple[list[Any], list[Any]]]
"""Of the cameras that have any, by name: `ignore` and `only` of `facecap.Areas`."""
_EVERYWHERE = Areas()


@dataclass(slots=True)
class ToldAreas:
    """The same object while what is told is the same."""

    _told: Mapping[str, Any] = field(default_factory=dict)
    _read: float = -math.inf
    """When the service that told it had read it in the database, by the `time.monotonic` of this process."""
    _areas: dict[str, tuple[Any, Areas]] = field(default_factory=dict)

    def tell(self, areas: OwnAreas, age: float) -> None:
        """What a service read in the database `age` seconds ago; services that lost it know what was once.

        Ages are told, as the clocks of machines differ.
        """
        read = time.monotonic() - age
        if read >= self._read:
            self._told, self._read = areas, read

    def of(self, name: str) -> Areas:
        """Where faces of a camera are captured."""
        told = self._told.get(name)
        if told is None:
            return _EVERYWHERE
        known = self._areas.get(name)
        if known is None or known[0] != told:
            known = self._areas[name] = told, Areas(ignore=told[0], only=told[1])
        return known[1]
