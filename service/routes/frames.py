"""Frames of cameras, and pictures alone."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..cameras import PushedFrame
from ..frames.when import LARGEST_INDEX, frame_index, timestamp
from ..problems import Problem, responses
from ..security import authorize
from ..services import services_of
from .documents import FrameAnswer, PictureFaces
from .lean import LeanRoute
from .picture_body import REQUEST_BODY

router = APIRouter(tags=["frames"], route_class=LeanRoute)

CAPTURES_HEADER = "Facecap-Captures"
"""Ids of the captures that a request stored, separated by commas."""
STORED: dict[int | str, dict[str, Any]] = {
    200: {
        "headers": {
            CAPTURES_HEADER: {
                "description": "Ids of the captures that this stored, separated by commas.",
                "schema": {"type": "string"},
            }
        }
    }
}
"""Of an answer that has the header."""
_CAMERA: dict[str, Any] = {
    "name": "camera",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
}
_INDEX: dict[str, Any] = {
    "name": "frame_index",
    "in": "query",
    "description": "Grows from frame to frame; counted where none is given. Also as the header Frame-Index.",
    "schema": {"type": "integer", "minimum": 0, "maximum": LARGEST_INDEX},
}
_TIMESTAMP: dict[str, Any] = {
    "name": "timestamp",
    "in": "query",
    "description": "Seconds since 1970, not running back. Also as the header Timestamp.",
    "schema": {"type": "number"},
}


_FRAME: dict[str, Any] = {
    "path": "/v1/cameras/{camera}/frames",
    "summary": "One frame of a camera",
    "response_model": FrameAnswer,
    "responses": {**STORED, **responses(400, 401, 403, 408, 409, 413, 415, 422, 429, 500, 503)},
    "openapi_extra": {"parameters": [_CAMERA, _INDEX, _TIMESTAMP], "requestBody": REQUEST_BODY},
}


@router.put(**_FRAME, operation_id="put_frame")  # what some cameras can do alone
@router.post(**_FRAME)
async def push_frame(request: Request) -> Response:
    """Follows the camera's faces through this frame, and stores what is captured before it answers."""
    authorize(request, "push")
    services = services_of(request)
    camera = request.path_params["camera"]

    def refused(problem: Problem) -> None:
        services.cameras.refuse(camera, problem)

    try:
        index, seconds = frame_index(request), timestamp(request)
    except Problem as problem:
        refused(problem)
        raise
    services.cameras.admit(camera)
    async with services.intake.picture(request, refused) as picture:
        answer = await services.cameras.push(camera, PushedFrame(picture, index, seconds))
    return Response(answer.body, headers=captures_header(answer.captures), media_type="application/json")


@router.post(
    "/v1/detect",
    summary="Every face of one picture",
    response_model=PictureFaces,
    responses=responses(400, 401, 403, 408, 413, 415, 422, 429, 500, 503),
    openapi_extra={"requestBody": REQUEST_BODY},
)
async def detect(request: Request) -> Response:
    """Box, landmarks, score, quality, pose and mask of every face; nothing is kept."""
    authorize(request, "push")
    services = services_of(request)
    services.single.admit()
    async with services.intake.picture(request) as picture:
        body = await services.single.detect(picture)
    return Response(body, media_type="application/json")


def captures_header(ids: tuple[str, ...]) -> dict[str, str]:
    """The header that names stored captures."""
    return {CAPTURES_HEADER: ",".join(ids)} if ids else {}
