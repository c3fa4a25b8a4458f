"""A frame on its way to a camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecap.sources import EncodedPicture

Image = NDArray[np.uint8]


@dataclass(slots=True)
class PushedFrame:
    """What came, and when."""

    picture: bytes | EncodedPicture | Image
    """Encoded, of which the structure was checked or not, or height x width x 3 BGR."""
    index: int | None = None
    timestamp: float | None = None
    """Seconds since 1970; where `taken` is given, of a clock that nobody sets."""
    taken: float | None = None
    """Seconds since 1970 when it was taken, where `timestamp` does not say it."""
