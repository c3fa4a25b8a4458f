"""Motion JPEG over HTTP whose parts begin otherwise than ffmpeg wants, such as without the first boundary."""

from __future__ import annotations

import http.client

import numpy as np
from numpy.typing import NDArray

from facecap.sources.base import Limits
from facecap.sources.picture import decode_picture
from facecap.sources.picture_header import PictureError

_LONGEST_LINE = 64 * 1024  # bytes
_DAMAGED_IN_A_ROW = 16
_NOTHING = np.empty((0, 0, 3), np.uint8)


class MotionJpeg:
    """Pictures of an answer of the type multipart, one after the other."""

    def __init__(self, answer: http.client.HTTPResponse, limits: Limits) -> None:
        """Wait for the first picture.

        Raises:
            OSError: none comes; TimeoutError where the server is silent.
        """
        self._answer = answer
        self._limits = limits
        self._boundary = str(answer.headers.get_param("boundary") or "").strip("-").encode()
        self._next = self._picture()
        if self._next is None:
            raise ConnectionError("no picture came")

    def read(self) -> tuple[bool, NDArray[np.uint8]]:
        """Whether there is another picture, and it, height x width x 3 BGR; damaged ones are left out."""
        try:
            picture, self._next = self._next if self._next is not None else self._picture(), None
        except OSError:
            picture = None
        return picture is not None, _NOTHING if picture is None else picture

    def release(self) -> None:
        """Close the connection."""
        self._answer.close()

    def _picture(self) -> NDArray[np.uint8] | None:
        """The next whole one; None where the answer ends or nothing but damage comes."""
        try:
            for _ in range(_DAMAGED_IN_A_ROW):
                data = self._next_part()
                if data is None:
                    break
                try:
                    return decode_picture(data, self._limits)
                except PictureError:
                    continue
        except http.client.HTTPException:  # cut off
            pass
        return None

    def _next_part(self) -> bytes | None:
        """The content of the next part; None at the end of the answer."""
        length, headers = 0, 0
        while line := self._answer.readline(_LONGEST_LINE):
            if self._is_boundary(line):
                length, headers = 0, 0
            elif line.strip():
                headers += 1
                name, _, value = line.partition(b":")
                if name.strip().lower() == b"content-length" and value.strip().isdigit():
                    length = int(value)
            elif headers:
                break
        else:
            return None
        if 0 < length <= self._limits.bytes:
            return self._answer.read(length)
        return self._up_to_boundary()

    def _up_to_boundary(self) -> bytes | None:
        lines: list[bytes] = []
        size = 0
        while line := self._answer.readline(_LONGEST_LINE):
            if self._is_boundary(line):
                return b"".join(lines)
            size += len(line)
            if size > self._limits.bytes:
                return None
            lines.append(line)
        return None

    def _is_boundary(self, line: bytes) -> bool:
        return line.startswith(b"--") and line.strip(b"-\r\n ") == self._boundary
