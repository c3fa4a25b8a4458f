"""Decode JPEG, upright, and detect damage inside the compressed data."""

from __future__ import annotations

import re
import struct

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from facecap import _core
from facecap.sources.picture_header import PictureError, exif_of

_DAMAGED = re.compile(r"Corrupt JPEG data.*|Premature end of JPEG.*")
_ORIENTATION = 0x0112
_SHORT = 3  # type of a TIFF field
_MOST_FIELDS = 1000


def decode_jpeg(data: bytes) -> NDArray[np.uint8]:
    """Height x width x 3 BGR, turned by the orientation that the Exif segment states.

    The pixels are those of `cv2.imdecode`, which hands out damaged pictures as if they were good.

    Args:
        data: a picture whose structure is whole (`check_whole`).

    Raises:
        PictureError: the picture is damaged.
    """
    try:
        image = simplejpeg.decode_jpeg(data, "BGR")
    except ValueError as error:
        complaint = _DAMAGED.search(str(error))
        if complaint:
            # Some cameras fill the place before a marker with zeros, which the decoder takes for lost data.
            if whole := _core.jpeg_without_fill(data):
                return decode_jpeg(whole)
            raise PictureError(f"it is damaged: {complaint[0]}") from None
        # A warning of another kind, such as a JFIF revision that libjpeg does not know: the data may be good.
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        if found is None:
            raise PictureError(f"it cannot be decoded: {error}") from None
        image = np.asarray(found, np.uint8)
    return _turned(image, _orientation(exif_of(data)))


def reduced_jpeg(data: bytes) -> NDArray[np.uint8] | None:
    """Height x width of the luma at an eighth of the size, of a picture whose structure is whole; None where
    the decoder complains."""
    try:
        luma = simplejpeg.decode_jpeg(data, "GRAY", fastdct=True, min_height=1, min_width=1)
    except ValueError:
        return None
    return np.asarray(luma[:, :, 0], np.uint8)


def _turned(image: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Upright, for a value of Orientation from 1 to 8 (Exif 2.32, 4.6.4 A)."""
    if orientation in (5, 6, 7, 8):
        image = image.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)


def _orientation(exif: bytes) -> int:
    """Of the first directory; 1, upright as stored, where there is none that makes sense."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (directory,) = struct.unpack_from(order + "I", exif, 4)
        (count,) = struct.unpack_from(order + "H", exif, directory)
        for at in range(directory + 2, directory + 2 + 12 * min(count, _MOST_FIELDS), 12):
            tag, kind, values, value = struct.unpack_from(order + "HHIH", exif, at)
            if tag == _ORIENTATION:
                return value if kind == _SHORT and values == 1 and 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
