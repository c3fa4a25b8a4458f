"""What every source gives and how it says what went wrong."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from facecap.errors import FacecapError

if TYPE_CHECKING:
    from facecap.sources.picture import EncodedPicture
    from facecap.sources.picture_header import PictureError

Report = Callable[[str], None]
LeftOut = Callable[["PictureError"], None]
"""Called with why a picture cannot be used, on any thread."""


class SourceError(FacecapError):
    """A source that cannot be opened or read any further."""


def why_not_read(error: OSError | ValueError) -> str:
    """In a few words, why a file of some name cannot be read: no file has a name with a NUL byte, say."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"no file has such a name: {error}"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture or a frame may measure; checked from its header, before it is decoded."""

    pixels: int = 100_000_000
    """Width times height."""
    bytes: int = 64 * 1024 * 1024
    """Of one encoded picture."""


@dataclass(frozen=True)
class Frame:
    """One picture of a source."""

    index: int
    """Place in the source, from 0; damaged and dropped frames count too."""
    timestamp: float | None
    """Seconds: in a file from its start, of a camera since 1970; None where pictures have no rate."""
    picture: NDArray[np.uint8] | EncodedPicture
    """Height x width x 3, BGR, upright; or as it came, of a source that was asked for it."""
    name: str
    """File name of a picture; else empty."""
    read: float | None = None
    """When a live source read it, by `time.monotonic`, which nobody sets; None of files."""

    @property
    def encoded(self) -> EncodedPicture | None:
        """The picture as it came, where it is still that."""
        return None if isinstance(self.picture, np.ndarray) else self.picture

    @cached_property
    def image(self) -> NDArray[np.uint8]:
        """Height x width x 3, BGR, upright.

        Raises:
            PictureError: an encoded picture turns out to be damaged.
        """
        return self.picture if isinstance(self.picture, np.ndarray) else self.picture.decode()


class Capture(Protocol):
    """What a live source reads from, such as `cv2.VideoCapture`."""

    def read(self) -> tuple[bool, Any]:
        """Whether there is another frame, and it: height x width x 3 uint8 BGR, an `EncodedPicture`, or the
        `PictureError` that says why it cannot be used."""

    def release(self) -> None:
        """Close it."""


class Source(ABC):
    """Frames, one after the other, each given once.

    Attributes:
        name: for people and reports, without credentials.
        timed: whether frames have timestamps.
        live: whether frames come in their own time and late ones are dropped.
        length: frames in all, None where it is not known.
        fps: nominal frames a second, None where it is not known.
        damaged: frames that were reported and left out.
        dropped: frames of a live source that came while an earlier one was at work.
        ended_early: whether a file ended before its stated length.
    """

    timed = True
    live = False

    def __init__(self, name: str, report: Report, left_out: LeftOut = lambda error: None) -> None:
        self.name = name
        self.length: int | None = None
        self.fps: float | None = None
        self.damaged = 0
        self.dropped = 0
        self.ended_early = False
        self._report = report
        self._left_out = left_out
        self._stopped = threading.Event()

    @abstractmethod
    def frames(self) -> Generator[Frame, None, None]:
        """The frames; raises SourceError where the source fails."""

    def _leave_out(self, text: str, error: PictureError) -> None:
        """A picture cannot be used; `text` says which."""
        self.damaged += 1
        self._report(f"{text}: {error}")
        self._left_out(error)

    def stop(self) -> None:
        """Ask `frames` to end soon; may be called from a signal handler."""
        self._stopped.set()
