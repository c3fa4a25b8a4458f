"""The recording of one camera while it grows."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from facecap import FaceCapture, FrameResult
from facecap.replay import Recorder


class Writer:
    """Appends what one pipeline finds, to one file after another. Each can be read alone; its first line says
    how it is made and which file it goes on from."""

    def __init__(self, capture: FaceCapture) -> None:
        self.flushed = False
        """Whether every visit was ended since the last frame."""
        self.began = 0.0
        """Seconds since 1970, of the file."""
        self.size = 0
        """Bytes of the file."""
        self._capture = capture
        self._recorder = Recorder(capture)
        self._last: FrameResult | None = None
        self._path: Path | None = None
        self._has_frames = False
        """Whether the file has more than its first line."""
        self._stream: BinaryIO | None = None

    @property
    def is_removed(self) -> bool:
        """Whether somebody removed the file: nobody could read what is written to it then."""
        return self._path is not None and not self._path.exists()

    def goes_on(self, capture: FaceCapture, result: FrameResult) -> bool:
        """Whether a frame follows what was written: of the same pipeline, and not after it began anew."""
        last = self._last
        if capture is not self._capture or last is None or result.frame_index <= last.frame_index:
            return False
        return result.timestamp is None or last.timestamp is None or result.timestamp >= last.timestamp

    def begin(self, path: Path, now: float) -> None:
        """Go on in a new file.

        Raises:
            OSError: it cannot be made.
        """
        self.close()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream = path.open("xb", buffering=0)
        earlier, self._path, self._has_frames = self._path, path, False
        self.began, self.size = now, 0
        self._append({**self._recorder.header(), "continues": earlier and earlier.name})

    def write(self, result: FrameResult, image: NDArray[np.uint8] | None, now: float) -> None:
        """Append a frame that came `now`, in seconds since 1970.

        Raises:
            OSError: it cannot be written; no part of it is left.
        """
        self._append(self._recorder.frame(result, image, flushed=self.flushed, received=round(now, 3)))
        self.flushed, self._last, self._has_frames = False, result, True

    def close(self) -> None:
        """Close the file; one without a frame, as a full disk leaves it, is removed."""
        if self._stream is None:
            return
        assert self._path is not None
        with suppress(OSError):
            self._stream.close()
        if not self._has_frames:
            with suppress(OSError):
                self._path.unlink()
        self._stream = None

    def _append(self, document: dict[str, Any]) -> None:
        assert self._stream is not None
        line = json.dumps(document, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        written = 0
        try:
            while written < len(line):
                written += self._stream.write(line[written:])
        except OSError:
            self._stream.truncate(self.size)
            raise
        self.size += len(line)
