"""How the connection to the MQTT broker is doing."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from ..problems import responses
from ..security import require
from ..services import services_of
from .documents import Document

router = APIRouter(tags=["mqtt"])


class MqttReport(Document):
    """How the connection is doing, as this process sees it."""

    state: Literal["off", "connecting", "connected", "retrying", "standby"]
    """off: no broker is configured; standby: another process is connected"""
    since: datetime | None
    """when that began"""
    last_error: str | None
    failures: int
    """in a row"""
    behind: int
    """events that the broker has not got"""
    delivered: int = Field(description="events, since this process started")
    failed: int = Field(description="connections that could not be made or were lost, likewise")


@router.get(
    "/v1/mqtt",
    summary="How the connection to the MQTT broker is doing",
    responses=responses(401, 403, 429),
    dependencies=[Depends(require("read"))],
)
async def get_mqtt(request: Request) -> MqttReport:
    """Whether the broker learns what happens, and since when not. Nothing of its address or its password."""
    bridge = services_of(request).bridge
    if bridge is None:
        return MqttReport(
            state="off", since=None, last_error=None, failures=0, behind=0, delivered=0, failed=0
        )
    state = bridge.state
    return MqttReport(
        state=state.state,
        since=state.since,
        last_error=state.last_error,
        failures=state.failures,
        behind=bridge.behind,
        delivered=state.delivered,
        failed=state.failed,
    )
