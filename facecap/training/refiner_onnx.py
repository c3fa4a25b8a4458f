"""A refiner by ONNX Runtime alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from facecap import crop_face
from facecap.errors import ModelError
from facecap.training.refiner_augment import crop_rect

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Refined:
    """Parallel arrays: P(face) (N,), points (N, 5, 2) in pixels of the picture, blur (N,) from 0 to 1."""

    confidence: Floats
    landmarks: Floats
    blur: Floats


class Refiner:
    """Says of boxes in a picture whether they hold a face, where its points are and how blurred it is."""

    info: Mapping[str, Any]

    def __init__(self, model: str | Path, *, threads: int = 1) -> None:
        """Opens an `.onnx` with its manifest beside it.

        Raises:
            ModelError: it is no refiner.
        """
        import onnxruntime

        path = Path(model)
        try:
            manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            names = {output["role"]: output["name"] for output in manifest["outputs"]}
            self._names = [names[role] for role in ("face", "points", "blur")]
            self._border = float(manifest["refiner"]["crop_border"])
            fed = manifest["input"]
            self._side, self._color = int(fed["width"]), fed["color"]
            self._mean, self._std = np.float32(fed["mean"]), np.float32(fed["std"])
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
        except (OSError, LookupError, ValueError, TypeError) as error:
            raise ModelError(f"{path}: not a refiner with its manifest beside it: {error!r}") from error
        self._input = self._session.get_inputs()[0].name
        self.info = {"path": str(path), "manifest": manifest, "input_size": (self._side, self._side)}

    def refine(
        self, image: NDArray[np.uint8], boxes: Floats, color: Literal["bgr", "rgb"] = "bgr"
    ) -> Refined:
        """Of boxes (N, 4) in one picture; a box that covers no pixel raises ValueError."""
        answers = [self._one(image, box, color) for box in boxes]
        shapes = ((0,), (0, 5, 2), (0,))
        parts = zip(*answers, strict=True) if answers else (np.zeros(shape, np.float32) for shape in shapes)
        return Refined(*(np.array(part, np.float32) for part in parts))

    def _one(self, image: NDArray[np.uint8], box: Floats, color: str) -> tuple[float, Floats, float]:
        crop = crop_face(image, box, self._side, self._border)
        if color != self._color:
            crop = crop[..., ::-1]
        fed = ((crop.astype(np.float32) - self._mean) / self._std).transpose(2, 0, 1)[None]
        outputs = self._session.run(self._names, {self._input: np.ascontiguousarray(fed)})
        face, points, blur = (np.asarray(output)[0] for output in outputs)
        left, top, right, bottom = crop_rect(box, image.shape[1], image.shape[0], self._border)
        landmarks = points.reshape(5, 2) * (right - left, bottom - top) + (left, top)
        return _sigmoid(float(face[0])), landmarks.astype(np.float32), _sigmoid(float(blur[0]))


def _sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(logit, -60, 60))))
