"""Who did what."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from ..moments import Moment
from ..problems import responses
from ..security import require
from ..services import services_of
from ..store import AuditQuery, InvalidCursor
from ..store.times import rfc3339
from .documents import Document
from .filters import Cursor, Filter, Limit, check_range, invalid_cursor

router = APIRouter(tags=["audit"])


class AuditFilter(Filter):
    """Which entries."""

    who: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = None
    """done by the key of this name"""
    action: Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")] | None = None
    """of this kind"""
    time_from: Annotated[Moment | None, Field(alias="from")] = None
    """at this time or later, RFC 3339"""
    time_to: Annotated[Moment | None, Field(alias="to")] = None
    """before this time, RFC 3339"""
    cursor: Cursor = None
    """`next_cursor` of the page before"""
    limit: Limit = 50
    """entries on a page"""


class AuditEntryDocument(Document):
    """Something that somebody did."""

    id: int
    time: datetime
    who: str
    """name of a key; `anybody` where there are no keys, `service` for what it does itself"""
    action: str
    """such as `delete_capture`, `delete_visit`, `delete_captures`, `export`, `start`"""
    data: dict[str, Any]
    """what it was done to; nothing of faces"""


class AuditList(Document):
    """Entries, the newest first."""

    entries: list[AuditEntryDocument]
    next_cursor: str | None
    """of the page that follows; null at the end"""


@router.get(
    "/v1/audit",
    summary="Who did what, the newest first",
    response_model=AuditList,
    responses=responses(401, 403, 422, 429, 503),
    dependencies=[Depends(require("admin"))],
)
async def list_audit(request: Request, wanted: Annotated[AuditFilter, Query()]) -> Any:
    """A page of the audit log, as far back as `retention.audit_max_days`."""
    check_range(wanted.time_from, wanted.time_to, "from and to")
    store = services_of(request).store
    try:
        page = await run_in_threadpool(store.audit, AuditQuery(**wanted.model_dump()))
    except InvalidCursor as error:
        raise invalid_cursor(error) from None
    entries = [
        {
            "id": entry.id,
            "time": rfc3339(entry.time),
            "who": entry.who,
            "action": entry.action,
            "data": entry.data,
        }
        for entry in page.entries
    ]
    return {"entries": entries, "next_cursor": page.next_cursor}
