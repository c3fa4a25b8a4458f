"""Whole JPEGs with fill before markers, as webcams and IP cameras write them, were refused as damaged."""

from __future__ import annotations

import re
from typing import Any

import cv2
import numpy as np
import pytest
import simplejpeg

from facecap.sources import PictureError, decode_picture

Picture = np.ndarray[Any, np.dtype[np.uint8]]

_RESTART = re.compile(rb"(?=\xff[\xd0-\xd7])")
_FILLS = [
    bytes(1),
    bytes(2),
    bytes(3),
    bytes(4),
    bytes(8),
    bytes(64),
    b"\xff",
    b"\xff" * 7,
    bytes(4) + b"\xff" * 3,
]


def _encode(image: Picture, *parameters: int) -> bytes:
    ok, data = cv2.imencode(".jpg", image, list(parameters))
    assert ok
    return data.tobytes()


def _data_begins(jpeg: bytes) -> int:
    start = jpeg.index(b"\xff\xda")
    return start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big")


def _filled(jpeg: bytes, fill: bytes, *, restarts: bool = True) -> bytes:
    """The JPEG with `fill` before its end and, where wanted, before each restart marker."""
    begins = _data_begins(jpeg)
    data = jpeg[begins:-2]
    if restarts:
        data = _RESTART.sub(fill, data)
    return jpeg[:begins] + data + fill + jpeg[-2:]


def _pixels(jpeg: bytes) -> Picture:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _taken(jpeg: bytes) -> bool:
    try:
        decode_picture(jpeg)
    except PictureError:
        return False
    return True


def _decodes_in_silence(jpeg: bytes) -> bool:
    try:
        simplejpeg.decode_jpeg(jpeg)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def kinds(photo: Picture) -> dict[str, bytes]:
    """What cameras send: colour and infrared pictures, with restart markers and without."""
    photo = photo[100:400, 100:400].copy()
    infrared = cv2.merge([cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)] * 3)  # its data often ends in zeros
    row = (cv2.IMWRITE_JPEG_RST_INTERVAL, photo.shape[1] // 16)
    return {
        "colour": _encode(photo),
        "restarts": _encode(photo, *row),
        "restarts in a row": _encode(photo, cv2.IMWRITE_JPEG_RST_INTERVAL, 5),
        "4:2:2": _encode(photo, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x211111, *row),
        "4:4:4, odd sides": _encode(photo[:201, :203].copy(), cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111),
        "grey": _encode(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), cv2.IMWRITE_JPEG_RST_INTERVAL, 9),
        "infrared": _encode(infrared, cv2.IMWRITE_JPEG_RST_INTERVAL, 3),
        "codes of its own": _encode(photo, cv2.IMWRITE_JPEG_OPTIMIZE, 1, *row),
    }


@pytest.mark.parametrize("fill", _FILLS, ids=lambda fill: fill.hex())
def test_fill_before_markers_is_no_damage(kinds: dict[str, bytes], fill: bytes) -> None:
    for kind, jpeg in kinds.items():
        for restarts in (False, True):
            image = decode_picture(_filled(jpeg, fill, restarts=restarts))
            assert np.array_equal(image, _pixels(jpeg)), kind


@pytest.mark.parametrize("kind", ["restarts in a row", "infrared"])
def test_a_thousand_flipped_bits_are_refused_as_before(kinds: dict[str, bytes], kind: str) -> None:
    """What is left over behind a fault is not taken for fill, and what is missing is not found in it."""
    jpeg = kinds[kind]
    begins = _data_begins(jpeg)
    random = np.random.default_rng(4)
    refused, refused_filled = 0, 0
    for place in random.integers(begins, len(jpeg) - 2, 1000):
        damaged = bytearray(jpeg)
        damaged[place] ^= 1 << int(random.integers(8))
        taken = _taken(bytes(damaged))
        assert taken == _decodes_in_silence(bytes(damaged))
        refused += not taken
        refused_filled += not _taken(_filled(bytes(damaged), bytes(4)))
    assert refused_filled >= refused > 150


def test_anything_else_before_a_marker_is_damage(kinds: dict[str, bytes]) -> None:
    for jpeg in (kinds["colour"], kinds["restarts"]):
        for rest in (bytes(12) + b"\1", b"\1" + bytes(12), b"\x55\xaa" * 6, b"\xff\0" * 12):
            with pytest.raises(PictureError, match="damaged"):
                decode_picture(_filled(jpeg, rest, restarts=False))


def test_half_a_picture_is_not_made_whole_by_fill(kinds: dict[str, bytes]) -> None:
    for jpeg in kinds.values():
        for fill in (bytes(4), bytes(100_000)):
            with pytest.raises(PictureError, match="damaged"):
                decode_picture(jpeg[: len(jpeg) // 2] + fill + jpeg[-2:])
