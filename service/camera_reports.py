"""What is known of cameras: those at work, those that the settings name, and those that are remembered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from .cameras import TakesFrames
from .cameras.camera import empty_report
from .cameras.hours import Hours
from .cameras.own_settings import OwnSettings
from .cameras.remembered import Presence, Remembered
from .cameras.trouble import trouble, worst_first
from .puller import Pulled
from .store import Store
from .store.times import rfc3339


class CameraReports(Collector):
    """Reports for the API, and their figures; everything is in memory, whatever the database does."""

    def __init__(
        self,
        cameras: TakesFrames,
        pullers: Mapping[str, Pulled],
        remembered: Remembered,
        own: OwnSettings,
        hours: Mapping[str, Hours],
        store: Store,
    ) -> None:
        self._cameras = cameras
        self._pullers = pullers
        self._remembered = remembered
        self._own = own
        self._hours = hours
        self._store = store

    def of(self, name: str | None = None) -> list[dict[str, Any]]:
        """Of all cameras or of one, by name, in plain JSON types."""
        at_work = {report["name"]: report for report in self._cameras.report(name)}
        names = {*at_work, *self._pullers, *self._own.names, *self._remembered.names()}
        return [
            self._report(one, at_work.get(one)) for one in sorted(names if name is None else names & {name})
        ]

    def collect(self) -> Iterable[Metric]:
        """When each camera sent last, for alarms."""
        last = GaugeMetricFamily(
            "facecap_camera_last_frame_seconds",
            "When the camera sent its last frame or capture, in seconds since 1970.",
            labels=["camera"],
        )
        online = GaugeMetricFamily("facecap_camera_online", "1: the camera is online.", labels=["camera"])
        for name in sorted(self._remembered.names()):
            presence = self._remembered.presence(name)
            if presence is not None and presence.last_seen is not None:
                last.add_metric([name], presence.last_seen.timestamp())
                online.add_metric([name], presence.online)
        yield from (last, online)

    def _report(self, name: str, at_work: dict[str, Any] | None) -> dict[str, Any]:
        puller, presence = self._pullers.get(name), self._remembered.presence(name)
        source: Literal["push", "pull"] = "push" if puller is None else "pull"
        report = at_work or empty_report(name, source)
        own, hours = self._own.of(name), self._hours.get(name)
        is_open, until = hours.state() if hours is not None else (True, None)
        since, last_seen = (None, None) if presence is None else (presence.since, presence.last_seen)
        report |= {
            "source": source if presence is None or puller is not None else presence.source,
            "display_name": own["display_name"],
            "area": own["area"],
            "online": presence is not None and presence.online,
            "since": since and rfc3339(since),
            "last_seen": last_seen and rfc3339(last_seen),
            "schedule": hours and {"open": is_open, "until": until and rfc3339(until)},
        }
        found = [*report["trouble"], *self._failing(report.pop("waiting"), report["online"])]
        if is_open:
            found += _missing(puller, presence)
        report["trouble"] = worst_first(found)
        return report if puller is None else {**report, "puller": puller.report()}

    def _failing(self, waiting: int, online: bool) -> Iterator[dict[str, Any]]:
        since = self._store.failing_since
        if waiting or (online and since is not None):
            detail = f"{waiting} captures wait for the store, which fails: the service's log says why"
            yield trouble("store_failing", since, detail, "store_unavailable", waiting)


def _missing(puller: Pulled | None, presence: Presence | None) -> Iterator[dict[str, Any]]:
    """Why nothing comes."""
    lost = puller.lost if puller is not None else None
    if lost is not None:
        yield trouble("lost_stream", lost.since, lost.detail)
    elif presence is not None and not presence.online and presence.last_seen is not None:
        seen = presence.last_seen
        yield trouble("silent", seen.timestamp(), f"nothing came since {rfc3339(seen)}")
