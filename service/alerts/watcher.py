"""Looks at what happens, and raises the alerts that the rules ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool

from facecap import MaskAnswer

from ..broker import Broker
from ..follower import RENEW_SECONDS, Follower
from ..schedule import Schedule
from ..store import Event, NewAlert, Store
from ..store.times import shot_time
from .settings import AlertRule

PLACE = "(alerts)"
"""No webhook can have this name."""


class Watcher(Follower):
    """Alerts are stored, with their events, in the transaction that moves the place: each is raised once.

    Args:
        rules: by name.
        zone: whose clock their hours are of.
        store: of the alerts.
        broker: of the events.
        owner: of the place.
    """

    def __init__(
        self, rules: Mapping[str, AlertRule], zone: ZoneInfo, store: Store, broker: Broker, owner: str
    ) -> None:
        super().__init__(PLACE, "alerts", store, broker, owner)
        self._rules = rules
        self._schedules = {name: Schedule(rule.hours, rule.days, zone) for name, rule in rules.items()}

    def _stand_by(self) -> None:
        pass

    async def _work(self) -> None:
        events, reached = await self._broker.after(self.position, RENEW_SECONDS)
        new = [alert for event in events for alert in self._alerts(event)]
        if new:
            raised = await run_in_threadpool(self._store.raise_alerts, self.place, self._owner, reached, new)
            if raised is None:
                self._lose()
                return
        self.position = reached

    def _alerts(self, event: Event) -> Iterator[NewAlert]:
        """What an event asks for, were there no other alert near."""
        mask: MaskAnswer | None
        if event.kind == "capture":
            time, mask = shot_time(event.data["time"], event.time), event.data["mask"]
        elif event.kind == "camera.offline":
            time, mask = event.time, None
        else:
            return
        for name, rule in self._rules.items():
            asked = rule.offline if mask is None else mask in rule.answers
            here = not rule.cameras or event.camera in rule.cameras
            if asked and here and self._schedules[name].open(time):
                apart = timedelta(minutes=rule.every_minutes)
                yield NewAlert(name, event.camera, time, mask, event.capture, apart)
