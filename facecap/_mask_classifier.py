"""Whether the face of a crop wears a mask, and wears it as it should be worn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from facecap import _core
from facecap._checks import check_crops, check_fraction
from facecap._model import ModelLike, open_model

MaskAnswer: TypeAlias = Literal["mask", "no_mask", "incorrect", "unknown"]
"""`incorrect`: a mask that is worn wrongly, as below the nose; of models with this class alone."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskAnswers:
    """What a classifier says of N crops, as parallel arrays."""

    mask_prob: NDArray[np.float32]
    """(N,) probability of a mask that is worn as it should be, 0 to 1."""
    incorrect_prob: NDArray[np.float32]
    """(N,) probability of a mask that is worn wrongly, 0 to 1; nan of a model without this class."""
    answers: tuple[MaskAnswer, ...]

    def __len__(self) -> int:
        return len(self.answers)


class MaskClassifier:
    """Says how probable a mask is on a face crop.

    Args:
        model: path of a `.onnx` or `.cvimodel` file, registry name or bytes; None for the one that ships.
        runtime: "auto" (by the file), "onnx" or "cvimodel".
        threads: that compute one batch; 1 computes on the calling thread.
        provider: what computes an `.onnx`: "cpu", "cuda", "openvino" or "coreml", of which the installed ONNX
            Runtime must have it.

    Raises:
        ModelError: the model cannot be used.
    """

    def __init__(
        self, model: ModelLike = None, *, runtime: str = "auto", threads: int = 1, provider: str = "cpu"
    ) -> None:
        self._model, self.info = open_model(
            model, "mask", runtime=runtime, threads=threads, provider=provider
        )
        self._core = _core.MaskClassifier(self._model)

    info: Mapping[str, Any]

    @property
    def answers(self) -> tuple[MaskAnswer, ...]:
        """Those that the model can give, "unknown" last."""
        return cast(tuple[MaskAnswer, ...], tuple(self._core.answers))

    def predict(self, crops: NDArray[np.uint8], color: Literal["bgr", "rgb"] = "bgr") -> NDArray[np.float32]:
        """P(mask) of crops cut by `crop_face`.

        Args:
            crops: (N, 112, 112, 3) uint8, C-contiguous.
            color: order of the channels.

        Returns:
            (N,) float32, 0 to 1; of a mask that is worn as it should be.

        Raises:
            ValueError: the crops are not as above.
            ModelError: the runtime failed.
        """
        return self._predict(crops, color)[0]

    def classify(
        self,
        crops: NDArray[np.uint8],
        color: Literal["bgr", "rgb"] = "bgr",
        *,
        threshold: float | None = None,
    ) -> MaskAnswers:
        """All that the model says of crops cut by `crop_face`.

        Args:
            crops: (N, 112, 112, 3) uint8, C-contiguous.
            color: order of the channels.
            threshold: as `answer` takes it, 0 to 1.

        Raises:
            ValueError: an argument is not as above.
            ModelError: the runtime failed.
        """
        mask, incorrect = self._predict(crops, color)
        with_third = "incorrect" in self.answers
        said = zip(mask.tolist(), incorrect.tolist() if with_third else [None] * len(mask), strict=True)
        return MaskAnswers(mask, incorrect, tuple(self.answer(one, threshold, other) for one, other in said))

    def answer(
        self, probability: float, threshold: float | None = None, incorrect_prob: float | None = None
    ) -> MaskAnswer:
        """The word for what the model said of a crop.

        Of two classes: with a threshold, P(mask) at or above it is "mask" and below it "no_mask"; without,
        what lies strictly inside the manifest's band is "unknown". Of three: with a threshold, P(mask) at or
        above it is "mask", and below it the likelier of the other two is answered; without, the likeliest of
        the three where it reaches the upper end of the band, else "unknown".

        Args:
            probability: P(mask); nan is "unknown".
            threshold: 0 to 1; None for the manifest's band.
            incorrect_prob: P(incorrect), which a model with this class needs; nan is "unknown" there. Of
                another model it is None or nan.

        Raises:
            ValueError: the threshold is outside of 0 to 1, or `incorrect_prob` does not fit the model.
        """
        if threshold is not None:
            threshold = check_fraction("threshold", threshold, 0, 1)
        known = incorrect_prob is not None and not math.isnan(incorrect_prob)
        if "incorrect" not in self.answers and known:
            raise ValueError(f"incorrect_prob is {incorrect_prob}, wanted None: the model has no such class")
        if "incorrect" in self.answers and incorrect_prob is None:
            raise ValueError("incorrect_prob is missing: the model has this class, see classify()")
        incorrect = math.nan if incorrect_prob is None else incorrect_prob
        return cast(MaskAnswer, _core.answer_mask(probability, incorrect, self._model, threshold))

    def _predict(
        self, crops: NDArray[np.uint8], color: Literal["bgr", "rgb"]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """P(mask) and P(incorrect)."""
        said = self._core.predict(*check_crops(crops, color, self._core.crop_size))
        return np.ascontiguousarray(said[:, 0]), np.ascontiguousarray(said[:, 1])
