"""Read one picture, or say why it cannot be used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.errors import why_not_read
from facecap.sources.jpeg import decode_jpeg, reduced_jpeg
from facecap.sources.picture_header import Limits, PictureError, another_follows, check_whole, read_header

if TYPE_CHECKING:
    from facecap import FaceCapture, FrameResult

_DEFAULT_LIMITS = Limits()


def read_picture(path: Path, limits: Limits = _DEFAULT_LIMITS) -> NDArray[np.uint8]:
    """Read a JPEG, PNG, WebP or BMP file as height x width x 3 BGR, turned upright by its EXIF orientation.

    Raises:
        PictureError: the picture cannot be read, is damaged, cut short, too large or of another kind.
    """
    try:
        size = path.stat().st_size
        if size > limits.bytes:
            raise PictureError(f"it has {size} bytes, the limit is {limits.bytes}", "too_large")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise PictureError(f"it cannot be read: {why_not_read(error)}", "unreadable") from None
    return decode_picture(data, limits)


def decode_picture(data: bytes, limits: Limits = _DEFAULT_LIMITS) -> NDArray[np.uint8]:
    """As `read_picture`, from bytes."""
    return EncodedPicture(data, limits).decode()


class EncodedPicture:
    """A JPEG, PNG, WebP or BMP picture whose structure is whole, to be decoded as far as it is needed.

    Attributes:
        data: the picture as it came.

    Raises:
        PictureError: it is damaged, cut short, too large or of another kind.
    """

    def __init__(self, data: bytes, limits: Limits = _DEFAULT_LIMITS) -> None:
        if len(data) > limits.bytes:
            raise PictureError(f"it has {len(data)} bytes, the limit is {limits.bytes}", "too_large")
        header = read_header(data)
        if header.width * header.height > limits.pixels:
            raise PictureError(
                f"it has {header.width} x {header.height} pixels, the limit is {limits.pixels} in all",
                "too_large",
            )
        self._end = check_whole(data, header.kind)
        self.data = data
        self._kind = header.kind

    def decode(self) -> NDArray[np.uint8]:
        """Height x width x 3 BGR, upright.

        Raises:
            PictureError: the picture is damaged.
        """
        if self._kind == "jpeg":
            return decode_jpeg(self.data)
        try:
            image = cv2.imdecode(np.frombuffer(self.data, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error as error:
            raise PictureError(f"it cannot be decoded: {error.err}") from None
        if image is None:
            raise PictureError("it is damaged: it cannot be decoded")
        return np.asarray(image, np.uint8)

    @property
    def is_followed(self) -> bool:
        """Whether it is a JPEG that another picture follows, as in Motion JPEG."""
        return self._end is not None and another_follows(self.data, self._end)

    def skipped(
        self, capture: FaceCapture, frame_index: int | None, timestamp: float | None
    ) -> FrameResult | None:
        """What `capture.skip` answers to the frame of this picture, where it is worth asking; None where the
        picture has to be decoded and processed."""
        luma = self.reduced_luma() if capture.watching else None
        return None if luma is None else capture.skip(luma, frame_index, timestamp)

    def reduced_luma(self) -> NDArray[np.uint8] | None:
        """Height x width of the luma of a JPEG at an eighth of its size, as it is stored, for a fraction of
        the cost; None of other pictures, and where only `decode` can tell what is wrong."""
        return reduced_jpeg(self.data) if self._kind == "jpeg" else None
