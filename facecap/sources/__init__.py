"""Where frames come from: pictures, folders, videos, cameras and network streams."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import cv2

from facecap.addresses import shown_address
from facecap.errors import why_not_read
from facecap.sources.base import Frame, LeftOut, Report, Source, SourceError
from facecap.sources.live import LiveSource
from facecap.sources.picture import EncodedPicture, decode_picture, read_picture
from facecap.sources.picture_header import Limits, PictureError, picture_kind
from facecap.sources.pictures import PictureSource, pictures_in
from facecap.sources.video import FILE_SUFFIXES, VideoSource, open_stream, videos_in

__all__ = [
    "EncodedPicture",
    "Frame",
    "Limits",
    "PictureError",
    "Source",
    "SourceError",
    "decode_picture",
    "open_source",
    "picture_kind",
    "pictures_in",
    "read_picture",
    "videos_in",
]

_STREAM_SCHEMES = ("rtsp", "rtsps", "rtmp", "http", "https", "udp", "tcp")
_STREAM_TIMEOUT = 5.0  # seconds


def open_source(
    address: str,
    *,
    limits: Limits | None = None,
    report: Report = lambda text: None,
    left_out: LeftOut = lambda error: None,
    fps: float | None = None,
    retries: int = 5,
    encoded: bool = False,
) -> Source:
    """Open what `address` names.

    Args:
        address: a picture, a folder of pictures, a video file, a camera number (`0`, `/dev/video0`), or the
            address of a network stream (`rtsp://`, `http://` and others).
        limits: size of a picture or a frame.
        report: called with a sentence about each damaged picture and each reconnection.
        left_out: called with why, for each picture of a folder or of Motion JPEG over HTTP that is damaged or
            too large; it is reported too.
        fps: gives pictures of a folder timestamps.
        retries: how often in a row a lost live source is tried again.
        encoded: whether Motion JPEG over HTTP gives frames as they came (`Frame.encoded`), to be decoded as
            far as they are needed; `Frame.image` raises `PictureError` then where one is damaged inside.

    Raises:
        SourceError: there is nothing there, or it is of an unknown kind.
    """
    if not address:
        raise SourceError("the source has no name")  # a path of no letters would be this folder
    limits = limits or Limits()
    camera = re.fullmatch(r"(?:/dev/video)?(\d+)", address)
    if camera:
        number = int(camera[1])
        connect = partial(_open_camera, number)
        connect().release()  # a camera that is not there is not waited for
        return LiveSource(f"camera {number}", connect, retries, report, left_out)
    if "://" in address:
        return _open_stream(address, limits, report, left_out, retries, encoded)
    path = Path(address)
    if path.is_dir():
        return PictureSource(address, pictures_in(path), limits, report, left_out, fps)
    try:
        with path.open("rb") as stream:
            head = stream.read(12)
    except (OSError, ValueError) as error:
        raise SourceError(f"{address}: {why_not_read(error)}") from None
    if picture_kind(head):
        return PictureSource(address, [path], limits, report, left_out, fps)
    return VideoSource(address, str(path), limits, report)


def _open_stream(
    address: str, limits: Limits, report: Report, left_out: LeftOut, retries: int, encoded: bool
) -> Source:
    name = shown_address(address)
    scheme, _, rest = address.lower().partition("://")
    if scheme not in _STREAM_SCHEMES:
        raise SourceError(f"{name}: no source has this scheme: wanted one of {', '.join(_STREAM_SCHEMES)}")
    if re.split(r"[?#]", rest)[0].endswith(FILE_SUFFIXES):
        return VideoSource(name, address, limits, report)
    connect = partial(open_stream, name, address, limits, _STREAM_TIMEOUT, encoded=encoded)
    return LiveSource(name, connect, retries, report, left_out)


def _open_camera(number: int) -> cv2.VideoCapture:
    capture = cv2.VideoCapture(number)
    if not capture.isOpened():
        raise SourceError(f"camera {number}: it cannot be opened (see which are there: ls /dev/video*)")
    return capture
