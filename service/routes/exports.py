"""Captures of a filter as a file."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from .. import exporting, spreadsheet
from ..problems import responses
from ..security import require, who
from ..services import services_of
from ..store.times import now
from .filters import CaptureChoice

router = APIRouter(tags=["captures"])


class ExportChoice(CaptureChoice):
    """Which captures, and as what."""

    form: Annotated[Literal["csv", "zip"], Field(alias="format")] = "csv"
    """csv: a table; zip: the table and the crops"""


@router.get(
    "/v1/captures/export",
    summary="All captures of a filter as a file",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"text/csv": {}, "application/zip": {}},
            "description": "The newest shot first. It is whole when the answer has ended in order.",
        },
        **responses(401, 403, 422, 429, 503),
    },
    dependencies=[Depends(require("read"))],
)
async def export_captures(request: Request, wanted: Annotated[ExportChoice, Query()]) -> StreamingResponse:
    """Made while it is sent, as fast as the client takes it. Of a capture that is removed meanwhile a zip has
    neither the crop nor the line of the table. The audit log has who exported what."""
    services = services_of(request)
    store, zone, query = services.store, services.settings.site.zone, wanted.query()
    said = {
        "format": wanted.form,
        "filter": wanted.said(),
        "captures": await run_in_threadpool(store.count, query),
    }
    await run_in_threadpool(store.note, who(request), "export", said)
    make, media_type = {
        "csv": (exporting.table, spreadsheet.MEDIA_TYPE),
        "zip": (exporting.archive, "application/zip"),
    }[wanted.form]
    name = f"captures-{now().astimezone(zone):%Y-%m-%d-%H%M}.{wanted.form}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(make(store, query, zone), media_type=media_type, headers=headers)
