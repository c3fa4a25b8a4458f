"""Motion JPEG over HTTP: pictures of a multipart answer, as they come."""

from __future__ import annotations

import http.client
import re
import time
from collections import deque
from typing import Any

from facecap.sources.http_body import Body
from facecap.sources.picture import EncodedPicture
from facecap.sources.picture_header import Limits, PictureError

_LONGEST_LINE = 64 * 1024  # bytes
_DAMAGED_IN_A_ROW = 16
_LENGTH = re.compile(rb"\s*content-length\s*:\s*(\d{1,18})\s*\Z", re.IGNORECASE)
_NO_PICTURE = (b"-", b"\r", b"\n")
"""What follows a boundary without a part: some servers send one after a part and another before the next."""
_DASHED = re.compile(rb"(?:\A|\n)(--[^\n]*\n)")
"""A line that may be a boundary."""


class MotionJpeg:
    """Pictures of an answer of the type multipart, one after the other.

    Parts may state their length or not, and the first boundary, or its name in the header, may be missing.
    """

    def __init__(self, body: Body, limits: Limits, timeout: float, *, encoded: bool) -> None:
        """Wait for the first picture that can be used; `read` gives those before it too.

        Args:
            body: of an answer whose socket has a time limit.
            limits: of one picture; of a part that has more bytes nothing is kept.
            timeout: seconds for a picture to come whole.
            encoded: whether pictures are given as `EncodedPicture`, of which only the structure was checked.

        Raises:
            OSError: none comes; TimeoutError where the server is silent.
            PictureError: the first pictures cannot be used, or the first is too large.
        """
        self._body = body
        self._limits = limits
        self._timeout = timeout
        self._encoded = encoded
        self._boundary = str(body.headers.get_param("boundary") or "").strip("-").encode(errors="replace")
        self._came_boundary = False
        self._came = bytearray()
        self._deadline = 0.0
        self._after_boundary = False
        """Whether a header, which may have no field, follows a boundary."""
        self._in_part = False
        """Whether the content that was given last may be followed by more before the next boundary."""
        self._damaged = 0
        self._first: deque[Any] = deque()
        end = time.monotonic() + timeout
        while not self._first or isinstance(self._first[-1], PictureError):
            self._first.append(found := self._picture())
            if found is None:
                raise ConnectionError("no picture came")
            if isinstance(found, PictureError) and (
                found.fault == "too_large" or self._damaged == _DAMAGED_IN_A_ROW or time.monotonic() > end
            ):
                raise found

    def read(self) -> tuple[bool, Any]:
        """Whether there is another picture, and it: as it is encoded, or height x width x 3 BGR; or the
        PictureError that says why one cannot be used. Many of these in a row end it."""
        try:
            picture = self._first.popleft() if self._first else self._picture()
        except OSError:
            picture = None
        return picture is not None, picture

    def release(self) -> None:
        """Close the connection."""
        self._body.close()

    def _picture(self) -> Any:
        if self._damaged == _DAMAGED_IN_A_ROW:
            return None
        self._deadline = time.monotonic() + self._timeout
        try:
            data = self._next_part()
            if data is None:
                return None
            picture = EncodedPicture(data, self._limits)
            given = picture if self._encoded else picture.decode()
        except http.client.HTTPException:  # cut off
            return None
        except PictureError as error:
            self._damaged += 1
            return error
        self._damaged = 0
        return given

    def _next_part(self) -> bytes | None:
        """The content of the next part; None at the end of the answer."""
        if self._in_part:
            self._in_part = False
            self._up_to_boundary(0)
        length = self._header()
        if length is None:
            return None
        if length == 0:
            return self._up_to_boundary(self._limits.bytes)
        self._in_part = True
        if length > self._limits.bytes:
            raise PictureError(f"it has {length} bytes, the limit is {self._limits.bytes}", "too_large")
        while (missing := length - len(self._came)) > 0 and self._more(missing):
            pass
        return self._taken(length)

    def _header(self) -> int | None:
        """The length that the header of the next part states, else 0; None at the end of the answer."""
        length, fields = 0, 0
        while line := self._line():
            if self._is_boundary(line):
                length, fields, self._after_boundary = 0, 0, True
            elif line.strip():
                fields += 1
                if stated := _LENGTH.match(line):
                    length = int(stated[1])
            elif fields or (self._after_boundary and not self._starts_with(_NO_PICTURE)):
                return length
        return None

    def _up_to_boundary(self, most: int) -> bytes | None:
        """What comes before the next boundary, which goes too; None where the answer ends before anything.

        Raises:
            PictureError: it has more than `most` bytes, where these are wanted at all; none of them is kept.
        """
        at, dropped = 0, False
        while True:
            while found := _DASHED.search(self._came, at):
                if self._is_boundary(found[1]):
                    break
                at = found.end() - 1
            if found:
                break
            at = max(at, self._came.rfind(b"\n"))  # where a boundary may have begun
            if len(self._came) > most + _LONGEST_LINE:
                del self._came[: at or -1]
                at, dropped = 0, True
            if not self._more():
                break
        end, after = found.span(1) if found else (len(self._came), len(self._came))
        content = self._taken(end)
        self._taken(after - end)
        self._after_boundary = bool(found)
        if most and (dropped or end > most):
            raise PictureError(f"it has more than {most} bytes, the limit", "too_large")
        return content if found or content else None

    def _is_boundary(self, line: bytes) -> bool:
        if not line.startswith(b"--"):
            return False
        name = line.strip(b"-\r\n ")
        if not self._came_boundary and name.isascii() and name.decode().isprintable():
            self._boundary, self._came_boundary = name, True  # some headers say none, or another
        return name == self._boundary

    def _starts_with(self, beginnings: tuple[bytes, ...]) -> bool:
        """Whether what comes next does."""
        while not self._came and self._more():
            pass
        return self._came.startswith(beginnings)

    def _line(self) -> bytes:
        """The next one, or as much of it as a line may have; empty at the end of the answer."""
        while (end := self._came.find(b"\n")) < 0 and len(self._came) < _LONGEST_LINE and self._more():
            pass
        return self._taken(end + 1 if end >= 0 else _LONGEST_LINE)

    def _taken(self, length: int) -> bytes:
        with memoryview(self._came) as view:
            taken = bytes(view[:length])
        del self._came[:length]
        return taken

    def _more(self, missing: int = 1) -> bool:
        """Wait for more of the answer, of which `missing` bytes are expected; whether there is any."""
        if time.monotonic() > self._deadline:
            raise TimeoutError("no whole picture came in time")
        more = self._body.read(missing)
        self._came += more
        return bool(more)
