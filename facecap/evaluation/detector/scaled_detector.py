"""A detector that sees every picture at one size: `facecap.Detector` shrinks pictures but enlarges none."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import Detections, Detector
from facecap._model import ModelLike


class ScaledDetector:
    """Finds faces in pictures whose longer side is scaled to `long_side`, up as well as down.

    A model of one fixed input size computes that in any case, which is said on standard error.

    Args:
        model: as of `facecap.Detector`.
        long_side: pixels; None leaves pictures to the detector and its own input size.
        options: more of `facecap.Detector`.

    Raises:
        ValueError: an option is out of range.
        ModelError: the model cannot be used.
    """

    def __init__(self, model: ModelLike = None, long_side: int | None = None, **options: Any) -> None:
        size = None if long_side is None else (long_side, long_side)
        try:
            self._detector = Detector(model, input_size=size, **options)
        except ValueError:
            self._detector = Detector(model, **options)
            if self.info["manifest"]["input"]["fit"] != "fixed":
                raise
            width, height = self.info["input_size"]
            print(f"{self.info['path']}: computes {width}x{height} only, not {long_side}", file=sys.stderr)
            long_side = None
        self._long_side = long_side

    @property
    def info(self) -> Mapping[str, Any]:
        """That of the detector."""
        return self._detector.info

    def detect(self, image: NDArray[np.uint8], color: Literal["bgr", "rgb"] = "bgr") -> Detections:
        """The faces of a picture, in its own pixels."""
        height, width = image.shape[:2]
        scale = (self._long_side or 0) / max(height, width)
        if scale <= 1:
            return self._detector.detect(image, color)
        size = (round(width * scale), round(height * scale))
        larger = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        found = self._detector.detect(np.asarray(larger, np.uint8), color)
        back = np.array([width / size[0], height / size[1]], np.float32)
        return Detections(found.boxes * np.tile(back, 2), found.scores, found.landmarks * back)
