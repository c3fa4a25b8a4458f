"""Alerts: lists, and the mark of who saw one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from facecap import MaskAnswer

from ..moments import Moment
from ..problems import Problem, responses
from ..security import require, who
from ..services import services_of
from ..setting_kinds import CameraName
from ..store import AlertQuery, InvalidCursor
from ..store.ids import is_capture_id
from .documents import Document
from .filters import Cursor, Filter, Limit, check_range, invalid_cursor

router = APIRouter(prefix="/v1/alerts", tags=["alerts"])


class AlertFilter(Filter):
    """Which alerts."""

    seen: bool | None = None
    """only those that somebody has seen, or nobody has"""
    camera: CameraName | None = None
    """of this camera"""
    rule: CameraName | None = None
    """of this rule"""
    time_from: Annotated[Moment | None, Field(alias="from")] = None
    """at this time or later, RFC 3339"""
    time_to: Annotated[Moment | None, Field(alias="to")] = None
    """before this time, RFC 3339"""
    cursor: Cursor = None
    """`next_cursor` of the page before"""
    limit: Limit = 50
    """alerts on a page"""


class AlertDocument(Document):
    """An alert."""

    id: str
    """sorts by when it was raised"""
    rule: str
    """name of the rule, `[alerts.NAME]` of the settings"""
    camera: str
    time: datetime
    """when the shot was taken, or when the camera went offline"""
    mask: MaskAnswer | None
    """answer of the capture; null of a camera that went offline"""
    capture: str | None
    """its id; null of a camera that went offline, and once the capture was removed"""
    crop: str | None
    """path of its crop, a PNG"""
    seen_at: datetime | None
    """when somebody saw it first"""
    seen_by: str | None
    """name of that key, or `anybody` where there are no keys"""


class AlertPageDocument(Document):
    """Alerts, the newest first."""

    model_config = ConfigDict(title="AlertPage")

    alerts: list[AlertDocument]
    next_cursor: str | None
    """of the page that follows; null at the end"""
    unseen: int
    """how many nobody has seen, whatever was asked for"""
    rules: list[str]
    """names of the rules that raise alerts now"""


@router.get(
    "",
    summary="Alerts, the newest first",
    response_model=AlertPageDocument,
    responses=responses(401, 403, 422, 429, 503),
    dependencies=[Depends(require("read"))],
)
async def list_alerts(request: Request, wanted: Annotated[AlertFilter, Query()]) -> Response:
    """A page of alerts, raised by the rules `[alerts.NAME]` of the settings."""
    services = services_of(request)
    check_range(wanted.time_from, wanted.time_to, "from and to")
    try:
        page = await run_in_threadpool(services.store.alerts, AlertQuery(**wanted.model_dump()))
    except InvalidCursor as error:
        raise invalid_cursor(error) from None
    return JSONResponse(
        {
            "alerts": [alert.to_dict() for alert in page.alerts],
            "next_cursor": page.next_cursor,
            "unseen": page.unseen,
            "rules": sorted(services.settings.alerts),
        }
    )


@router.post(
    "/{id}/seen",
    summary="Say that an alert was seen",
    response_model=AlertDocument,
    responses=responses(401, 403, 404, 429, 503),
    dependencies=[Depends(require("read"))],
)
async def see_alert(request: Request, id: str) -> Response:
    """Marks the alert with the name of the key. Who saw it first stays, however often it is said."""
    store = services_of(request).store
    found = await run_in_threadpool(store.see_alert, id, who(request)) if is_capture_id(id) else None
    if found is None:
        detail = f"there is no alert {id[:40]!r}: it may have been too old to be kept"
        raise Problem(404, "alert_not_found", "No such alert", detail)
    return JSONResponse(found.to_dict())
