"""Stored captures: lists, one, its crop, and its removal."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from ..problems import Problem, responses
from ..security import require, who
from ..services import services_of
from ..store import CaptureQuery, CountDiffers, InvalidCursor, PartlyRemoved, StoredCapture
from ..store.ids import is_capture_id
from .documents import CaptureDict, Document
from .filters import CaptureChoice, Cursor, Limit, invalid_cursor

router = APIRouter(prefix="/v1/captures", tags=["captures"])


class CaptureFilter(CaptureChoice):
    """The query of a list of captures."""

    cursor: Cursor = None
    """`next_cursor` of the page before"""
    limit: Limit = 50
    """captures on a page"""


class CaptureRemoval(CaptureChoice):
    """Which captures are removed, and how many they are."""

    everything: Annotated[bool, Field(alias="all")] = False
    """every capture; in place of a filter"""
    expect: Annotated[int, Field(ge=0)] | None = None
    """how many captures the filter chooses"""

    def query(self) -> CaptureQuery:
        """As the store takes it.

        Raises:
            Problem: as of every choice, and 422 `no_filter`: there is none, or there is one besides `all`.
        """
        if self.everything == bool(self.said()):
            detail = "wanted a filter, such as camera or to, or all=true without one to remove every capture"
            raise Problem(422, "no_filter", "Which captures?", detail)
        return super().query()


class RemovedCaptures(Document):
    """What was removed."""

    removed: int
    """captures"""


class Shots(Document):
    """The shots that a capture was chosen from, since its track began or since the capture before."""

    shots: int
    """how many"""
    lost: dict[str, int]
    """how many of them were not taken, by reason; `superseded`: kept until a better one came"""


class StoredCaptureDocument(CaptureDict):
    """A capture as facecap emitted it, and where it is kept."""

    id: str
    """sorts by arrival"""
    camera: str
    received: datetime
    """when it came"""
    time: datetime
    """when the shot was taken; `received` where the camera's clock was never set"""
    visit_id: str | None
    """of the visit that it belongs to"""
    crop: str
    """path of the crop, a PNG"""
    visit: Shots | None = None
    """none of captures that boards pushed"""


class CapturePage(Document):
    """Captures, the newest shot first."""

    captures: list[StoredCaptureDocument]
    next_cursor: str | None
    """of the page that follows; null at the end"""


@router.get(
    "",
    summary="Stored captures, the newest shot first",
    response_model=CapturePage,
    responses=responses(401, 403, 422, 429, 503),
    dependencies=[Depends(require("read"))],
)
async def list_captures(request: Request, wanted: Annotated[CaptureFilter, Query()]) -> Response:
    """A page of captures. A capture that comes meanwhile moves no page: what a cursor leads to is what
    followed when it was issued."""
    store = services_of(request).store
    try:
        page = await run_in_threadpool(store.captures, wanted.query())
    except InvalidCursor as error:
        raise invalid_cursor(error) from None
    return JSONResponse(
        {"captures": [item.to_dict() for item in page.captures], "next_cursor": page.next_cursor}
    )


@router.get(
    "/{id}",
    summary="One stored capture",
    response_model=StoredCaptureDocument,
    responses=responses(401, 403, 404, 429, 503),
    dependencies=[Depends(require("read"))],
)
async def get_capture(request: Request, id: str) -> Response:
    """The capture of an id."""
    return JSONResponse((await _capture(request, id)).to_dict())


@router.get(
    "/{id}/crop",
    summary="The crop of a capture",
    response_class=Response,
    responses={
        200: {"content": {"image/png": {}}, "description": "The crop, as it was captured or pushed."},
        304: {"description": "The crop of `If-None-Match`."},
        **responses(401, 403, 404, 429, 503),
    },
    dependencies=[Depends(require("read"))],
)
async def get_crop(request: Request, id: str) -> Response:
    """The crop of a capture never changes: it may be kept by the client, not by caches between."""
    capture = await _capture(request, id)
    etag = f'"{capture.crop}"'
    headers = {"etag": etag, "cache-control": "private, max-age=31536000, immutable"}
    if _matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    png = await run_in_threadpool(services_of(request).store.crop, capture.crop)
    if png is None:
        raise _not_found(id)
    return Response(png, media_type="image/png", headers=headers)


@router.delete(
    "",
    summary="Remove all captures of a filter",
    responses=responses(401, 403, 409, 422, 428, 429, 503),
    dependencies=[Depends(require("admin"))],
)
async def delete_captures(request: Request, wanted: Annotated[CaptureRemoval, Query()]) -> RemovedCaptures:
    """Removes captures as `DELETE /v1/captures/{id}` does, those that come meanwhile aside. Without `expect`,
    or with another number than there are, nothing is removed and the problem's `count` has the number. Where
    it fails in the midst, its `removed` says how many are gone; they stay so."""
    services = services_of(request)
    query = wanted.query()
    if wanted.expect is None:
        count = await run_in_threadpool(services.store.count, query)
        detail = f"the filter chooses {count} captures: send it again with expect={count} to remove them"
        raise Problem(428, "count_needed", "Say how many", detail, more={"count": count})
    try:
        removed = await run_in_threadpool(
            services.store.delete_captures,
            query,
            wanted.expect,
            who(request),
            wanted.said(),
            services.stopping.is_set,
        )
    except CountDiffers as error:
        detail = f"{error}, not {wanted.expect}: nothing was removed"
        raise Problem(409, "count_differs", "Not so many", detail, more={"count": error.count}) from None
    except PartlyRemoved as error:
        detail = f"{error.removed} captures were removed, then it failed ({error}): ask for the rest again"
        more = {"removed": error.removed}
        raise Problem(503, "partly_removed", "Not all were removed", detail, more=more) from None
    return RemovedCaptures(removed=removed)


@router.delete(
    "/{id}",
    summary="Remove a capture",
    status_code=204,
    response_class=Response,
    responses=responses(401, 403, 404, 429, 503),
    dependencies=[Depends(require("admin"))],
)
async def delete_capture(request: Request, id: str) -> Response:
    """Removes the capture, its event, and its crop where no other capture has the same."""
    store = services_of(request).store
    if not is_capture_id(id) or not await run_in_threadpool(store.delete, id, who(request)):
        raise _not_found(id)
    return Response(status_code=204)


async def _capture(request: Request, identity: str) -> StoredCapture:
    store = services_of(request).store
    capture = await run_in_threadpool(store.capture, identity) if is_capture_id(identity) else None
    if capture is None:
        raise _not_found(identity)
    return capture


def _not_found(identity: str) -> Problem:
    return Problem(
        404,
        "capture_not_found",
        "No such capture",
        f"there is no capture {identity[:40]!r}; it may have been removed, or was too old to be kept",
    )


def _matches(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags
