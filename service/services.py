"""What the routes work with; `request.app.state.services`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import HTTPConnection

from .broker import Broker
from .camera_reports import CameraReports
from .cameras import TakesFrames
from .cameras.own_settings import OwnSettings
from .cameras.remembered import Remembered
from .cameras.single import SinglePictures
from .cluster.health import Health
from .frames.intake import Intake
from .metrics import Metrics
from .mqtt.bridge import Bridge
from .puller import Pulled
from .readiness import Readiness
from .recordings import Recordings
from .refusals import Paces, of_streams
from .security import Guard
from .settings import Settings
from .store import Store
from .webhooks.courier import Courier


@dataclass(slots=True)
class Services:
    """The parts of a running service. Those without a default are made when it starts.

    `stopping` is set when shutdown begins, before connections are waited for: streams end then.
    """

    settings: Settings
    guard: Guard
    metrics: Metrics
    intake: Intake
    store: Store = field(init=False)
    recordings: Recordings = field(init=False)
    remembered: Remembered = field(init=False)
    own_settings: OwnSettings = field(init=False)
    cameras: TakesFrames = field(init=False)
    reports: CameraReports = field(init=False)
    readiness: Readiness = field(init=False)
    single: SinglePictures = field(init=False)
    broker: Broker = field(init=False)
    cluster: Health | None = None
    """Of the cluster that the cameras are at work on; None: they are at work here."""
    couriers: Sequence[Courier] = ()
    """One a webhook."""
    bridge: Bridge | None = None
    """To the MQTT broker; None where there is none."""
    pullers: Mapping[str, Pulled] = field(default_factory=dict)
    zips: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(4))
    """A place for each zip that is exported; they are much work."""
    stream_paces: Paces = field(default_factory=of_streams)
    """By address and camera."""
    trouble: str | None = None
    """Why the service did not start."""
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def camera_reports(self, name: str | None = None) -> list[dict[str, Any]]:
        """What is known of all cameras or of one, whether they are at work or not."""
        return self.reports.of(name)


def services_of(connection: HTTPConnection) -> Services:
    """The services of the application that a request or a WebSocket came to."""
    services: Services = connection.app.state.services
    return services
