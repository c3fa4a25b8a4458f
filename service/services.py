"""What the routes work with; `request.app.state.services`."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import HTTPConnection

from .settings import Settings


@dataclass(slots=True)
class Services:
    """The parts of a running service.

    `stopping` is set when shutdown begins, before connections are waited for: streams end then.
    """

    settings: Settings
    store: Any = None
    cameras: Any = None
    broker: Any = None
    metrics: Any = None
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


def services_of(connection: HTTPConnection) -> Services:
    """The services of the application that a request or a WebSocket came to."""
    services: Services = connection.app.state.services
    return services
