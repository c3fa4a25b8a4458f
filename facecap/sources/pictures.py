"""A picture, or a folder of pictures in natural order, as a source."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from pathlib import Path

from facecap.sources.base import Frame, LeftOut, Report, Source, SourceError
from facecap.sources.picture import read_picture
from facecap.sources.picture_header import Limits, PictureError

SUFFIXES = (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp")


class PictureSource(Source):
    """Pictures of a list of files. One that is damaged is reported, counted and left out."""

    def __init__(
        self,
        name: str,
        files: Sequence[Path],
        limits: Limits,
        report: Report,
        left_out: LeftOut,
        fps: float | None,
    ) -> None:
        """`fps` gives the pictures timestamps; without it they have none."""
        super().__init__(name, report, left_out)
        self.length = len(files)
        self.fps = fps
        self.timed = fps is not None
        self._files = files
        self._limits = limits

    def frames(self) -> Generator[Frame, None, None]:
        """The pictures that are whole, numbered by their place in the list."""
        for index, file in enumerate(self._files):
            if self._stopped.is_set():
                return
            try:
                image = read_picture(file, self._limits)
            except PictureError as error:
                self._leave_out(f"left out {file}", error)
                continue
            yield Frame(index, index / self.fps if self.fps else None, image, file.name)
        if self.damaged == self.length:
            raise SourceError(f"{self.name}: no picture of {self.length} can be used")


def pictures_in(folder: Path) -> list[Path]:
    """The picture files of a folder by suffix, in natural order (`2.jpg` before `10.jpg`).

    Raises:
        SourceError: there are none.
    """
    files = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()
    ]
    if not files:
        raise SourceError(f"{folder} holds no pictures ({' '.join(SUFFIXES)})")
    return sorted(files, key=lambda file: _natural(file.name))


def _natural(name: str) -> tuple[list[tuple[int, str]], str]:
    parts = re.findall(r"(\d+)|(\D+)", name.lower())
    return [(int(digits or 0), text) for digits, text in parts], name
