"""Faces in a picture."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from facecap import _core
from facecap._checks import check_fraction, check_image, check_input_size, check_whole
from facecap._model import ModelLike, open_model


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Faces of one picture as parallel arrays, by descending score; empty arrays where there are none.

    Attributes:
        boxes: (N, 4) float32, x1, y1, x2, y2 in pixels of the picture, inside of it.
        scores: (N,) float32, 0 to 1.
        landmarks: (N, 5, 2) float32, pixels of the picture, may lie outside: eye at image left, eye at image
            right, nose tip, mouth corner at image left, mouth corner at image right.

    Raises:
        ValueError: the arrays are not of these types and shapes.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    landmarks: NDArray[np.float32]

    def __post_init__(self) -> None:
        count = len(self.scores)
        for name, tail in (("boxes", (4,)), ("scores", ()), ("landmarks", (5, 2))):
            array = getattr(self, name)
            if array.dtype != np.float32 or array.shape != (count, *tail):
                wanted = f"float32 {(count, *tail)} as there are {count} scores"
                raise ValueError(f"{name} is {array.dtype} {array.shape}, wanted {wanted}")

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def bbox(self) -> NDArray[np.float32]:
        """`boxes` under the name that insightface uses."""
        return self.boxes

    @property
    def det_score(self) -> NDArray[np.float32]:
        """`scores` under the name that insightface uses."""
        return self.scores

    @property
    def kps(self) -> NDArray[np.float32]:
        """`landmarks` under the name that insightface uses."""
        return self.landmarks


class Detector:
    """Finds faces and their five points.

    A picture is scaled, up or down with its aspect kept, until it fits the input size. Candidates above the
    score threshold are thinned by hard non-maximum suppression.

    Args:
        model: path of a `.onnx` or `.cvimodel` file, registry name or bytes; None for the package's own.
        score_threshold: a face scores above it; 0 to 1, None for the manifest's.
        nms_iou: of two faces that overlap by more, the lower score goes; 0 to 1, None for the manifest's.
        max_faces: the best that are given.
        input_size: (width, height) in pixels that the picture is fitted into; None for the manifest's. Larger
            finds smaller faces and takes longer.
        runtime: "auto" (by the file), "onnx" or "cvimodel".
        threads: that compute one picture; 1 computes on the calling thread.
        provider: what computes an `.onnx`: "cpu", "cuda", "openvino" or "coreml", of which the installed ONNX
            Runtime must have it.
        precision: "float32" for the model as it is, "int8" for the file beside it whose name ends in
            `_int8.onnx`; the detectors that ship have one.

    Raises:
        ValueError, TypeError: an argument is not as above, or the model computes another input size only.
        ModelError: the model cannot be used.
    """

    info: Mapping[str, Any]

    def __init__(
        self,
        model: ModelLike = None,
        *,
        score_threshold: float | None = None,
        nms_iou: float | None = None,
        max_faces: int = 100,
        input_size: tuple[int, int] | None = None,
        runtime: str = "auto",
        threads: int = 1,
        provider: str = "cpu",
        precision: str = "float32",
    ) -> None:
        if score_threshold is not None:
            score_threshold = check_fraction("score_threshold", score_threshold, 0, 1)
        if nms_iou is not None:
            nms_iou = check_fraction("nms_iou", nms_iou, 0, 1)
        max_faces = check_whole("max_faces", max_faces, 1, 1_000_000)
        size = None if input_size is None else check_input_size(input_size)
        self._model, info = open_model(
            model,
            "face_detection",
            runtime=runtime,
            threads=threads,
            provider=provider,
            precision=precision,
        )
        self._options = (score_threshold, nms_iou, max_faces, size)
        self._core = _core.Detector(self._model, *self._options)
        self.info = {**info, "input_size": self._core.input_size}

    def detect(self, image: NDArray[np.uint8], color: Literal["bgr", "rgb"] = "bgr") -> Detections:
        """The faces of a picture.

        Args:
            image: (height, width, 3) uint8, C-contiguous.
            color: order of the channels.

        Raises:
            ValueError: the image is not as above.
            ModelError: the runtime failed.
        """
        return Detections(*self._core.detect(*check_image(image, color)))

    def copy(self) -> Detector:
        """The same detector for another thread: buffers of its own, and the weights of this one."""
        other = copy(self)
        other._core = _core.Detector(self._model, *self._options)
        return other

    @property
    def timings(self) -> dict[str, float]:
        """Seconds of the last call: preprocess, inference, postprocess."""
        return self._core.timings
