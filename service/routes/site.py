"""What the page needs to know of the service and of its own key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Request

from ..keys import Scope
from ..problems import responses
from ..security import require, who
from ..services import services_of
from ..store.times import now, rfc3339
from .documents import Document

router = APIRouter(tags=["site"])


class Role(Document):
    """Who asks."""

    scopes: list[Scope]
    """what the key may do; everything where there are no keys"""
    name: str
    """of the key; `anybody` where there are no keys"""


class SiteDocument(Document):
    """The site and its clock."""

    name: str
    """empty where none is set"""
    time_zone: str
    """IANA name: where hours and days begin"""
    version: str
    """of facecap"""
    now: datetime
    """by the clock of the service"""
    role: Role


@router.get(
    "/v1/site",
    summary="The site, its clock, and what the asking key may do",
    response_model=SiteDocument,
    responses=responses(401, 403, 429),
    dependencies=[Depends(require("read"))],
)
async def get_site(request: Request) -> Any:
    """Name and time zone of the site, the version and the time of the service, and who asks."""
    services = services_of(request)
    name = who(request)
    return {
        "name": services.settings.site.name,
        "time_zone": services.settings.site.zone.key,
        "version": request.app.version,
        "now": rfc3339(now()),
        "role": {"scopes": services.guard.scopes(name), "name": name},
    }
