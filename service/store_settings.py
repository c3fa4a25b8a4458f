"""What is kept: where, how much and how long."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from .setting_kinds import Limit, Seconds, Section


class Store(Section):
    """Where captures are kept."""

    url: str = "sqlite:///facecap.db"
    """Database: sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/NAME"""
    folder: Path = Path("crops")
    """folder of the crops"""
    crops: Literal["folder", "database"] = "folder"
    """where new crops go: into the folder, or the database where that is PostgreSQL; those in the other place
    stay to be seen"""


class Retention(Section):
    """How long captures are kept."""

    max_days: Limit = 30.0
    """captures that came longer ago are removed; 0: no limit"""
    max_bytes: Annotated[int, Field(ge=0)] = 0
    """of all crops together; beyond it the oldest captures are removed. 0: no limit"""
    events_max_days: Limit = 7.0
    """events that are older are removed: so long a client or a webhook may be away; 0: no limit"""
    audit_max_days: Limit = 365.0
    """entries of the audit log that are older are removed; 0: no limit"""
    interval_seconds: Seconds = 600.0
    """between two looks at what is to be removed"""
    grace_seconds: Seconds = 3600.0
    """a file that belongs to no capture, as a crash may leave one, is left alone for so long"""


class Replay(Section):
    """What is kept of every frame, to try other settings on."""

    frames: bool = False
    """keep boxes, points and scores of all faces of all frames, never pixels: POST /v1/replay needs them"""
    keep_hours: Annotated[float, Field(gt=0, le=24 * 366)] = 24.0
    """what came longer ago is removed"""
    max_bytes: Annotated[int, Field(ge=1024 * 1024)] = 512 * 1024 * 1024
    """of all of it; beyond it the oldest is removed"""
