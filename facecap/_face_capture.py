"""The whole pipeline: frames in, captured faces with a mask answer out."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from facecap import _core
from facecap._checks import MOST_SLOTS, OneThread, check_image, check_whole
from facecap._config import CaptureConfig
from facecap._detector import Detector
from facecap._embedder import Embedder
from facecap._mask_classifier import MaskClassifier

_log = logging.getLogger("facecap")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_FIRST_SECOND = (datetime(1, 1, 1, tzinfo=timezone.utc) - _EPOCH).total_seconds()
_LAST_SECOND = (datetime(9999, 12, 31, tzinfo=timezone.utc) - _EPOCH).total_seconds()


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
    reasons: tuple[str | None, ...]
    """Why each face was not captured; None where it was."""

    def __len__(self) -> int:
        return len(self.scores)


@dataclass(frozen=True, slots=True, eq=False)
class Capture:
    """A face that was given out."""

    kind: Literal["first", "periodic", "lost", "flush"]
    track_id: int
    sequence: int
    """From 1 in the track."""
    frame: int
    """Frame in which the capture was given out."""
    shot_frame: int
    """Frame that the shot was taken in."""
    timestamp: float | None
    """Of the shot, in seconds, as handed to `process`."""
    box: NDArray[np.float32]
    """(4,) x1, y1, x2, y2 in pixels of the shot's frame."""
    landmarks: NDArray[np.float32]
    """(5, 2) x, y in pixels of the shot's frame."""
    score: float
    quality: float
    pose: tuple[float, float, float]
    """Yaw, pitch, roll in degrees."""
    crop: NDArray[np.uint8] = field(repr=False)
    """(112, 112, 3) in the colour order of the frame."""
    mask_prob: float
    """P(mask); nan where not known."""
    mask: Literal["mask", "no_mask", "unknown"]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, without the crop."""
        return {
            "kind": self.kind,
            "track_id": self.track_id,
            "sequence": self.sequence,
            "frame": self.frame,
            "shot_frame": self.shot_frame,
            "timestamp": _rfc3339(self.timestamp),
            "box": _numbers(self.box),
            "landmarks": [_numbers(point) for point in self.landmarks],
            "score": _number(self.score),
            "quality": _number(self.quality),
            "pose": _pose(self.pose),
            "mask_prob": _number(self.mask_prob),
            "mask": self.mask,
        }


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
    classified: int
    """Crops that went through the classifier in this frame."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types: pixels, degrees, seconds; time as RFC 3339; null where a number is not known."""
        faces = self.faces
        return {
            "frame_index": self.frame_index,
            "timestamp": _rfc3339(self.timestamp),
            "faces": [
                {
                    "box": _numbers(faces.boxes[i]),
                    "score": _number(faces.scores[i]),
                    "landmarks": [_numbers(point) for point in faces.landmarks[i]],
                    "track_id": int(faces.track_ids[i]),
                    "stable": bool(faces.stable[i]),
                    "quality": _number(faces.quality[i]),
                    "pose": _pose(faces.pose[i]),
                    "capture": bool(faces.capture[i]),
                    "mask_prob": _number(faces.mask_prob[i]),
                    "reason": faces.reasons[i],
                }
                for i in range(len(faces))
            ],
            "captures": [capture.to_dict() for capture in self.captures],
            "timings": {stage: round(seconds, 6) for stage, seconds in self.timings.items()},
            "classified": self.classified,
        }


