"""What goes out: how far every follower of the journal is, and the alerts that one of them raises."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import timedelta

from . import alerting, hook_positions
from .alert_records import Alert, NewAlert
from .reading import Reading


class Outbox(Reading):
    """What `Store` writes for it; each method may raise `StoreError`."""

    def keep_hooks(self, names: Sequence[str]) -> None:
        """Have followers of these names, and others only while another process delivers to them.

        A new one begins with what happens from now on.
        """
        with self._database.writing() as connection:
            hook_positions.keep(connection, names)

    def claim_hook(self, name: str, owner: str, lease: timedelta) -> int | None:
        """The last event that a hook is done with; None while another owner delivers to it."""
        with self._database.writing() as connection:
            return hook_positions.claim(connection, name, owner, lease)

    def advance_hook(self, name: str, owner: str, position: int) -> bool:
        """Note that a hook is done with all up to `position`; False where it has another owner meanwhile."""
        with self._database.writing() as connection:
            return hook_positions.advance(connection, name, owner, position)

    def release_hooks(self, owner: str) -> None:
        """Leave the owner's hooks to other processes at once."""
        with self._database.writing() as connection:
            hook_positions.release(connection, owner)

    def raise_alerts(
        self, place: str, owner: str, position: int, new: Sequence[NewAlert]
    ) -> list[Alert] | None:
        """Store alerts with their events, and that the follower of a place is done with all up to `position`.

        Returns:
            Those that were not too near to another; None, and nothing is done, where another owns the place.
        """
        with self._database.writing() as connection:
            raised = alerting.raise_all(connection, place, owner, position, new)
        if raised:
            self._notify_written()
        return raised

    def see_alert(self, identity: str, who: str) -> Alert | None:
        """Mark an alert as seen, where nobody has; None where there is none (any more).

        The audit log says who saw it first.
        """
        with self._database.writing() as connection:
            return alerting.see(connection, identity, who)

    @abstractmethod
    def _notify_written(self) -> None:
        """Tell who listens that there are new events."""
