"""How long a connection may keep the service waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import Any

from uvicorn.config import Config

from ..services import Services

STALLED_SECONDS = 60.0
"""A client that takes nothing of what was sent to it is disconnected after so long."""


class Patient(asyncio.Protocol):
    """What both protocols have: a time by which the client must have gone on.

    It stands before uvicorn's protocol among the bases, so that it hears of everything first.
    """

    transport: asyncio.Transport
    deadline: float | None = None
    """When the client must have sent what it has begun, by `time.monotonic`; None: nothing is awaited."""
    _stalled_since: float | None = None

    def __init__(self, config: Config, **others: Any) -> None:
        super().__init__(config=config, **others)  # type: ignore[call-arg]  # of uvicorn's protocol
        self.services: Services = config.app.state.services  # type: ignore[union-attr]

    def pause_writing(self) -> None:
        """The client takes less than is sent."""
        super().pause_writing()
        self._stalled_since = time.monotonic()

    def resume_writing(self) -> None:
        """The client has taken nearly everything."""
        super().resume_writing()
        self._stalled_since = None

    def end_if_overdue(self, now: float) -> None:
        """End the connection where the client has let its time pass."""
        if self._stalled_since is None and self.transport.is_closing():
            # A transport closes when all is taken: without a limit, when the client likes.
            self._stalled_since = now
        if self._stalled_since is not None and now - self._stalled_since > STALLED_SECONDS:
            self.transport.abort()
        elif self.deadline is not None and now > self.deadline:
            self.deadline = None
            self.end_late()

    def end_late(self) -> None:
        """The deadline has passed."""
        self.transport.abort()


def end_overdue(connections: Iterable[object]) -> None:
    """End those connections whose clients have let their time pass."""
    now = time.monotonic()
    for connection in list(connections):
        if isinstance(connection, Patient):
            connection.end_if_overdue(now)
