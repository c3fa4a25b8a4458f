"""A second, closer look at faces that a detector found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facecap import _core, _registry
from facecap._checks import check_boxes, check_image
from facecap._model import ModelLike, open_model


@dataclass(frozen=True, slots=True, eq=False)
class Refinements:
    """What a refiner says of N faces, as parallel arrays in the order of the boxes."""

    face_prob: NDArray[np.float32]
    """(N,) probability that it is a face, 0 to 1."""
    landmarks: NDArray[np.float32]
    """(N, 5, 2) x, y in pixels of the picture, perhaps outside of it; ordered as those of a detector."""
    blur: NDArray[np.float32]
    """(N,) 0 sharp to 1 blurred."""

    def __len__(self) -> int:
        return len(self.face_prob)


class Refiner:
    """Says of a face that was found whether it is one, where its five points are and how blurred it is.

    Args:
        model: path of a `.onnx` or `.cvimodel` file, registry name or bytes; None for the one that ships.
        runtime: "auto" (by the file), "onnx" or "cvimodel".
        threads: that compute one batch; 1 computes on the calling thread.
        provider: what computes an `.onnx`: "cpu", "cuda", "openvino" or "coreml", of which the installed ONNX
            Runtime must have it.

    Raises:
        ModelError: the model cannot be used, or None was given and the package has none.
    """

    info: Mapping[str, Any]

    def __init__(
        self, model: ModelLike = None, *, runtime: str = "auto", threads: int = 1, provider: str = "cpu"
    ) -> None:
        opened, self.info = open_model(
            model, "face_refinement", runtime=runtime, threads=threads, provider=provider
        )
        self._core = _core.Refiner(opened)

    @classmethod
    def chosen(cls, setting: str | None, *, threads: int = 1, provider: str = "cpu") -> Refiner | None:
        """What an option or a setting asks for: a file or a registry name, "none" for no refiner, None for
        the one that ships, which is none where the package has none.

        Raises:
            ModelError: the model cannot be used.
        """
        if setting == "none" or (setting is None and not _registry.ships_refiner()):
            return None
        return cls(setting, threads=threads, provider=provider)

    def refine(
        self, image: NDArray[np.uint8], boxes: ArrayLike, color: Literal["bgr", "rgb"] = "bgr"
    ) -> Refinements:
        """Looks at the face in each box, cut as `crop_face` does with the manifest's `crop_border`.

        Args:
            image: (height, width, 3) uint8, C-contiguous.
            boxes: (N, 4) x1, y1, x2, y2 in pixels, as `Detections.boxes`; N may be 0.
            color: order of the channels.

        Raises:
            ValueError: an argument is not as above, or a box covers no pixel of the image.
            ModelError: the runtime failed, or the network answered with what is no number.
        """
        array, order = check_image(image, color)
        return Refinements(*self._core.refine(array, check_boxes(boxes), order))
