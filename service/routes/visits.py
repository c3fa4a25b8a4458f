"""Visits: the captures of one track as one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from facecap import MaskAnswer

from ..problems import Problem, responses
from ..security import require, who
from ..services import services_of
from ..store import InvalidCursor
from ..store.ids import is_capture_id
from .captures import StoredCaptureDocument
from .documents import Document
from .filters import Cursor, Limit, VisitChoice, invalid_cursor

router = APIRouter(prefix="/v1/visits", tags=["visits"])
_MOST_SHOTS = 200


class VisitFilter(VisitChoice):
    """The query of a list of visits."""

    cursor: Cursor = None
    """`next_cursor` of the page before"""
    limit: Limit = 50
    """visits on a page"""


class VisitDocument(Document):
    """What one visitor left: the captures of a track that are still there, as one."""

    id: str
    """of the first capture"""
    camera: str
    track_id: int
    time: datetime
    """of the first shot"""
    last: datetime
    """of the last shot"""
    captures: int
    """how many"""
    mask: MaskAnswer
    """the most frequent known answer, on a tie that of the better shot; `unknown` where none is known"""
    quality: float | None
    """of the best shot"""
    best: StoredCaptureDocument
    """the capture of the highest quality, the earliest of several"""


class VisitWithShots(VisitDocument):
    """A visit and what it consists of."""

    shots: list[StoredCaptureDocument]
    """the best first, 200 at most; `/v1/captures?visit=` lists all"""


class VisitList(Document):
    """Visits, the newest first."""

    visits: list[VisitDocument]
    next_cursor: str | None
    """of the page that follows; null at the end"""


@router.get(
    "",
    summary="Visits, the newest first",
    response_model=VisitList,
    responses=responses(401, 403, 422, 429, 503),
    dependencies=[Depends(require("read"))],
)
async def list_visits(request: Request, wanted: Annotated[VisitFilter, Query()]) -> Response:
    """A page of visits by the time of their first shots. What comes meanwhile moves no page."""
    store = services_of(request).store
    try:
        page = await run_in_threadpool(store.visits, wanted.query())
    except InvalidCursor as error:
        raise invalid_cursor(error) from None
    return JSONResponse({"visits": [item.to_dict() for item in page.visits], "next_cursor": page.next_cursor})


@router.get(
    "/{id}",
    summary="One visit with its shots",
    response_model=VisitWithShots,
    responses=responses(401, 403, 404, 429, 503),
    dependencies=[Depends(require("read"))],
)
async def get_visit(request: Request, id: str) -> Response:
    """The visit of an id, and its captures, the best first."""
    store = services_of(request).store
    found = await run_in_threadpool(store.visit, id, _MOST_SHOTS) if is_capture_id(id) else None
    if found is None:
        raise _not_found(id)
    visit, shots = found
    return JSONResponse({**visit.to_dict(), "shots": [item.to_dict() for item in shots]})


@router.delete(
    "/{id}",
    summary="Remove a visit",
    status_code=204,
    response_class=Response,
    responses=responses(401, 403, 404, 429, 503),
    dependencies=[Depends(require("admin"))],
)
async def delete_visit(request: Request, id: str) -> Response:
    """Removes every capture of the visit, as `DELETE /v1/captures/{id}` does."""
    store = services_of(request).store
    if not is_capture_id(id) or not await run_in_threadpool(store.delete_visit, id, who(request)):
        raise _not_found(id)
    return Response(status_code=204)


def _not_found(identity: str) -> Problem:
    detail = f"there is no visit {identity[:40]!r}; all its captures may have been removed"
    return Problem(404, "visit_not_found", "No such visit", detail)
