"""A camera's pipeline: made with its first frame that can be used, and kept until the camera is closed."""

from __future__ import annotations

import logging
import time

import numpy as np

from facecap import Capture, FacecapError, FaceCapture, FrameResult
from facecap.sources import EncodedPicture

from ..frames.picture import checked, decoded
from ..problems import Problem
from .frame import Image, PushedFrame
from .tools import Tools

_log = logging.getLogger("facecap.service.cameras")


class Following:
    """Follows the faces of one camera, and keeps what is recorded of them."""

    def __init__(self, name: str, tools: Tools) -> None:
        self.capture: FaceCapture | None = None
        """None before the first frame that could be used."""
        self.size: tuple[int, int] | None = None
        """Width and height of the last frame that was worked on."""
        self._name = name
        self._tools = tools

    def look(self, frame: PushedFrame, index: int, *, may_skip: bool) -> FrameResult | Image:
        """The pixels of a frame, or, for a part of that cost, the answer to one in which nothing moved.

        Raises:
            Problem: the frame cannot be used; nothing has changed.
        """
        picture = frame.picture
        if isinstance(picture, np.ndarray):
            return picture
        start = time.perf_counter()
        if isinstance(picture, bytes):
            picture = checked(picture, self._tools.limits)
        seen: FrameResult | Image | None = None
        if self.capture is not None and may_skip:
            seen = self._skip(self.capture, picture, index, frame.timestamp)
        if seen is None:
            seen = decoded(picture)
        self._tools.metrics.stage("decode", time.perf_counter() - start)
        return seen

    def follow(self, image: Image, index: int, timestamp: float | None) -> FrameResult:
        """A frame through the pipeline.

        Raises:
            Problem: 422 `frame_refused`, 500 `model_failed`; nothing has changed.
        """
        capture = self._tools.new_capture(self._name) if self.capture is None else self.capture
        self.size = (image.shape[1], image.shape[0])
        areas = self._tools.areas(self._name)
        if capture.areas is not areas:
            capture.areas = areas
        try:
            result = capture.process(image, frame_index=index, timestamp=timestamp)
        except (ValueError, FacecapError) as error:
            raise self._unusable(index, error) from None
        self._tools.recordings.add(self._name, capture, result, image)
        self.capture = capture
        return result

    def flush(self) -> list[Capture]:
        """End every visit; its captures."""
        if self.capture is None:
            return []
        captures = self.capture.flush()
        self._tools.recordings.flushed(self._name)
        return captures

    def reset(self) -> None:
        """Forget every face, as time does not go on."""
        if self.capture is not None:
            self.capture.reset()

    def end(self) -> None:
        """Give the pipeline up."""
        self.capture = None
        self._tools.recordings.end(self._name)

    def _skip(
        self, capture: FaceCapture, picture: EncodedPicture, index: int, timestamp: float | None
    ) -> FrameResult | None:
        try:
            result = picture.skipped(capture, index, timestamp)
        except (ValueError, FacecapError) as error:
            raise self._unusable(index, error) from None
        if result is not None:
            self._tools.recordings.add(self._name, capture, result, None)
        return result

    def _unusable(self, index: int, error: ValueError | FacecapError) -> Problem:
        if isinstance(error, ValueError):
            return Problem(422, "frame_refused", "The frame cannot be used", str(error))
        _log.error("camera %s: frame %d: %s", self._name, index, error)
        return Problem(500, "model_failed", "The model failed at this frame", str(error))
