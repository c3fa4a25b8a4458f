"""Read one picture, or say why it cannot be used."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.sources.base import Limits
from facecap.sources.picture_header import PictureError, check_whole, read_header

_DEFAULT_LIMITS = Limits()
# libjpeg has one way to say that compressed data does not decode: a line on standard error. OpenCV hands the
# picture out all the same.
_JPEG_COMPLAINT = re.compile(rb"^(?:Corrupt JPEG data|Premature end of JPEG).*$\n?", re.MULTILINE)
_standard_error = threading.Lock()


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
    except OSError as error:
        raise PictureError(f"it cannot be read: {error.strerror}", "unreadable") from None
    return decode_picture(data, limits)


def decode_picture(data: bytes, limits: Limits = _DEFAULT_LIMITS) -> NDArray[np.uint8]:
    """As `read_picture`, from bytes."""
    if len(data) > limits.bytes:
        raise PictureError(f"it has {len(data)} bytes, the limit is {limits.bytes}", "too_large")
    header = read_header(data)
    if header.width * header.height > limits.pixels:
        raise PictureError(
            f"it has {header.width} x {header.height} pixels, the limit is {limits.pixels} in all",
            "too_large",
        )
    check_whole(data, header.kind)
    with _complaints_of_libjpeg() as complaints:
        try:
            image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error as error:
            raise PictureError(f"it cannot be decoded: {error.err}") from None
    if complaints:
        raise PictureError(f"it is damaged: {complaints[0]}")
    if image is None:
        raise PictureError("it is damaged: it cannot be decoded")
    return np.asarray(image, np.uint8)


@contextmanager
def _complaints_of_libjpeg() -> Iterator[list[str]]:
    """Catch what the JPEG decoder writes to standard error; all else that comes there is passed on."""
    complaints: list[str] = []
    with _standard_error:
        try:
            original = os.dup(2)
        except OSError:  # standard error is closed: nothing can be caught
            yield complaints
            return
        caught = _scratch()
        try:
            os.dup2(caught, 2)
            yield complaints
        finally:
            os.dup2(original, 2)
            os.close(original)
            # The descriptor that was written to shares its place in the file with this one.
            written = os.lseek(caught, 0, os.SEEK_CUR)
            if written:
                text = os.pread(caught, written, 0)
                os.lseek(caught, 0, os.SEEK_SET)
                found = _JPEG_COMPLAINT.findall(text)
                complaints += [line.decode(errors="replace").strip() for line in found]
                others = _JPEG_COMPLAINT.sub(b"", text)
                if others:
                    os.write(2, others)


@cache
def _scratch() -> int:
    """Descriptor of a nameless file for what is caught; made once, as every picture needs it."""
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
