"""Pictures are read upright and whole, or refused with the reason."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facecap.sources import Limits, PictureError, decode_picture, read_picture
from facecap.sources.picture_header import check_whole, read_header

Picture = np.ndarray[Any, np.dtype[np.uint8]]
KINDS = (".jpg", ".png", ".webp", ".bmp")


def encode(image: Picture, suffix: str, *parameters: int) -> bytes:
    ok, data = cv2.imencode(suffix, image, list(parameters))
    assert ok
    return data.tobytes()


def with_orientation(jpeg: bytes, orientation: int) -> bytes:
    """The JPEG with an EXIF segment that states this orientation."""
    return with_exif(jpeg, b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0))


def with_exif(jpeg: bytes, content: bytes) -> bytes:
    payload = b"Exif\0\0" + content
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload + jpeg[2:]


# What a viewer must do to the stored pixels, by the meaning of each value in the EXIF standard.
UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a),
}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_exactly_once(photo: Picture, tmp_path: Path, orientation: int) -> None:
    jpeg = encode(photo, ".jpg")
    stored = decode_picture(jpeg)
    file = tmp_path / "turned.jpg"
    file.write_bytes(with_orientation(jpeg, orientation))
    assert np.array_equal(read_picture(file), UPRIGHT[orientation](stored))


@pytest.mark.parametrize("suffix", KINDS)
def test_size_is_known_before_decoding(photo: Picture, suffix: str) -> None:
    header = read_header(encode(photo, suffix))
    assert (header.width, header.height) == (photo.shape[1], photo.shape[0])


@pytest.mark.parametrize("quality", [50, 101])
def test_size_of_lossy_and_lossless_webp(photo: Picture, quality: int) -> None:
    data = encode(photo, ".webp", cv2.IMWRITE_WEBP_QUALITY, quality)
    assert (read_header(data).width, read_header(data).height) == (photo.shape[1], photo.shape[0])


@pytest.mark.parametrize("suffix", KINDS)
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.7, 0.99])
def test_a_picture_that_is_cut_short_is_refused(photo: Picture, suffix: str, kept: float) -> None:
    data = encode(photo, suffix)
    with pytest.raises(PictureError, match=r"cut short|damaged"):
        decode_picture(data[: int(len(data) * kept)])


def test_a_jpeg_whose_end_was_patched_on_is_refused(photo: Picture) -> None:
    data = encode(photo, ".jpg")
    with pytest.raises(PictureError, match="damaged"):
        decode_picture(data[: len(data) // 2] + b"\xff\xd9")


@pytest.mark.parametrize("parameters", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)])
def test_a_jpeg_with_a_damaged_middle_is_refused(photo: Picture, parameters: tuple[int, ...]) -> None:
    data = bytearray(encode(photo, ".jpg", *parameters))
    middle = len(data) // 2
    data[middle : middle + 400] = np.random.default_rng(3).integers(0, 255, 400, np.uint8).tobytes()
    with pytest.raises(PictureError, match="damaged"):
        decode_picture(bytes(data))


def test_the_decoder_complains_to_us_and_not_to_the_terminal(
    photo: Picture, capfd: pytest.CaptureFixture[str]
) -> None:
    data = encode(photo, ".jpg")
    with pytest.raises(PictureError):
        decode_picture(data[: len(data) // 2] + b"\xff\xd9")
    assert capfd.readouterr().err == ""


def test_a_damaged_picture_does_not_touch_good_ones_that_are_read_meanwhile(photo: Picture) -> None:
    good = encode(photo, ".jpg")
    damaged = good[: len(good) // 2] + b"\xff\xd9"

    def faults(number: int) -> int:
        try:
            decode_picture(damaged if number % 2 else good)
        except PictureError:
            return 1
        return 0

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(faults, range(200))) == [0, 1] * 100


def test_a_jpeg_of_an_unknown_revision_is_read(photo: Picture) -> None:
    jpeg = encode(photo, ".jpg")
    revision = jpeg.index(b"JFIF\0") + 5
    newer = jpeg[:revision] + b"\x03" + jpeg[revision + 1 :]
    assert np.array_equal(decode_picture(newer), decode_picture(jpeg))


@pytest.mark.parametrize(
    "parameters",
    [(cv2.IMWRITE_JPEG_PROGRESSIVE, 1), (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111), ()],
    ids=["progressive", "4:4:4", "4:2:0"],
)
def test_the_pixels_are_those_of_opencv(photo: Picture, parameters: tuple[int, ...]) -> None:
    for picture in (photo, cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)):
        jpeg = encode(picture, ".jpg", *parameters)
        assert np.array_equal(decode_picture(jpeg), cv2.imdecode(np.frombuffer(jpeg, np.uint8), 1))


@settings(deadline=None)
@given(
    big_endian=st.booleans(),
    before=st.lists(st.sampled_from([0x010F, 0x0110, 0x0131, 0x0132]), max_size=4),
    orientation=st.integers(0, 12),
)
def test_exif_is_understood_as_by_opencv(
    photo: Picture, big_endian: bool, before: list[int], orientation: int
) -> None:
    order, mark = (">", b"MM\0*") if big_endian else ("<", b"II*\0")
    fields = b"".join(struct.pack(order + "HHII", tag, 4, 1, 7) for tag in before)
    fields += struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    directory = struct.pack(order + "IH", 8, len(before) + 1) + fields + bytes(4)
    jpeg = with_exif(encode(photo[:9, :16], ".jpg"), mark + directory)
    assert np.array_equal(decode_picture(jpeg), cv2.imdecode(np.frombuffer(jpeg, np.uint8), 1))


@settings(deadline=None)
@given(tail=st.binary(max_size=60), mark=st.sampled_from([b"II*\0", b"MM\0*", b""]))
def test_exif_without_sense_costs_no_picture(photo: Picture, tail: bytes, mark: bytes) -> None:
    jpeg = encode(photo[:9, :16], ".jpg")
    read = decode_picture(with_exif(jpeg, mark + tail))
    assert read.shape in ((9, 16, 3), (16, 9, 3))
    assert np.array_equal(np.sort(read, axis=None), np.sort(decode_picture(jpeg), axis=None))


def test_every_flipped_byte_of_a_png_is_noticed(photo: Picture) -> None:
    data = encode(photo[:20, :20], ".png")
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 0x10
        with pytest.raises(PictureError):
            decode_picture(bytes(damaged))


def test_limits_hold_before_decoding(photo: Picture, tmp_path: Path) -> None:
    header_only = encode(photo, ".png")[:33]  # a decoder would have failed on this
    with pytest.raises(PictureError, match=r"512 x 600 pixels, the limit is 1000"):
        decode_picture(header_only, Limits(pixels=1000))
    file = tmp_path / "large.jpg"
    file.write_bytes(encode(photo, ".jpg"))
    with pytest.raises(PictureError, match="bytes, the limit is 100"):
        read_picture(file, Limits(bytes=100))


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(20), b"\xff\xd8", b"plain text, no picture"])
def test_other_files_are_no_pictures(data: bytes) -> None:
    with pytest.raises(PictureError, match="no JPEG, PNG, WebP or BMP"):
        decode_picture(data)


def test_grey_and_transparent_pictures_become_three_channels(photo: Picture) -> None:
    grey = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
    assert decode_picture(encode(grey, ".png")).shape == photo.shape
    transparent = cv2.cvtColor(photo, cv2.COLOR_BGR2BGRA)
    assert np.array_equal(decode_picture(encode(transparent, ".png")), photo)


@settings(deadline=None)
@given(
    head=st.sampled_from([b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"BM", b""]),
    tail=st.binary(max_size=80),
)
def test_any_bytes_give_a_header_or_a_picture_error(head: bytes, tail: bytes) -> None:
    try:
        header = read_header(head + tail)
        assert header.width > 0 and header.height > 0
        check_whole(head + tail, header.kind)
    except PictureError:
        pass
