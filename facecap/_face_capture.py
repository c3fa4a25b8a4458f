"""The whole pipeline: frames in, captured faces with a mask answer out."""

from __future__ import annotations

import logging
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from facecap import _core
from facecap._areas import Areas
from facecap._checks import LAST_FRAME, MOST_SLOTS, check_image, check_luma, check_whole
from facecap._config import CaptureConfig
from facecap._detector import Detections, Detector
from facecap._embedder import Embedder
from facecap._mask_classifier import MaskClassifier
from facecap._refiner import Refinements, Refiner
from facecap._results import FIRST_SECOND, LAST_SECOND, Capture, Faces, FrameResult

_log = logging.getLogger("facecap")


class FaceCapture:
    """Detects, follows, gates, crops and classifies, frame after frame of one camera.

    Args:
        config: when a shot is stored and emitted; the defaults of `CaptureConfig` where None.
        detector: None for the default model. One may be given to several cameras: they share its weights and
            nothing else.
        classifier: None for the default mask model.
        refiner: takes a second look at a face before it is captured, for the points, for `not_a_face` and for
            how sharp it is; None for the one that ships, where one does, False for none: the detector's
            points at the confidence 1.
        embedder: with one, a person who was captured is not captured again on a new track
            (reason `duplicate_identity`).
        slots: how many tracks may hold a shot at once, at least 1.
        areas: where in the frame faces are captured; everywhere where None.

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
        refiner: Refiner | Literal[False] | None = None,
        embedder: Embedder | None = None,
        slots: int = 10,
        areas: Areas | None = None,
    ) -> None:
        self.config = config if config is not None else CaptureConfig()
        self.detector = detector if detector is not None else Detector()
        self.classifier = classifier if classifier is not None else MaskClassifier()
        self.refiner = Refiner.chosen(None) if refiner is None else None if refiner is False else refiner
        self.embedder = embedder
        self.slots = check_whole("slots", slots, 1, MOST_SLOTS)
        self._areas = areas if areas is not None else Areas()
        for name, part, kind in (
            ("config", self.config, CaptureConfig),
            ("detector", self.detector, Detector),
            ("classifier", self.classifier, MaskClassifier),
            ("refiner", self.refiner, Refiner | None),
            ("embedder", embedder, Embedder | None),
            ("areas", self._areas, Areas),
        ):
            if not isinstance(part, kind):
                raise TypeError(f"{name} is {type(part).__name__}, wanted {getattr(kind, '__name__', kind)}")
        self._core = _core.FaceCapture(
            self.config._core,
            self._areas._core,
            self.detector._core,
            self.refiner._core if self.refiner is not None else None,
            self.classifier._core,
            embedder._core if embedder is not None else None,
            self.slots,
        )
        trained = self.classifier.info["manifest"]["classifier"]["crop_border"]
        if abs(trained - self.config.crop_border) > 1e-6:
            _log.warning(
                "crop_border is %g, but the mask model was trained on crops with %g: its answers may suffer",
                self.config.crop_border,
                trained,
            )
        self._stage_error = ""

    @property
    def areas(self) -> Areas:
        """Where in the frame faces are captured. What is set is at work from the next frame on; tracks and
        stored shots stay.

        Raises (when set):
            TypeError: what is set is no `Areas`.
            FacecapError: a frame is being processed in another thread.
        """
        return self._areas

    @areas.setter
    def areas(self, areas: Areas) -> None:
        if not isinstance(areas, Areas):
            raise TypeError(f"areas is {type(areas).__name__}, wanted Areas")
        self._core.set_areas(areas._core)
        self._areas = areas

    def process(
        self,
        image: NDArray[np.uint8],
        color: Literal["bgr", "rgb"] = "bgr",
        frame_index: int | None = None,
        timestamp: float | None = None,
        *,
        detected: Detections | None = None,
    ) -> FrameResult:
        """Processes one frame.

        Args:
            image: height x width x 3, uint8, C-contiguous.
            color: order of the channels.
            frame_index: must grow from call to call; counted from 0 where None.
            timestamp: seconds, not running back; needed where the configuration has `interval_seconds`.
            detected: the faces of this image, where `self.detector.copy()` has found them already, such as on
                another thread while earlier frames were followed. The answer is what it is without.

        Raises:
            ValueError, TypeError: an argument is not as above, or `detected` cannot be of this image; nothing
                has changed then.
            ModelError: the detector failed in this frame; the next one goes on.
        """
        frame_index = _checked(frame_index, timestamp)
        if not isinstance(detected, Detections | None):
            raise TypeError(f"detected is {type(detected).__name__}, wanted Detections")
        found = None if detected is None else (detected.boxes, detected.scores, detected.landmarks)
        return self._result(self._core.process(*check_image(image, color), frame_index, timestamp, found))

    def skip(
        self, luma: NDArray[np.uint8], frame_index: int | None = None, timestamp: float | None = None
    ) -> FrameResult | None:
        """The answer to a frame that needs no detection, by its luma alone (`CaptureConfig.motion`).

        Args:
            luma: height x width, uint8, C-contiguous: the frame, reduced by the same factor in every frame,
                such as a JPEG decoded at an eighth of its size.
            frame_index, timestamp: as of `process`.

        Returns:
            What `process` would give, with `skipped` and without faces; None where the frame must be detected
            in: `process` has to get it next, in full, with the same index.

        Raises:
            ValueError, TypeError: as of `process`; nothing has changed then.
        """
        frame_index = _checked(frame_index, timestamp)
        raw = self._core.skip(check_luma(luma), frame_index, timestamp)
        return None if raw is None else self._result(raw)

    @property
    def watching(self) -> bool:
        """Whether `skip` is worth the luma of the next frame: where not, it answers None to any."""
        return self._core.watching()

    def flush(self) -> list[Capture]:
        """Ends every visit: pending shots are emitted, tracks are forgotten. Ids go on."""
        captures, stage_error = self._core.flush()
        self._warn(stage_error)
        return [Capture(**capture) for capture in captures]

    def reset(self) -> None:
        """As new: no tracks, no shots, frame 0, ids from 1. Shots that wait are dropped."""
        self._core.reset()

    def _result(self, raw: dict[str, Any]) -> FrameResult:
        self._warn(raw.pop("stage_error"))
        raw["faces"] = _faces(**raw["faces"])
        raw["captures"] = [Capture(**capture) for capture in raw["captures"]]
        return FrameResult(**raw)

    def _warn(self, stage_error: str) -> None:
        if stage_error and stage_error != self._stage_error:
            _log.warning("a stage failed and its answer is unknown: %s", stage_error)
        self._stage_error = stage_error


def _checked(frame_index: int | None, timestamp: float | None) -> int | None:
    if timestamp is not None and not FIRST_SECOND <= timestamp <= LAST_SECOND:
        raise ValueError(
            f"timestamp is {timestamp}, wanted seconds of the years 1 to 9999, counted from 1970"
        )
    return None if frame_index is None else check_whole("frame_index", frame_index, 0, LAST_FRAME)


def _faces(looks: NDArray[np.float32], **columns: Any) -> Faces:
    """`looks`: (N, 12), of each face five points, the probability of a face and blur."""
    points = looks[:, :10].reshape(-1, 5, 2)
    return Faces(**columns, looks=Refinements(looks[:, 10], points, looks[:, 11]))
