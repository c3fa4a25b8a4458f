"""Identity vectors of aligned faces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from facecap import _core
from facecap._checks import check_crops
from facecap._model import ModelLike, open_model


class Embedder:
    """Turns an aligned face into a vector whose cosine with another says whether both are one person.

    Args:
        model: path of a `.onnx` or `.cvimodel` file, registry name or bytes. None ships with the package.
        runtime: "auto" (by the file), "onnx" or "cvimodel".
        threads: that compute one batch; 1 computes on the calling thread.
        provider: what computes an `.onnx`: "cpu", "cuda", "openvino" or "coreml", of which the installed ONNX
            Runtime must have it.

    Raises:
        ModelError: the model cannot be used.
    """

    def __init__(
        self, model: ModelLike, *, runtime: str = "auto", threads: int = 1, provider: str = "cpu"
    ) -> None:
        opened, self.info = open_model(
            model, "face_embedding", runtime=runtime, threads=threads, provider=provider
        )
        self._core = _core.Embedder(opened)

    info: Mapping[str, Any]

    def embed(self, aligned: NDArray[np.uint8], color: Literal["bgr", "rgb"] = "bgr") -> NDArray[np.float32]:
        """Vectors of faces cut by `align_face`.

        Args:
            aligned: (N, 112, 112, 3) uint8, C-contiguous.
            color: order of the channels.

        Returns:
            (N, D) float32 of unit length.

        Raises:
            ValueError: the crops are not as above.
            ModelError: the runtime failed.
        """
        return self._core.embed(*check_crops(aligned, color, self._core.crop_size))