class FaceCapture:
    """Detects, follows, gates, crops and classifies, frame after frame of one camera.

    Args:
        config: when a shot is kept and given out; the defaults of `CaptureConfig` where None.
        detector: None for the default model. One may be given to several cameras: they share its weights and
            nothing else.
        classifier: None for the default mask model.
        embedder: with one, a person who was captured is not captured again on a new track
            (reason `duplicate_identity`).
        slots: how many tracks may hold a shot at once, at least 1.

    Raises:
        ModelError: a model cannot be used.
        ValueError, TypeError: an argument is out of range or of the wrong kind.
    """

    def __init__(
        self,
        config: CaptureConfig | None = None,
        *,
        detector: Detector | None = None,
        classifier: MaskClassifier | None = None,
        embedder: Embedder | None = None,
        slots: int = 10,
    ) -> None:
        self.config = config if config is not None else CaptureConfig()
        self.detector = detector if detector is not None else Detector()
        self.classifier = classifier if classifier is not None else MaskClassifier()
        self.embedder = embedder
        for name, part, kind in (
            ("config", self.config, CaptureConfig),
            ("detector", self.detector, Detector),
            ("classifier", self.classifier, MaskClassifier),
            ("embedder", embedder, Embedder | None),
        ):
            if not isinstance(part, kind):
                raise TypeError(f"{name} is {type(part).__name__}, wanted {getattr(kind, '__name__', kind)}")
        self._core = _core.FaceCapture(
            self.config._core,
            self.detector._core,
            self.classifier._core,
            embedder._core if embedder is not None else None,
            check_whole("slots", slots, 1, MOST_SLOTS),
        )
        trained = self.classifier.info["manifest"]["classifier"]["crop_border"]
        if abs(trained - self.config.crop_border) > 1e-6:
            _log.warning(
                "crop_border is %g, but the mask model was trained on crops with %g: its answers may suffer",
                self.config.crop_border,
                trained,
            )
        self._one_thread = OneThread("FaceCapture")
        self._stage_error = ""

    def process(
        self,
        image: NDArray[np.uint8],
        color: Literal["bgr", "rgb"] = "bgr",
        frame_index: int | None = None,
        timestamp: float | None = None,
    ) -> FrameResult:
        """Processes one frame.

        Args:
            image: height x width x 3, uint8, C-contiguous.
            color: order of the channels.
            frame_index: must grow from call to call; counted from 0 where None.
            timestamp: seconds, not running back; needed where the configuration has `interval_seconds`.

        Raises:
            ValueError: the image, the index or the timestamp is not as above; nothing has changed then.
            ModelError: the detector failed in this frame; the next one goes on.
        """
        if timestamp is not None and not _FIRST_SECOND <= timestamp <= _LAST_SECOND:
            raise ValueError(
                f"timestamp is {timestamp}, wanted seconds of the years 1 to 9999, counted from 1970"
            )
        with self._one_thread:
            raw: dict[str, Any] = self._core.process(*check_image(image, color), frame_index, timestamp)
            self._warn(self._core.stage_error)
        raw["faces"] = Faces(**raw["faces"])
        raw["captures"] = [Capture(**capture) for capture in raw["captures"]]
        return FrameResult(**raw)

    def flush(self) -> list[Capture]:
        """Ends every visit: shots that wait are given out, tracks are forgotten. Ids go on."""
        with self._one_thread:
            captures: list[dict[str, Any]] = self._core.flush()
            self._warn(self._core.stage_error)
        return [Capture(**capture) for capture in captures]

    def reset(self) -> None:
        """As new: no tracks, no shots, frame 0, ids from 1. Shots that wait are dropped."""
        with self._one_thread:
            self._core.reset()

    def _warn(self, stage_error: str) -> None:
        if stage_error and stage_error != self._stage_error:
            _log.warning("a stage failed and its answer is unknown: %s", stage_error)
        self._stage_error = stage_error


def _number(value: float, digits: int = 6) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None


def _numbers(values: NDArray[np.float32]) -> list[float | None]:
    return [_number(value, 3) for value in values]


def _pose(pose: NDArray[np.float32] | tuple[float, float, float]) -> dict[str, float | None]:
    return {name: _number(angle, 3) for name, angle in zip(("yaw", "pitch", "roll"), pose, strict=True)}


def _rfc3339(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    moment = _EPOCH + timedelta(seconds=seconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
