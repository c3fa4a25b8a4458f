"""The picture of a multipart form: the part `file`, or the only one that is a file."""

from __future__ import annotations

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header

from ..problems import Problem

FILE = "file"
"""The name of the part that is the picture, whatever else is in the form."""
OVERHEAD = 64 * 1024
"""Bytes that a form may have besides the picture."""
_MOST_PARTS = 16


def picture_of(body: bytes, content_type: str) -> bytes:
    """The content of the part `file`, or of the only part that has a file name or the type of a picture.

    Raises:
        Problem: 400 `malformed_multipart`, `missing_file`, or `several_files`.
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
    return bytes(reader.picture())


class _FileReader:
    """Takes the parser's calls."""

    def __init__(self) -> None:
        self.ended = False
        self._files: list[tuple[str, bytearray]] = []
        self._parts = 0
        self._header_name = bytearray()
        self._header_value = bytearray()
        self._name = ""
        self._is_file = False

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._part_begin,
            "on_part_data": self._part_data,
            "on_header_field": self._field,
            "on_header_value": self._value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_end": self._end,
        }

    def picture(self) -> bytearray:
        """The first part `file`, else the one file that there is."""
        for name, content in self._files:
            if name == FILE:
                return content
        if not self._files:
            detail = "the form has no part that is a file: curl -F file=@picture.jpg makes one"
            raise Problem(400, "missing_file", "No file in the form", detail)
        if len(self._files) > 1:
            names = ", ".join(name[:40] or "(no name)" for name, _ in self._files)
            detail = f"the form has the files {names}: send one, or name it file"
            raise Problem(400, "several_files", "Several files in the form", detail)
        return self._files[0][1]

    def _part_begin(self) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _malformed(f"the form has more than {_MOST_PARTS} parts")
        self._name, self._is_file = "", False

    def _field(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _header_end(self) -> None:
        header, (kind, options) = self._header_name.lower(), parse_options_header(bytes(self._header_value))
        if header == b"content-disposition":
            self._name = options.get(b"name", b"").decode(errors="replace")
            self._is_file |= b"filename" in options or self._name == FILE
        elif header == b"content-type":
            self._is_file |= kind.startswith(b"image/")
        self._header_name.clear()
        self._header_value.clear()

    def _headers_end(self) -> None:
        if self._is_file:
            self._files.append((self._name, bytearray()))

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._files[-1][1].extend(memoryview(data)[start:end])

    def _end(self) -> None:
        self.ended = True


def _malformed(why: str) -> Problem:
    return Problem(400, "malformed_multipart", "Not a form that can be read", why)
