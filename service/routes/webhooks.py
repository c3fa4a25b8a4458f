"""How the webhooks are doing."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from ..problems import responses
from ..security import require
from ..services import services_of
from ..webhooks.courier import Courier
from .documents import Document

router = APIRouter(tags=["webhooks"])


class WebhookReport(Document):
    """How a webhook is doing, as this process sees it."""

    name: str
    host: str
    """that is called; the rest of the address stays in the configuration"""
    state: Literal["idle", "delivering", "retrying", "standby", "retired"]
    """standby: another process delivers; retired: it answered 410 and gets nothing until a restart"""
    position: int
    """last event that it is done with"""
    behind: int
    """events after that, those included that are none of its"""
    failures: int
    """in a row"""
    next_attempt: datetime | None
    last_error: str | None
    last_delivered: datetime | None
    delivered: int = Field(description="events, since this process started")
    failed: int = Field(description="attempts, likewise")
    dropped: int = Field(description="events that were refused or grew too old, likewise")


class WebhookReports(Document):
    """All webhooks of the configuration."""

    webhooks: list[WebhookReport]


@router.get(
    "/v1/webhooks",
    summary="How the webhooks are doing",
    response_model=WebhookReports,
    responses=responses(401, 403, 429),
    dependencies=[Depends(require("admin"))],
)
async def list_webhooks(request: Request) -> Any:
    """Every webhook with what it still has to receive, and why it has not."""
    services = services_of(request)
    return WebhookReports(webhooks=[_report(courier) for courier in services.couriers])


def _report(courier: Courier) -> WebhookReport:
    state = courier.state
    return WebhookReport(
        name=courier.name,
        host=urlsplit(courier.hook.url).netloc,
        state=state.state,
        position=courier.position,
        behind=courier.behind,
        failures=state.failures,
        next_attempt=state.next_attempt,
        last_error=state.last_error,
        last_delivered=state.last_delivered,
        delivered=state.delivered,
        failed=state.failed,
        dropped=state.dropped,
    )
