"""What comes out of the pipeline: a frame's faces and captures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from facecap._core import rounded_list
from facecap._mask_classifier import MaskAnswer
from facecap._refiner import Refinements

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
FIRST_SECOND = (datetime(1, 1, 1, tzinfo=timezone.utc) - _EPOCH).total_seconds()
LAST_SECOND = (datetime(9999, 12, 31, tzinfo=timezone.utc) - _EPOCH).total_seconds()
"""What can be written as RFC 3339, in seconds since 1970."""


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The faces of one frame as parallel arrays, in order of descending score."""

    boxes: NDArray[np.float32]
    """(N, 4) x1, y1, x2, y2 in pixels."""
    scores: NDArray[np.float32]
    """(N,) detector's probability, 0 to 1."""
    landmarks: NDArray[np.float32]
    """(N, 5, 2) x, y in pixels: image-left eye, image-right eye, nose tip, mouth corners left and right."""
    track_ids: NDArray[np.int64]
    """(N,) from 1; 0 where no track was started."""
    stable: NDArray[np.bool_]
    """(N,) whether the track has left probation."""
    quality: NDArray[np.float32]
    """(N,) about -0.2 to 1.5; 0 for a face outside the limits of size and pose."""
    pose: NDArray[np.float32]
    """(N, 3) yaw, pitch, roll in degrees; nan where degenerate."""
    capture: NDArray[np.bool_]
    """(N,) whether the face's shot was stored in this frame."""
    mask_prob: NDArray[np.float32]
    """(N,) P(mask) of the track's stored shot; nan where not known."""
    incorrect_prob: NDArray[np.float32]
    """(N,) P(incorrect) of the same shot; nan where not known or no class of the model."""
    reasons: tuple[str | None, ...]
    """Why each face was not captured; None where it was."""
    laplacian: NDArray[np.float32] | None = None
    """(N,) variance of the Laplacian between eyes and mouth; nan where the quality method asks for none."""
    looks: Refinements | None = None
    """What the refiner said of each face; nan where it was not asked."""

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """A captured face: crop, answer and event."""

    kind: Literal["first", "periodic", "lost", "flush"]
    track_id: int
    sequence: int
    """From 1 in the track."""
    frame: int
    """Frame in which the shot was emitted."""
    shot_frame: int
    """Frame that the shot was taken in."""
    timestamp: float | None
    """Of the shot, in seconds, as handed to `process`."""
    box: NDArray[np.float32]
    """(4,) x1, y1, x2, y2 in pixels of the shot's frame."""
    landmarks: NDArray[np.float32]
    """(5, 2) x, y in pixels of the shot's frame; the refiner's, where there is one."""
    score: float
    quality: float
    pose: tuple[float, float, float]
    """Yaw, pitch, roll in degrees."""
    crop: NDArray[np.uint8] = field(repr=False)
    """(112, 112, 3) in the colour order of the frame."""
    mask_prob: float
    """P(mask); nan where not known."""
    mask: MaskAnswer
    incorrect_prob: float = math.nan
    """P(incorrect), of a mask that is worn wrongly; nan where not known or no class of the model."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, without the crop; `incorrect_prob` is there where it is known."""
        document = {
            "kind": self.kind,
            "track_id": self.track_id,
            "sequence": self.sequence,
            "frame": self.frame,
            "shot_frame": self.shot_frame,
            "timestamp": _rfc3339(self.timestamp),
            "box": rounded_list(self.box, 3),
            "landmarks": rounded_list(self.landmarks, 3),
            "score": _number(self.score),
            "quality": _number(self.quality),
            "pose": _pose([_number(angle, 3) for angle in self.pose]),
            "mask_prob": _number(self.mask_prob),
            "incorrect_prob": _number(self.incorrect_prob),
            "mask": self.mask,
        }
        return _without_unknown_incorrect(document)


@dataclass(frozen=True, slots=True, eq=False)
class FrameResult:
    """What `FaceCapture.process` found in one frame."""

    frame_index: int
    timestamp: float | None
    """In seconds, as handed to `process`."""
    faces: Faces
    captures: list[Capture]
    timings: dict[str, float]
    """Seconds a stage."""
    refined: int
    """Faces that the refiner looked at in this frame."""
    classified: int
    """Crops that went through the classifier in this frame."""
    skipped: bool = False
    """Whether nothing moved, so that nothing was detected; there are no faces then."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types: pixels, degrees, seconds; time as RFC 3339; null where a number is not known.
        A face has `incorrect_prob` where it is known."""
        faces = self.faces
        columns = {
            "box": rounded_list(faces.boxes, 3),
            "score": rounded_list(faces.scores, 6),
            "landmarks": rounded_list(faces.landmarks, 3),
            "track_id": faces.track_ids.tolist(),
            "stable": faces.stable.tolist(),
            "quality": rounded_list(faces.quality, 6),
            "pose": [_pose(angles) for angles in rounded_list(faces.pose, 3)],
            "capture": faces.capture.tolist(),
            "mask_prob": rounded_list(faces.mask_prob, 6),
            "incorrect_prob": rounded_list(faces.incorrect_prob, 6),
            "reason": faces.reasons,
        }
        rows = (dict(zip(columns, face, strict=True)) for face in zip(*columns.values(), strict=True))
        return {
            "frame_index": self.frame_index,
            "timestamp": _rfc3339(self.timestamp),
            "faces": [_without_unknown_incorrect(row) for row in rows],
            "captures": [capture.to_dict() for capture in self.captures],
            "timings": {stage: round(seconds, 6) for stage, seconds in self.timings.items()},
            "refined": self.refined,
            "classified": self.classified,
            "skipped": self.skipped,
        }


def _without_unknown_incorrect(document: dict[str, Any]) -> dict[str, Any]:
    """What a model of two classes says looks as ever to files and services that know no third."""
    if document["incorrect_prob"] is None:
        del document["incorrect_prob"]
    return document


def _number(value: float, digits: int = 6) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None


def _pose(angles: Sequence[float | None]) -> dict[str, float | None]:
    return dict(zip(("yaw", "pitch", "roll"), angles, strict=True))


def _rfc3339(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    moment = _EPOCH + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
