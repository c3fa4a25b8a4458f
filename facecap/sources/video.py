"""A video file or an animated GIF as a source."""

from __future__ import annotations

import http.client
import os
from collections.abc import Generator
from pathlib import Path

import cv2
import numpy as np

from facecap._video_file import video_name
from facecap.errors import FacecapError
from facecap.sources.base import Capture, Frame, Report, Source, SourceError
from facecap.sources.http_body import Body
from facecap.sources.motion_jpeg import MotionJpeg
from facecap.sources.picture_header import Limits, PictureError
from facecap.sources.unopened import Unopened, ask_http, why_no_picture, why_unopened

FILE_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".gif")
"""Of what is a video file wherever it lies; behind an address the others below may be live."""
SUFFIXES = (*FILE_SUFFIXES, ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".wmv", ".asf", ".flv", ".3gp", ".vob")
_FAILED_READS_IN_A_ROW = 16
# Containers round: only what is missing beyond this share of the stated length is called cut short.
_LENGTH_TOLERANCE = 0.02
_FILE_TIMEOUT = 10.0  # seconds


class VideoSource(Source):
    """Frames of a file, or of one behind a network address, with their presentation times.

    A frame that the backend refuses is counted as damaged. Damage that the decoder paints over cannot be seen
    from here.
    """

    def __init__(self, name: str, address: str, limits: Limits, report: Report) -> None:
        super().__init__(name, report)
        self._capture = open_video(name, address, limits)
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        length = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        self.fps = float(fps) if fps > 0 else None
        self.length = int(length) if length > 0 else None

    def frames(self) -> Generator[Frame, None, None]:
        """The frames up to the end of the file."""
        index, failed, time = 0, 0, -1.0
        step = 1.0 / self.fps if self.fps else 0.04
        try:
            while not self._stopped.is_set():
                ok, image = self._capture.read()
                if not ok:
                    failed += 1
                    if self.length is None or index + failed > self.length or failed > _FAILED_READS_IN_A_ROW:
                        break
                    continue
                if failed:
                    self._report(f"{self.name}: {failed} damaged frames before frame {index + failed}")
                    self.damaged += failed
                    index, failed = index + failed, 0
                stated = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
                # Time must not run back, and some files state none.
                time = stated if stated > time else time + step
                yield Frame(index, time, np.asarray(image, np.uint8), "")
                index += 1
        finally:
            self._capture.release()
        if self._stopped.is_set():
            return
        if index == 0:
            raise SourceError(f"{self.name}: no frame of it can be decoded")
        if self.length is not None and self.length - index > max(2.0, _LENGTH_TOLERANCE * self.length):
            self.ended_early = True
            self._report(f"{self.name}: it ends after {index} of {self.length} frames, the file is cut short")


def videos_in(folder: Path) -> list[Path]:
    """The video files of a folder and the folders in it, by suffix, sorted by path; links to folders are not
    followed, names that begin with a dot left out.

    Raises:
        SourceError: there are none.
        OSError: a folder cannot be read.
    """

    def fail(error: OSError) -> None:
        raise error

    files = []
    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [
            Path(parent, name)
            for name in names
            if name.lower().endswith(SUFFIXES) and not name.startswith(".")
        ]
    if not files:
        raise SourceError(f"{folder} holds no videos ({' '.join(SUFFIXES)})")
    return sorted(files)


def open_video(name: str, address: str, limits: Limits) -> cv2.VideoCapture:
    """OpenCV's ffmpeg reader on a file, or on one behind a network address.

    Raises:
        SourceError: it cannot be opened, or its frames are larger than the limit.
    """
    if "://" in address:
        capture = _opened(name, address, limits, _FILE_TIMEOUT)
        if capture is None:
            raise SourceError(f"{name}: it cannot be opened: {why_unopened(address, _FILE_TIMEOUT)}")
        return capture
    try:
        with video_name(Path(address)) as file:
            capture = _opened(name, file, limits, _FILE_TIMEOUT)
    except FacecapError as error:
        raise SourceError(str(error)) from None
    if capture is None:
        raise SourceError(f"{name}: it cannot be opened as a video")
    return capture


def open_stream(name: str, address: str, limits: Limits, timeout: float, *, encoded: bool) -> Capture:
    """A reader of a network stream; `encoded`: pictures of Motion JPEG over HTTP are given as they come.

    Raises:
        SourceError: it cannot be opened, and why; or its frames are larger than the limit.
    """
    why = None
    try:
        if address.lower().startswith(("http://", "https://")):
            answer = ask_http(address, timeout)
            if answer.headers.get_content_maintype() == "multipart":
                return _motion_jpeg(name, answer, limits, timeout, encoded)
            answer.close()
    except Unopened as error:
        why = str(error)  # ffmpeg may understand a server that speaks no plain HTTP, and read sloppy pictures
    capture = _opened(name, address, limits, timeout)
    if capture is not None and why and not capture.grab():  # it opens what it can make nothing of
        capture.release()
        capture = None
    if capture is None:
        raise SourceError(f"{name}: it cannot be opened: {why or why_unopened(address, timeout)}")
    return capture


def _motion_jpeg(
    name: str, answer: http.client.HTTPResponse, limits: Limits, timeout: float, encoded: bool
) -> MotionJpeg:
    """Raises Unopened where only ffmpeg might read the pictures, such as those without their end."""
    body = Body(answer)
    try:
        return MotionJpeg(body, limits, timeout, encoded=encoded)
    except PictureError as error:
        body.close()
        why = f"its pictures cannot be used: {error}"
        if error.fault in ("cut_short", "damaged"):
            raise Unopened(why) from None
    except OSError as error:
        body.close()
        why = why_no_picture(error, timeout)
    raise SourceError(f"{name}: it cannot be opened: {why}")


def _opened(name: str, address: str, limits: Limits, timeout: float) -> cv2.VideoCapture | None:
    milliseconds = int(timeout * 1000)
    options = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        milliseconds,
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        milliseconds,
    ]
    capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, options)
    if not capture.isOpened():
        return None
    width, height = (int(capture.get(key)) for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    if width * height > limits.pixels:
        capture.release()
        raise SourceError(f"{name}: its frames have {width} x {height} pixels, the limit is {limits.pixels}")
    return capture
