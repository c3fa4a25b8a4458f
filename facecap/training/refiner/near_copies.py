"""Pictures that are near copies of others, by difference hashes, so that none of those measured on is trained
on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
CLOSE = 4  # bits of 64 by which near copies may differ


def difference_hash(image: Image) -> int:
    """64 bits: whether a pixel of the 9x8 grey picture is brighter than its right neighbour."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = np.packbits(small[:, :-1] > small[:, 1:])
    return int.from_bytes(bits.tobytes(), "big")


class NearCopies:
    """Tells whether a picture, or its mirror image, is a near copy of one of a list of files."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Files that are no pictures are left out."""
        images = (cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_2) for path in files)
        hashes = [difference_hash(np.asarray(image, np.uint8)) for image in images if image is not None]
        self._hashes = np.array(hashes, np.uint64)

    def __len__(self) -> int:
        return len(self._hashes)

    def has(self, image: Image) -> bool:
        """Of a BGR picture."""
        return any(self._near(difference_hash(view)) for view in (image, image[:, ::-1]))

    def _near(self, hashed: int) -> bool:
        differing = self._hashes ^ np.uint64(hashed)
        bits = np.unpackbits(differing.view(np.uint8).reshape(-1, 8), axis=1).sum(1)
        return bool((bits <= CLOSE).any())
