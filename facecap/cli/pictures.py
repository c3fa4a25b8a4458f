"""What the commands share that look at pictures one by one: which pictures, and the form of the answers."""

from __future__ import annotations

import argparse
import codecs
import csv
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecap.cli import options, values

if TYPE_CHECKING:
    from facecap.sinks.drawing import Image

TEXT, JSON, CSV = FORMATS = ("txt", "json", "csv")


def add_picture_options(parser: argparse.ArgumentParser) -> None:
    """Which pictures."""
    parser.add_argument(
        "sources", nargs="*", type=Path, metavar="SOURCE", help="pictures or folders of pictures"
    )
    group = parser.add_argument_group("pictures")
    group.add_argument(
        "--list", metavar="FILE", help="file with a SOURCE a line, beside those given; - is standard input"
    )
    group.add_argument("--max-images", type=values.positive, metavar="N", help="stop after so many pictures")
    options.add_limit_options(parser)


def add_format_options(parser: argparse.ArgumentParser) -> None:
    """The form of what is printed."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--format",
        choices=FORMATS,
        default=TEXT,
        help="of what is printed: for people, a JSON object a picture, or a table (%(default)s)",
    )
    group.add_argument("--json", action="store_true", help="the same as --format json")


def format_of(args: argparse.Namespace) -> str:
    """The form that the options ask for, one of `FORMATS`."""
    return JSON if args.json else str(args.format)


class Pictures:
    """The pictures that the options name, read one after the other.

    One that cannot be used is named on standard error and counted in `failed`.
    """

    def __init__(self, args: argparse.Namespace) -> None:
        """Raises `UsageError` without any source, `SourceError` for a folder without pictures."""
        from facecap.cli import UsageError

        sources = [*args.sources, *(listed(args.list) if args.list is not None else [])]
        if not sources:
            raise UsageError("give a picture, a folder, or --list FILE with some")
        files = [file for source in sources for file in _files(source)]
        self._files = files[: args.max_images]
        self._limits = options.limits_of(args)
        self.failed: list[Path] = []
        if len(self._files) < len(files):
            print(
                f"facecap: the first {len(self._files)} of {len(files)} pictures (--max-images)",
                file=sys.stderr,
            )

    def __len__(self) -> int:
        """How many there are, damaged ones among them."""
        return len(self._files)

    def read(self, answers: Answers) -> Iterator[tuple[Path, Image]]:
        """Each picture (height, width, 3) BGR; `answers` gets those that cannot be used."""
        from facecap.sources import PictureError, read_picture

        for file in self._files:
            try:
                image = read_picture(file, self._limits)
            except PictureError as error:
                self.leave_out(file, str(error), answers)
            else:
                yield file, image

    def leave_out(self, file: Path, why: str, answers: Answers) -> None:
        """Name a picture that cannot be used."""
        self.failed.append(file)
        print(f"facecap: left out {file}: {why}", file=sys.stderr)
        answers.add_error(file, why)


class Answers:
    """Prints what is found in each picture in the form that was asked for, as it comes."""

    def __init__(self, args: argparse.Namespace, columns: Sequence[str]) -> None:
        """`columns`: of the table, the file's name before them."""
        self._form = format_of(args)
        self._columns = ("file", *columns)
        if self._form == CSV:
            self._print_row(self._columns)

    def add(
        self, file: Path, document: Mapping[str, Any], words: str, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """One picture: its JSON without the file's name, the same for people, and as rows of the table by
        column, where what is missing stays empty; without rows there is one with the name alone."""
        if self._form == JSON:
            print(json.dumps({"file": str(file), **document}), flush=True)
        elif self._form == TEXT:
            print(f"{file}: {words}", flush=True)
        else:
            for row in rows or [{}]:
                self._print_row([{"file": file, **row}.get(column) for column in self._columns])

    def add_error(self, file: Path, why: str) -> None:
        """A picture that could not be used: in the JSON it has its place, with the reason."""
        if self._form == JSON:
            print(json.dumps({"file": str(file), "error": why}), flush=True)

    def _print_row(self, cells: Sequence[Any]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(cells)
        print(line.getvalue(), flush=True)


def counted_faces(count: int) -> str:
    """ "1 face", "2 faces"."""
    return f"{count} face{'' if count == 1 else 's'}"


def listed(name: str) -> list[Path]:
    """The lines of a file (`-`: of standard input) without empty ones; names of files need not be UTF-8.

    Raises:
        UsageError: NUL bytes separate the names.
    """
    from facecap.cli import UsageError

    data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    lines = data.removeprefix(codecs.BOM_UTF8).splitlines()
    if len(lines) == 1 and b"\0" in data and not data.endswith(b"\n"):
        raise UsageError(
            f"{'standard input' if name == '-' else name}: found names separated by NUL bytes, wanted one a "
            "line, as of `find` without -print0"
        )
    return [Path(os.fsdecode(line)) for line in lines if line.strip()]


def _files(source: Path) -> Sequence[Path]:
    from facecap.sources import pictures_in

    return pictures_in(source) if source.is_dir() else [source]
