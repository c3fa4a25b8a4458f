"""The part `file` of a multipart form."""

from __future__ import annotations

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header

from ..problems import Problem

OVERHEAD = 64 * 1024
"""Bytes that a form may have besides the picture."""
_MOST_PARTS = 16


def picture_of(body: bytes, content_type: str) -> bytes:
    """The content of the part whose name is `file`.

    Raises:
        Problem: 400 `malformed_multipart`, or `missing_file`.
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise _malformed("Content-Type has no boundary")
    reader = _FileReader()
    parser = MultipartParser(boundary, reader.callbacks())  # type: ignore[arg-type]
    try:
        parser.write(body)
        parser.finalize()
    except MultipartParseError as error:
        raise _malformed(str(error)) from None
    if not reader.ended:
        raise _malformed("the form is cut short")
    if reader.file is None:
        detail = "the form has no part file: curl -F file=@picture.jpg makes one"
        raise Problem(400, "missing_file", "No file in the form", detail)
    return bytes(reader.file)


class _FileReader:
    """Takes the parser's calls."""

    def __init__(self) -> None:
        self.file: bytearray | None = None
        self.ended = False
        self._parts = 0
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._in_file = False

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._part_begin,
            "on_part_data": self._part_data,
            "on_header_field": self._field,
            "on_header_value": self._value,
            "on_header_end": self._header_end,
            "on_end": self._end,
        }

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _malformed(f"the form has more than {_MOST_PARTS} parts")
        self._in_file = False

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            name = parse_options_header(bytes(self._header_value))[1].get(b"name")
            if name == b"file" and self.file is None:
                self.file, self._in_file = bytearray(), True
        self._header_name.clear()
        self._header_value.clear()

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._in_file and self.file is not None:
            self.file += memoryview(data)[start:end]

    def _end(self) -> None:
        self.ended = True


def _malformed(why: str) -> Problem:
    return Problem(400, "malformed_multipart", "Not a form that can be read", why)
