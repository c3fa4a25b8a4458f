"""Cameras that actors read, as a service sees them."""

from __future__ import annotations

from typing import Any

from facecap.addresses import shown_address

from ..puller import Lost
from .actor import LOOK_SECONDS, Look
from .actors import Actors

SILENT = "its process does not answer: it moves, or no node has room for it"


class Pulled:
    """A camera that an actor reads, as of the last look."""

    def __init__(self, actors: Actors, name: str, url: str) -> None:
        self._actors = actors
        self._name = name
        self._address = shown_address(url)
        self._last: tuple[str, float] | None = None
        """The life of the actor in which the last frame was noticed, and when that came by its clock."""

    @property
    def lost(self) -> Lost | None:
        """As `Puller.lost`; None while the actor does not answer, as it is not known then."""
        look = self._look()
        known = look.pullers.get(self._name) if look is not None else None
        return known[1] if known is not None else None

    @property
    def silent_since(self) -> float | None:
        """Since when its actor does not answer, in seconds since 1970."""
        actor = self._actors.known(self._name)
        return actor.silent_since if actor is not None else None

    def report(self) -> dict[str, Any]:
        """As `Puller.report`."""
        look = self._look()
        known = look.pullers.get(self._name) if look is not None else None
        if known is not None:
            return known[0]
        is_silent = self.silent_since is not None
        return {
            "address": self._address,
            "state": "retrying" if is_silent else "connecting",
            "detail": SILENT if is_silent else None,
            "reconnects": 0,
            "dropped": 0,
        }

    def has_sent(self) -> bool:
        """Whether a frame came since this was asked last."""
        look = self._look()
        seen = look.seen.get(self._name) if look is not None else None
        if look is None or seen is None:
            return False
        moment, ago = seen
        before, self._last = self._last, (look.life, moment)
        # Of the first that is heard of nobody knows whether it was noticed: it counts while it is fresh.
        return ago < 2 * LOOK_SECONDS if before is None else self._last != before

    def _look(self) -> Look | None:
        """What its actor says of itself, where it answers."""
        actor = self._actors.known(self._name)
        return actor.look if actor is not None and actor.silent_since is None else None
