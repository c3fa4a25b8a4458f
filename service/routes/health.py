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
    """The models are loaded, a capture could be stored, and the cluster, if there is one, is there."""
    services = services_of(request)
    if services.stopping.is_set():
        raise Problem(503, "shutting_down", "The service ends", "no new work is taken")
    problem = await services.readiness.problem()
    if problem is not None:
        raise problem
    return PlainTextResponse("ok\n")


@router.get(
    "/metrics",
    dependencies=[Depends(require("read"))],
    response_class=PlainTextResponse,
    responses=responses(401, 403, 429),
)
async def metrics(request: Request) -> Response:
    """Figures in Prometheus form."""
    services = services_of(request)
    await services.readiness.can_store()  # since when not is one of the figures
    text = await run_in_threadpool(services.metrics.text)
    return Response(text, headers={"Content-Type": CONTENT_TYPE})
