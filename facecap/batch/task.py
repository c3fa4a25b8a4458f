"""A file as a task: what it is, how far its work is, and what came of it."""

from __future__ import annotations

import stat
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from facecap.errors import why_not_read
from facecap.sources import SourceError


class Version(NamedTuple):
    """What tells a file from its earlier and later contents."""

    size: int
    """In bytes."""
    mtime_ns: int

    @classmethod
    def of(cls, file: str) -> Version:
        """Raises SourceError where there is no such file."""
        try:
            status = Path(file).stat()
        except (OSError, ValueError) as error:
            raise SourceError(f"{file}: {why_not_read(error)}") from None
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"{file}: it is no file")
        return cls(status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Advance:
    """How far the work on a file is."""

    file: str
    share: float
    """Of the file, 0 to 1; 0 where its length is not known."""
    frames: int
    captures: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that is left out, and why."""

    file: str
    error: str


@dataclass(frozen=True, slots=True)
class Result:
    """What was found in a file."""

    file: str
    version: Version
    """Of the contents that were read."""
    summary: Mapping[str, Any]
    """As `summary.json` of `facecap run`."""
    captures: list[dict[str, Any]]
    """A row of the table each, without the file; the name of the crop in `crop`."""
    crops: list[bytes]
    """PNG, one a capture, or none at all."""
    notes: list[str]
    """What was reported of damage that did not end the work."""


Tell = Callable[[Advance], None]
Work = Callable[[str, Tell], Result | Failure]
"""Works on a file, and tells now and then how far it is. Can be pickled; raises nothing for a bad file."""
Heard = Advance | Result | Failure | None
"""From work that goes on; None now and then, so that who listens can do something else."""
WorkOn = Callable[[Mapping[str, Version], Work, Callable[[], bool]], Generator[Heard, None, None]]
"""Works on files, of which it has the versions as they are seen here, until it is asked to stop."""
