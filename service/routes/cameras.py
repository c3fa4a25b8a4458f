"""Cameras: which there are, the end of a visit, and forgetting."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from ..problems import Problem, responses
from ..security import authorize, require, who
from ..services import services_of
from ..setting_kinds import CAMERA_NAME
from .camera_documents import CameraReport, CameraReports
from .documents import Flushed
from .frames import STORED, captures_header

router = APIRouter(prefix="/v1/cameras", tags=["cameras"])
CameraPath = Annotated[str, Path(pattern=f"^{CAMERA_NAME}$")]


@router.get(
    "",
    response_model=CameraReports,
    dependencies=[Depends(require("read"))],
    responses=responses(401, 403, 429),
)
async def list_cameras(request: Request) -> Response:
    """All cameras by name: at work, configured, or remembered because they sent once."""
    return JSONResponse({"cameras": services_of(request).camera_reports()})


@router.get(
    "/{camera}",
    response_model=CameraReport,
    dependencies=[Depends(require("read"))],
    responses=responses(401, 403, 404, 422, 429),
)
async def get_camera(request: Request, camera: CameraPath) -> Response:
    """One camera."""
    return JSONResponse(report_of(request, camera))


@router.get(
    "/{camera}/frame",
    dependencies=[Depends(require("read"))],
    response_class=Response,
    responses={
        200: {"description": "The picture", "content": {"image/jpeg": {}, "image/png": {}, "image/webp": {}}},
        **responses(401, 403, 404, 422, 429, 503),
    },
)
async def last_frame(request: Request, camera: CameraPath) -> Response:
    """The camera's last frame, where the setting page.show_frames allows it."""
    frame = await services_of(request).cameras.last_frame(camera)
    if frame is None:
        detail = f"no frame of {camera} is kept: the setting page.show_frames must be true"
        raise Problem(404, "no_frame", "No frame is kept", detail)
    return Response(frame, media_type=_media_type(frame))


@router.post(
    "/{camera}/flush",
    dependencies=[Depends(require("push"))],
    response_model=Flushed,
    responses={**STORED, **responses(401, 403, 404, 422, 429, 503)},
)
async def flush(request: Request, camera: CameraPath) -> Response:
    """Ends every visit: pending shots are emitted and kept in the store, tracks are forgotten."""
    captures, ids = await services_of(request).cameras.flush(camera)
    return JSONResponse({"captures": captures}, headers=captures_header(ids))


async def _may_forget(request: Request, remove: bool = False) -> None:
    authorize(request, "admin" if remove else "push")


@router.delete(
    "/{camera}",
    status_code=204,
    dependencies=[Depends(_may_forget)],
    responses=responses(401, 403, 404, 409, 422, 429, 503),
)
async def forget(request: Request, camera: CameraPath, remove: bool = False) -> Response:
    """Ends every visit as flush does, then forgets the camera: its frames may begin anew. Captures stay.

    With `remove` (scope admin) the camera is not listed any more either, until it sends again.
    """
    services = services_of(request)
    if not remove:
        stored = await services.cameras.forget(camera)
        return Response(status_code=204, headers=captures_header(stored))
    report_of(request, camera)
    if camera in services.settings.pullers or camera in services.settings.cameras.named:
        detail = f"the settings file names {camera}: take it out there"
        raise Problem(409, "set_in_file", "Set in the file", detail)
    ids: tuple[str, ...] = ()
    try:
        ids = await services.cameras.forget(camera)
    except Problem as problem:
        if problem.code != "unknown_camera":  # it is remembered, and not at work
            raise
    await run_in_threadpool(services.remembered.remove, camera, who(request))
    await run_in_threadpool(services.recordings.remove, camera)
    return Response(status_code=204, headers=captures_header(ids))


def report_of(request: Request, camera: str) -> dict[str, Any]:
    """What is known of a camera.

    Raises:
        Problem: 404 `unknown_camera`.
    """
    for report in services_of(request).camera_reports(camera):
        return report
    raise Problem(404, "unknown_camera", "No such camera", f"no camera {camera} ever sent a frame")


def _media_type(picture: bytes) -> str:
    return {b"\xff\xd8": "image/jpeg", b"\x89P": "image/png"}.get(picture[:2], "image/webp")
