"""What can be set of cameras: of all together, of each by its name, and of those that the service reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, model_validator

from .capture_settings import CaptureOverrides
from .schedule import Schedule
from .setting_kinds import CAMERA_NAME, Count, Days, Hours, Label, Polygons, Seconds, Section, Size


class CameraSettings(Section):
    """What a camera has of its own."""

    display_name: Label | None = None
    """what people call it, in any script"""
    area: Label | None = None
    """where it stands"""
    capture: CaptureOverrides = CaptureOverrides()
    """keys of [capture] that differ here"""
    input_size: Size = None
    """width and height of the detector's input in pixels, in place of pipeline.input_size"""
    score_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    """least score of a face, in place of pipeline.score_threshold"""
    hours: Hours = ()
    """when its frames are worked on, as 07:00-19:00 or 22:00-06:00, by the clock of site.time_zone; always
    when not given"""
    days: Days = ()
    """mon to sun, on which the hours begin; all when not given"""
    ignore: Polygons = ()
    """areas in which faces are not captured: polygons of [x, y], 0 to 1 of the width and height"""
    only: Polygons = ()
    """areas outside of which faces are not captured"""

    def schedule(self, zone: ZoneInfo) -> Schedule | None:
        """When the camera is at work; None: always."""
        return Schedule(self.hours, self.days, zone) if self.hours or self.days else None


class Cameras(Section):
    """How many cameras, and what each may leave waiting."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, CameraSettings] = Field(init=False)

    max_cameras: Count = 64
    """cameras at once; those of [pullers] have their places among them"""
    queue: Count = 8
    """frames of one camera that may wait, the one at work included; beyond it 429"""
    idle_seconds: Seconds = 300.0
    """a camera without a frame that can be taken for so long is forgotten; its pending captures are stored"""
    threads: Annotated[int, Field(ge=0)] = 0
    """that work on frames; 0: one a core"""
    detect_queue: Count = 16
    """single pictures of /v1/detect that may wait"""
    offline_seconds: Seconds = 10.0
    """a camera without a frame that can be taken for so long is offline"""
    board_offline_seconds: Seconds = 86400.0
    """a board without a capture for so long is offline"""

    @property
    def named(self) -> dict[str, CameraSettings]:
        """Cameras with settings of their own, by name."""
        return self.__pydantic_extra__ or {}

    @model_validator(mode="before")
    @classmethod
    def _are_apart(cls, given: Any) -> Any:
        for name in cls.model_fields if isinstance(given, Mapping) else ():
            if isinstance(given.get(name), Mapping):
                raise ValueError(f"{name} is a setting of all cameras: one of this name has none of its own")
        return given

    @model_validator(mode="after")
    def _have_names(self) -> Cameras:
        for name in self.named:
            if not re.fullmatch(CAMERA_NAME, name):
                raise ValueError(
                    f"{name!r} is no name of a camera, wanted 1 to 64 letters, digits, dots, hyphens or "
                    "underscores, a letter or digit first"
                )
        return self


class Puller(Section):
    """A camera that the service reads by itself."""

    url: Annotated[str, Field(pattern=r"^(rtsp|rtsps|http|https)://")]
    """rtsp://… or http://… (Motion JPEG)"""
