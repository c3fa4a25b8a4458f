"""The shapes of answers, for the OpenAPI document. The answers themselves come from facecap."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from facecap import MaskAnswer

Probability = Annotated[float, Field(ge=0, le=1)]
Point = Annotated[list[float | None], Field(min_length=2, max_length=2)]
Landmarks = Annotated[list[Point], Field(min_length=5, max_length=5)]
Box = Annotated[list[float | None], Field(min_length=4, max_length=4)]


class Document(BaseModel):
    """Plain JSON types: pixels, degrees, seconds; time as RFC 3339; null where a number is not known."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Pose(Document):
    """Degrees."""

    yaw: float | None
    pitch: float | None
    roll: float | None


class PictureFace(Document):
    """A face of one picture alone."""

    box: Box
    """x1, y1, x2, y2 in pixels"""
    score: Probability
    landmarks: Landmarks
    """x, y in pixels: image-left eye, image-right eye, nose tip, mouth corners left and right"""
    quality: float | None
    pose: Pose
    face_prob: float | None = None
    """that it is a face, as the refiner says; not there without one"""
    not_a_face: bool | None = None
    """whether the refiner is sure that it is none; it has no mask answer then: null and `unknown`"""
    mask_prob: float | None
    incorrect_prob: float | None = None
    """of a mask that is worn wrongly; there where the model has this class and it is known"""
    mask: MaskAnswer


class PictureFaces(Document):
    """Every face of a picture."""

    width: int
    height: int
    faces: list[PictureFace]


class FrameFace(Document):
    """A face of a frame, on its track."""

    box: Box
    score: float | None
    landmarks: Landmarks
    track_id: int
    """from 1; 0 where no track was started"""
    stable: bool
    quality: float | None
    pose: Pose
    capture: bool
    """whether the face's shot was stored in this frame"""
    mask_prob: float | None
    incorrect_prob: float | None = None
    """of a mask that is worn wrongly; there where the model has this class and it is known"""
    reason: str | None
    """why the face was not captured"""


class CaptureDict(Document):
    """A captured face."""

    kind: Literal["first", "periodic", "lost", "flush"]
    track_id: int
    sequence: int
    frame: int
    shot_frame: int
    timestamp: datetime | None
    """of the shot"""
    box: Box
    landmarks: Landmarks
    score: float | None
    quality: float | None
    pose: Pose
    mask_prob: float | None
    incorrect_prob: float | None = None
    """of a mask that is worn wrongly; there where the model has this class and it is known"""
    mask: MaskAnswer


class FrameAnswer(Document):
    """What was found in a frame: `FrameResult.to_dict()` of facecap."""

    frame_index: int
    timestamp: datetime | None
    faces: list[FrameFace]
    captures: list[CaptureDict]
    timings: dict[str, float]
    """seconds a stage"""
    refined: int
    """faces that the refiner looked at"""
    classified: int
    """crops that went through the classifier"""
    skipped: bool
    """whether nothing moved, so that nothing was detected"""


class Flushed(Document):
    """What was captured when the visits ended."""

    captures: list[CaptureDict]
