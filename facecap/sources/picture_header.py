"""What the bytes of a picture say before they are decoded: its kind, its size, and whether it is whole.

Decoders fill what is missing with grey and go on, so that half a picture looks like a whole one. Here the
structure of the file is walked to its end instead. Covered: JPEG (every marker up to the end of the image),
PNG (every chunk with its checksum), WebP (RIFF length), BMP (stated size). Not seen here: damage inside
compressed JPEG and WebP data.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from facecap.errors import FacecapError


class PictureError(FacecapError):
    """A picture that cannot be used; `fault` says in a word why."""

    def __init__(
        self,
        text: str,
        fault: Literal["damaged", "cut_short", "too_large", "foreign", "unreadable"] = "damaged",
    ) -> None:
        super().__init__(text)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture or a frame may measure; checked from its header, before it is decoded."""

    pixels: int = 100_000_000
    """Width times height."""
    bytes: int = 64 * 1024 * 1024
    """Of one encoded picture."""


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """Kind and stored size in pixels, before any rotation."""

    kind: str
    width: int
    height: int


_JPEG_SIGNATURE = b"\xff\xd8\xff"
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CUT_SHORT = "it is cut short"
# FF starts a marker unless a stuffed zero, a restart marker or another FF follows.
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_END_OF_IMAGE, _START_OF_SCAN, _APP1 = 0xD9, 0xDA, 0xE1
_EXIF = b"Exif\0\0"
_MULTI_PICTURE = b"MPF\0"


def picture_kind(head: bytes) -> str | None:
    """`jpeg`, `png`, `webp`, `bmp` by the first 12 bytes; None for anything else."""
    if head.startswith(_JPEG_SIGNATURE):
        return "jpeg"
    if head.startswith(_PNG_SIGNATURE):
        return "png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith(b"BM"):
        return "bmp"
    return None


def read_header(data: bytes) -> PictureHeader:
    """Kind and size of an encoded picture.

    Raises:
        PictureError: an unknown kind, or a header that is damaged or cut short.
    """
    kind = picture_kind(data[:12])
    if kind is None:
        raise PictureError("it is no JPEG, PNG, WebP or BMP picture", "foreign")
    readers = {"jpeg": _jpeg_size, "png": _png_size, "webp": _webp_size, "bmp": _bmp_size}
    try:
        width, height = readers[kind](data)
    except (struct.error, IndexError):
        raise PictureError(_CUT_SHORT, "cut_short") from None
    if width <= 0 or height <= 0:
        raise PictureError(f"its header says {width} x {height} pixels")
    return PictureHeader(kind, width, height)


def check_whole(data: bytes, kind: str) -> int | None:
    """Walk an encoded picture to its end.

    Returns:
        Where a JPEG ends; something may follow it.

    Raises:
        PictureError: it is cut short or its structure is damaged.
    """
    checks: dict[str, Callable[[bytes], int | None]]
    checks = {"jpeg": _end_of_jpeg, "png": _check_png, "webp": _check_webp, "bmp": _check_bmp}
    try:
        return checks[kind](data)
    except (struct.error, IndexError):
        raise PictureError(_CUT_SHORT, "cut_short") from None


def exif_of(jpeg: bytes) -> bytes:
    """Content of the Exif segment of a whole JPEG, from its TIFF header on; empty where there is none."""
    at = 2
    while True:
        marker, at = _jpeg_marker(jpeg, at)
        if marker in (_END_OF_IMAGE, _START_OF_SCAN):
            return b""
        after = _after_segment(jpeg, marker, at)
        if marker == _APP1 and jpeg.startswith(_EXIF, at + 2):
            return jpeg[at + 2 + len(_EXIF) : after]
        at = after


def another_follows(jpeg: bytes, end: int) -> bool:
    """Whether another picture follows a whole JPEG that ends at `end`, as in Motion JPEG.

    The further pictures of a multi-picture file, which its first lists (CIPA DC-007), belong to that one.
    """
    return jpeg[end:].lstrip().startswith(_JPEG_SIGNATURE) and _MULTI_PICTURE not in jpeg[:end]


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        marker, at = _jpeg_marker(data, at)
        if marker in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 3)
            return width, height
        if marker in (_END_OF_IMAGE, _START_OF_SCAN):
            raise PictureError("it is damaged: no frame header")
        at = _after_segment(data, marker, at)


def _end_of_jpeg(data: bytes) -> int:
    at = 2
    while True:
        marker, at = _jpeg_marker(data, at)
        if marker == _END_OF_IMAGE:
            return at
        at = _after_segment(data, marker, at)
        if marker == _START_OF_SCAN:
            found = _MARKER_IN_SCAN.search(data, at)
            if found is None:
                raise PictureError(_CUT_SHORT, "cut_short")
            at = found.start()


def _jpeg_marker(data: bytes, at: int) -> tuple[int, int]:
    """The marker at `at` and where its segment starts; FF may be repeated before it."""
    if data[at] != 0xFF:
        raise PictureError(f"it is damaged: no marker at byte {at}")
    while data[at] == 0xFF:
        at += 1
    return data[at], at + 1


def _after_segment(data: bytes, marker: int, at: int) -> int:
    if marker in _WITHOUT_LENGTH:
        return at
    (length,) = struct.unpack_from(">H", data, at)
    if length < 2:
        raise PictureError(f"it is damaged: a segment of {length} bytes at byte {at}")
    if at + length > len(data):
        raise PictureError(_CUT_SHORT, "cut_short")
    return int(at + length)


def _png_size(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR":
        raise PictureError("it is damaged: no header chunk")
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _check_png(data: bytes) -> None:
    at = len(_PNG_SIGNATURE)
    while True:
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        (checksum,) = struct.unpack_from(">I", data, end)
        if zlib.crc32(data[at + 4 : end]) != checksum:
            raise PictureError(f"it is damaged: wrong checksum in the chunk at byte {at}")
        if kind == b"IEND":
            return
        at = end + 4


def _webp_size(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = data[24:27], data[27:30]
        if len(height) < 3:
            raise PictureError(_CUT_SHORT, "cut_short")
        return 1 + int.from_bytes(width, "little"), 1 + int.from_bytes(height, "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width_bits, height_bits = struct.unpack_from("<HH", data, 26)
        return width_bits & 0x3FFF, height_bits & 0x3FFF
    raise PictureError("it is damaged: no picture chunk")


def _check_webp(data: bytes) -> None:
    (length,) = struct.unpack_from("<I", data, 4)
    if length + 8 > len(data):
        raise PictureError(_CUT_SHORT, "cut_short")


def _bmp_size(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<ii", data, 18)
    return width, abs(height)  # a negative height: rows from the top


def _check_bmp(data: bytes) -> None:
    (pixels_at,) = struct.unpack_from("<I", data, 10)
    width, height = _bmp_size(data)
    bits, compression = struct.unpack_from("<HI", data, 28)
    if compression == 0 and pixels_at + (width * bits + 31) // 32 * 4 * height > len(data):
        raise PictureError(_CUT_SHORT, "cut_short")
