"""Other settings tried on what a camera's frames had."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from facecap import Areas
from facecap.replay import Change, Kind, Recording, ReplayedCapture, compare
from facecap.replay import replay as replayed

from ..frames.body import read_body
from ..moments import JsonMoment
from ..openapi import request_body
from ..problems import Problem, responses
from ..recordings import Kept, Recordings, TooMuch
from ..security import require
from ..services import services_of
from ..setting_kinds import CameraName
from ..store.times import rfc3339
from .documents import Box, Document
from .filters import check_range
from .json_body import parsed

router = APIRouter(tags=["replay"])

_BODY_BYTES = 256 * 1024
_LISTED = 1000
Value = bool | int | float | str | None
Polygons = list[list[list[float]]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class ReplayAreas(_Strict):
    """Where faces are captured: polygons of corners [x, y], shares of the frame's width and height."""

    ignore: Polygons = []
    only: Polygons = []


class ReplayRequest(_Strict):
    """What to try, on what."""

    camera: CameraName
    time_from: Annotated[JsonMoment | None, Field(alias="from")] = None
    """frames that came at this time or later, RFC 3339; all when not given"""
    time_to: Annotated[JsonMoment | None, Field(alias="to")] = None
    """frames that came before this time"""
    set: Annotated[dict[str, Value], Field(max_length=64)] = {}
    """settings of captures, by their names in [capture]"""
    slots: int | None = None
    """tracks that may hold a shot"""
    areas: ReplayAreas | None = None
    """in place of those that the camera had"""


class ReplayedCaptureDocument(Document):
    """A capture that a replay came to."""

    kind: str
    track_id: int
    """of the replay"""
    sequence: int
    frame: int
    """in which it is emitted"""
    shot_frame: int
    timestamp: datetime | None
    """of the shot, as the camera said it"""
    received: datetime | None
    """when the frame of the shot came"""
    box: Box
    score: float
    quality: float
    uncertain: bool
    """whether it may rest on what was assumed"""


class ReplayChange(Document):
    """A capture that the settings bring, take away or change."""

    change: Kind
    reason: str | None
    """of what appears, why that face was not captured before; of what goes, why it is not any more"""
    uncertain: bool
    """whether it may rest on what was assumed: a second look that nobody took, a check for duplicates"""
    before: ReplayedCaptureDocument | None
    after: ReplayedCaptureDocument | None


class ReplayCounts(Document):
    """Captures."""

    before: int
    after: int
    appears: int
    goes: int
    changes: int
    uncertain: int
    """of what appears, goes and changes"""


class ReplayAnswer(Document):
    """What the settings would make of the captures."""

    camera: str
    frames: int
    """that were kept of the time"""
    first: datetime
    """when the first of them came"""
    last: datetime
    counts: ReplayCounts
    changes: list[ReplayChange]
    """in the order of their frames, 1000 at most"""
    left_out: int
    """changes beyond those"""
    damaged: list[str]
    """recordings that could not be read, in sentences, 1000 at most"""


@router.post(
    "/v1/replay",
    summary="What other settings would make of a camera's captures",
    response_model=ReplayAnswer,
    responses=responses(400, 401, 403, 404, 408, 409, 413, 422, 429),
    dependencies=[Depends(require("admin"))],
    openapi_extra={"requestBody": request_body(ReplayRequest)},
)
async def try_settings(request: Request) -> Any:
    """Follows and captures the recorded faces of a camera again. Nothing is stored, no setting changes."""
    services = services_of(request)
    body = await read_body(request, _BODY_BYTES, services.settings.frames.receive_seconds)
    wanted = parsed(body, ReplayRequest, "invalid_replay", "The replay cannot be made")
    check_range(wanted.time_from, wanted.time_to, "from and to")
    recordings = services.recordings
    if not recordings.replaying.acquire(blocking=False):
        detail = "another replay is at work: ask again when it is done"
        raise Problem(429, "replay_busy", "One replay at a time", detail, {"Retry-After": "2"})
    try:
        return await run_in_threadpool(_answer, recordings, wanted)
    finally:
        recordings.replaying.release()


def _answer(recordings: Recordings, wanted: ReplayRequest) -> dict[str, Any]:
    begin = 0.0 if wanted.time_from is None else wanted.time_from.timestamp()
    end = float("inf") if wanted.time_to is None else wanted.time_to.timestamp()
    kept = _kept(recordings, wanted.camera, begin, end)
    came = [
        frame.received
        for recording in kept.recordings
        for frame in recording.frames
        if frame.received is not None and begin <= frame.received < end
    ]
    if not came:
        raise _nothing(recordings, wanted.camera, kept)
    changes: list[dict[str, Any]] = []
    counts = dict.fromkeys(ReplayCounts.model_fields, 0)
    for recording in kept.recordings:
        _replay(recording, wanted, (begin, end), changes, counts)
    return {
        "camera": wanted.camera,
        "frames": len(came),
        "first": _rfc3339(min(came)),
        "last": _rfc3339(max(came)),
        "counts": counts,
        "changes": changes[:_LISTED],
        "left_out": max(0, len(changes) - _LISTED),
        "damaged": kept.damaged[:_LISTED],
    }


def _kept(recordings: Recordings, camera: str, begin: float, end: float) -> Kept:
    try:
        return recordings.read(camera, begin, end)
    except TooMuch as error:
        raise Problem(422, "too_much_recorded", "Too much at once", str(error)) from None


def _nothing(recordings: Recordings, camera: str, kept: Kept) -> Problem:
    if kept.damaged:
        detail = "; ".join(kept.damaged[:5])
        return Problem(409, "recording_damaged", "What was recorded cannot be read", detail)
    if not recordings.on:
        detail = "frames are recorded while the setting replay.frames is true: set it, then let it send"
        return Problem(409, "not_recorded", "Frames are not recorded", detail)
    detail = f"nothing is recorded of {camera} in this time: it was not sending, or that is older than kept"
    return Problem(404, "nothing_recorded", "Nothing is recorded", detail)


def _replay(
    recording: Recording,
    wanted: ReplayRequest,
    time: tuple[float, float],
    changes: list[dict[str, Any]],
    counts: dict[str, int],
) -> None:
    """Add what the settings make of a recording to the changes and to the counts."""
    received = {frame.index: frame.received for frame in recording.frames}

    def within(capture: ReplayedCapture) -> bool:
        came = received.get(capture.frame)
        return came is not None and time[0] <= came < time[1]

    settings: dict[str, Any] = {**wanted.set}
    try:
        areas = None if wanted.areas is None else Areas(**wanted.areas.model_dump())
        before = replayed(recording)
        after = replayed(recording, replace(recording.config, **settings), areas=areas, slots=wanted.slots)
    except (ValueError, TypeError) as error:
        raise Problem(422, "invalid_replay", "The replay cannot be made", str(error)) from None
    counts["before"] += sum(map(within, before.captures))
    counts["after"] += sum(map(within, after.captures))
    for change in compare(before, after):
        if within(change.latest):
            counts[change.change] += 1
            counts["uncertain"] += change.uncertain
            changes.append(_document(change, received))


def _document(change: Change, received: dict[int, float | None]) -> dict[str, Any]:
    document = change.to_dict()
    for side in ("before", "after"):
        if document[side] is not None:
            came = received.get(document[side]["shot_frame"])
            document[side]["received"] = None if came is None else _rfc3339(came)
    return document


def _rfc3339(seconds: float) -> str:
    return rfc3339(datetime.fromtimestamp(seconds, timezone.utc))
