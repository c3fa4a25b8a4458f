"""What can be set of a camera while the service runs: what it is called, and where faces count."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from ..frames.body import read_body
from ..openapi import request_body
from ..problems import responses
from ..security import require, who
from ..services import services_of
from .camera_documents import CameraSettingsChange, CameraSettingsDocument
from .cameras import CameraPath, report_of
from .json_body import parsed

router = APIRouter(prefix="/v1/cameras", tags=["cameras"])
_BODY_BYTES = 256 * 1024


@router.get(
    "/{camera}/settings",
    response_model=CameraSettingsDocument,
    dependencies=[Depends(require("read"))],
    responses=responses(401, 403, 404, 422, 429),
)
async def get_settings(request: Request, camera: CameraPath) -> Response:
    """Names and areas of a camera."""
    report_of(request, camera)
    own = services_of(request).own_settings
    return JSONResponse({**own.of(camera), "set_in_file": own.in_file(camera)})


@router.put(
    "/{camera}/settings",
    response_model=CameraSettingsDocument,
    dependencies=[Depends(require("admin"))],
    responses=responses(400, 401, 403, 404, 408, 409, 413, 422, 429, 503),
    openapi_extra={"requestBody": request_body(CameraSettingsChange)},
)
async def change_settings(request: Request, camera: CameraPath) -> Response:
    """Sets names and areas of a camera, at work at its next frame; kept through restarts."""
    services = services_of(request)
    source = report_of(request, camera)["source"]
    with services.intake.room(request, _BODY_BYTES):
        body = await read_body(request, _BODY_BYTES, services.settings.frames.receive_seconds)
    wanted = parsed(body, CameraSettingsChange, "invalid_settings", "Not settings of a camera")
    changed = wanted.model_dump(mode="json")
    await run_in_threadpool(services.own_settings.change, camera, source, changed, who(request))
    return await get_settings(request, camera)
