"""Whether the service lives, whether it works, and in what figures."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from ..metrics import CONTENT_TYPE
from ..problems import Problem, responses
from ..security import require
from ..services import services_of

router = APIRouter(tags=["health"])


@router.get("/livez", response_class=PlainTextResponse)
async def livez() -> Response:
    """The event loop answers; nothing is computed and nothing is asked."""
    return PlainTextResponse("ok\n")


@router.get("/readyz", response_class=PlainTextResponse, responses=responses(503))
async def readyz(request: Request) -> Response:
    """The models are loaded and the store answers."""
    services = services_of(request)
    if services.stopping.is_set():
        raise Problem(503, "shutting_down", "The service ends", "no new work is taken")
    if not await services.readiness.ready():
        detail = "the database or the folder of crops does not answer in time; the log may say why"
        raise Problem(503, "store_unavailable", "The store does not answer", detail)
    return PlainTextResponse("ok\n")


@router.get(
    "/metrics",
    dependencies=[Depends(require("read"))],
    response_class=PlainTextResponse,
    responses=responses(401, 403, 429),
)
async def metrics(request: Request) -> Response:
    """Figures in Prometheus form."""
    text = await run_in_threadpool(services_of(request).metrics.text)
    return Response(text, headers={"Content-Type": CONTENT_TYPE})
