"""The files of recordings: a folder a camera, a file a span of time, named by when it begins."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_NAME = re.compile(r"(\d{18})-[0-9a-f]{8}\.jsonl")


@dataclass(frozen=True, slots=True, order=True)
class SpanFile:
    """A file that was there a moment ago."""

    begin: float
    """Seconds since 1970, of its first frame."""
    path: Path
    end: float
    """Of its last one."""
    size: int
    """Bytes."""


def new_path(folder: Path, camera: str, now: float) -> Path:
    """Where a span of a camera that begins `now`, in seconds since 1970, is written."""
    return folder / camera / f"{int(now * 1e6):018d}-{secrets.token_hex(4)}.jsonl"


def spans(folder: Path, camera: str) -> list[SpanFile]:
    """Those of a camera, the oldest first."""
    found = []
    for path in _files(folder / camera):
        match = _NAME.fullmatch(path.name)
        if match is None:
            continue
        try:
            status = path.stat()
        except FileNotFoundError:  # another process removes what is old too
            continue
        found.append(SpanFile(int(match[1]) / 1e6, path, status.st_mtime, status.st_size))
    return sorted(found)


def cameras(folder: Path) -> list[str]:
    """Names of the cameras that have a folder."""
    return sorted(path.name for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except (FileNotFoundError, NotADirectoryError):
        return
