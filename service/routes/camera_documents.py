"""What is said of cameras, for the OpenAPI document; the answers come from `service.camera_reports`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from ..cameras.trouble import Kind
from ..setting_kinds import Label, Polygons
from ..store.camera_table import Source
from .documents import Document


class PullerReport(Document):
    """How the service gets on with a camera that it reads by itself."""

    address: str
    """scheme, host and port; the rest stays in the configuration"""
    state: Literal["connecting", "streaming", "retrying", "resting", "stopped"]
    """resting: it is outside of the camera's hours"""
    detail: str | None
    """what went wrong last"""
    reconnects: int
    dropped: int
    """frames that came while an earlier one was at work"""


class LackingValues(Document):
    """The number that keeps faces from being captured."""

    setting: str
    """of [capture]"""
    have: float | None
    """of the last such face, in the setting's unit; null where it is not known"""
    wanted: float
    """what the setting asks for"""


class Trouble(Document):
    """Something that is wrong with a camera.

    `moving`: in a cluster, its process does not answer. `lost_stream`: the service cannot read it. `silent`:
    it sent once and is offline. `store_failing`: its captures wait. `refused`: frames were refused in the
    last minute. `no_capture`: faces were seen in the last minute, and of none a shot was taken.
    """

    kind: Kind
    since: datetime | None
    detail: str
    """an English sentence"""
    code: str | None
    """of `refused` the problem's code, of `no_capture` the most frequent reason"""
    count: int | None
    """frames, faces or captures that it is about"""
    values: LackingValues | None
    """of `no_capture`, where one setting decides"""


class ScheduleReport(Document):
    """A camera's hours."""

    open: bool
    """whether frames are worked on now"""
    until: datetime | None
    """when that changes"""


class CameraReport(Document):
    """A camera that is at work, or configured, or that ever sent and was not removed."""

    name: str
    display_name: str | None
    """what people call it"""
    area: str | None
    """where it stands"""
    source: Source
    """board: it pushes captures that it made itself"""
    online: bool
    """whether it sent within cameras.offline_seconds, a board within cameras.board_offline_seconds"""
    since: datetime | None
    """since when it is online or offline; null: it never sent"""
    last_seen: datetime | None
    """last frame or capture, of an earlier process too"""
    schedule: ScheduleReport | None
    """null: it is always at work"""
    trouble: list[Trouble]
    """worst first"""
    queue: int
    """frames that wait, the one at work included"""
    frames: dict[str, int]
    """by result: ok, repeated, off_hours, or a problem's code; since the camera began, or began anew"""
    skipped: int
    """of those that are ok: without detection, as nothing moved"""
    captures: int
    """that were stored of these frames"""
    size: Annotated[list[int], Field(min_length=2, max_length=2)] | None
    """width and height of the last frame"""
    last_frame_index: int | None
    last_frame_received: datetime | None
    shown: bool
    """whether the last frame is kept, to be shown"""
    puller: PullerReport | None = None
    node: str | None = None
    """in a cluster: id of the Ray node that it is at work on"""


class CameraReports(Document):
    """All cameras, by name."""

    cameras: list[CameraReport]


class CameraSettingsChange(Document):
    """What can be set of a camera at run time; what is left out is unset."""

    display_name: Label | None = None
    """what people call it, in any script"""
    area: Label | None = None
    """where it stands"""
    ignore: Polygons = ()
    """areas in which faces are not captured: polygons of [x, y], 0 to 1 of the width and height"""
    only: Polygons = ()
    """areas outside of which faces are not captured"""


class CameraSettingsDocument(CameraSettingsChange):
    """What applies to a camera."""

    set_in_file: list[str]
    """what the settings file sets: it cannot be changed here"""
