"""P(mask) of face crops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from facecap import _core
from facecap._checks import check_crops, check_fraction
from facecap._model import ModelLike, open_model


class MaskClassifier:
    """Says how probable a mask is on a face crop.

    Args:
        model: path of a `.onnx` or `.cvimodel` file, registry name or bytes; None for the one that ships.
        runtime: "auto" (by the file), "onnx" or "cvimodel".
        threads: that compute one batch; 1 computes on the calling thread.

    Raises:
        ModelError: the model cannot be used.
    """

    def __init__(self, model: ModelLike = None, *, runtime: str = "auto", threads: int = 1) -> None:
        self._model, self.info = open_model(model, "mask", runtime=runtime, threads=threads)
        self._core = _core.MaskClassifier(self._model)

    info: Mapping[str, Any]

    def predict(self, crops: NDArray[np.uint8], color: Literal["bgr", "rgb"] = "bgr") -> NDArray[np.float32]:
        """P(mask) of crops cut by `crop_face`.

        Args:
            crops: (N, 112, 112, 3) uint8, C-contiguous.
            color: order of the channels.

        Returns:
            (N,) float32, 0 to 1.

        Raises:
            ValueError: the crops are not as above.
            ModelError: the runtime failed.
        """
        return self._core.predict(*check_crops(crops, color, self._core.crop_size))

    def answer(
        self, probability: float, threshold: float | None = None
    ) -> Literal["mask", "no_mask", "unknown"]:
        """The word for a probability: with a threshold, at or above it is "mask"; without, what lies strictly
        inside the manifest's band is "unknown". nan is "unknown". Raises ValueError for a threshold outside
        of 0 to 1."""
        if threshold is not None:
            threshold = check_fraction("threshold", threshold, 0, 1)
        word = _core.answer_mask(probability, self._model, threshold)
        return cast(Literal["mask", "no_mask", "unknown"], word)
