"""Captures that boards push: they have found and classified the face themselves."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from facecap import MaskAnswer
from facecap.sources import Limits, PictureError, decode_picture, picture_kind

from ..frames.body import read_body
from ..openapi import request_body
from ..problems import Problem, responses
from ..security import require
from ..services import services_of
from ..store import KeyReused, NewCapture, Store, StoredCapture, StoreError
from .cameras import CameraPath
from .frames import captures_header
from .json_body import parsed

router = APIRouter(tags=["captures"])

CROP_BYTES = 1024 * 1024
SMALLEST, LARGEST = 112, 1024
_BODY_BYTES = CROP_BYTES * 4 // 3 + 64 * 1024
Probability = Annotated[float, Field(ge=0, le=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Whole = Annotated[int, Field(ge=0, le=2**53 - 1, strict=True)]
Point = Annotated[list[Finite | None], Field(min_length=2, max_length=2)]
_RFC3339 = r"^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$"


def _is_a_date(text: str) -> str:
    TypeAdapter(AwareDatetime).validate_python(text)
    return text


Moment = Annotated[
    str,
    Field(pattern=_RFC3339, max_length=40, json_schema_extra={"format": "date-time"}),
    AfterValidator(_is_a_date),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class PushedPose(_Strict):
    """Degrees."""

    yaw: Finite | None
    pitch: Finite | None
    roll: Finite | None


class PushedLine(_Strict):
    """A line of captures.jsonl."""

    kind: Literal["first", "periodic", "lost", "flush"]
    track_id: Whole
    sequence: Whole
    frame: Whole
    shot_frame: Whole
    timestamp: Moment | None
    box: Annotated[list[Finite | None], Field(min_length=4, max_length=4)]
    landmarks: Annotated[list[Point], Field(min_length=5, max_length=5)]
    score: Finite | None
    quality: Finite | None
    pose: PushedPose
    mask_prob: Probability | None
    incorrect_prob: Probability | None = None
    """of a mask that is worn wrongly; of models with this class alone"""
    mask: MaskAnswer
    crop: Annotated[str, Field(max_length=255)] | None = None
    """name of the crop on the board; not kept"""


class PushedCapture(_Strict):
    """A capture and its crop."""

    capture: PushedLine
    crop: str
    """base64 of a PNG of 112x112 to 1024x1024 pixels and at most 1 MiB"""


@router.post(
    "/v1/cameras/{camera}/captures",
    summary="A capture that a board made itself",
    status_code=201,
    dependencies=[Depends(require("push"))],
    response_class=Response,
    responses={
        201: {"description": "Stored; the header Facecap-Captures has its id"},
        200: {"description": "Known already under this Idempotency-Key"},
        **responses(400, 401, 403, 408, 409, 413, 422, 429, 503),
    },
    openapi_extra={"requestBody": request_body(PushedCapture)},
)
async def push_capture(
    request: Request,
    camera: CameraPath,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> Response:
    """Stores it; when this is answered it is on the disk."""
    services = services_of(request)
    with services.intake.room(request, _BODY_BYTES):
        body = await read_body(request, _BODY_BYTES, services.settings.frames.receive_seconds)
        stored = await run_in_threadpool(_store, services.store, camera, body, idempotency_key)
    services.remembered.seen(camera, "board")
    headers = captures_header((stored.id,))
    return Response(status_code=200 if stored.known else 201, headers=headers)


def _store(store: Store, camera: str, body: bytes, key: str | None) -> StoredCapture:
    pushed = parsed(body, PushedCapture, "invalid_capture", "Not a capture")
    crop = _checked_crop(pushed.crop)
    # What the board left out stays away: a repeated push must be the same one to every version.
    capture = pushed.capture.model_dump(exclude={"crop"}, exclude_unset=True)
    if capture.get("incorrect_prob", 0) is None:
        del capture["incorrect_prob"]  # not known is not there, as everywhere
    try:
        return store.add(camera, [NewCapture(capture, crop)], key)[0]
    except (ValueError, TypeError) as error:
        raise Problem(422, "invalid_capture", "Not a capture", str(error)) from None
    except KeyReused as error:
        raise Problem(
            409, "idempotency_key_reused", "The key came with another capture", str(error)
        ) from None
    except StoreError:
        detail = "the store cannot take captures: send it again later"
        raise Problem(503, "store_unavailable", "The store is away", detail, {"Retry-After": "1"}) from None


def _checked_crop(text: str) -> bytes:
    """The PNG, decoded once to see that it is whole."""
    try:
        crop = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Problem(422, "invalid_crop", "Not a crop", "crop is not base64") from None
    if len(crop) > CROP_BYTES:
        raise Problem(413, "crop_too_large", "The crop is too large", f"wanted at most {CROP_BYTES} bytes")
    if picture_kind(crop[:12]) != "png":
        raise Problem(422, "invalid_crop", "Not a crop", "crop is not a PNG")
    try:
        height, width = decode_picture(crop, Limits(pixels=LARGEST * LARGEST, bytes=CROP_BYTES)).shape[:2]
    except PictureError as error:
        raise Problem(422, "invalid_crop", "Not a crop", f"crop cannot be used: {error}") from None
    if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
        wanted = f"wanted {SMALLEST} to {LARGEST} pixels a side"
        raise Problem(422, "invalid_crop", "Not a crop", f"crop has {width}x{height} pixels, {wanted}")
    return crop
