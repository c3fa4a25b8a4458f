"""Captures of a filter as a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from .. import exporting, spreadsheet
from ..problems import Problem, responses
from ..security import require, who
from ..services import Services, services_of
from ..store.times import now
from .filters import CaptureChoice

router = APIRouter(tags=["captures"])


class ExportChoice(CaptureChoice):
    """Which captures, and as what."""

    form: Annotated[Literal["csv", "zip"], Field(alias="format")] = "csv"
    """csv: a table; zip: the table and the crops"""


class _Export(StreamingResponse):
    """Closes what it `held` when all is sent or the client has gone."""

    def __init__(self, held: ExitStack, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._held:
            await super().__call__(scope, receive, send)


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
    neither the crop nor the line of the table. The audit log has who exported what. Four zips at once."""
    services = services_of(request)
    store, zone, query = services.store, services.settings.site.zone, wanted.query()
    with ExitStack() as stack:
        if wanted.form == "zip":
            stack.enter_context(_place(services))
        said = {
            "format": wanted.form,
            "filter": wanted.said(),
            "captures": await run_in_threadpool(store.count, query),
        }
        await run_in_threadpool(store.note, who(request), "export", said)
        held = stack.pop_all()
    make, media_type = {
        "csv": (exporting.table, spreadsheet.MEDIA_TYPE),
        "zip": (exporting.archive, "application/zip"),
    }[wanted.form]
    name = f"captures-{now().astimezone(zone):%Y-%m-%d-%H%M}.{wanted.form}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return _Export(held, make(store, query, zone), media_type=media_type, headers=headers)


@contextmanager
def _place(services: Services) -> Iterator[None]:
    if not services.zips.acquire(blocking=False):
        detail = "other zips are being exported: ask again when one of them is done"
        raise Problem(429, "export_busy", "Too many exports at once", detail, {"Retry-After": "30"})
    try:
        yield
    finally:
        services.zips.release()
