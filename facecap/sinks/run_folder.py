"""The folder of one run: `captures.jsonl`, `crops/`, `summary.json` and, on request, a recording."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2

from facecap._files import write_atomic
from facecap._lock import FolderLock
from facecap.errors import FacecapError
from facecap.replay import FRAMES, HEADER

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from facecap import Capture, FrameResult
    from facecap.replay import Recorder

CAPTURES = "captures.jsonl"
SUMMARY = "summary.json"
CROPS = "crops"
CONTACT_SHEET = "contact_sheet.png"


class JsonLines:
    """A file of one JSON object a line. A line is whole or not there."""

    def __init__(self, path: Path, *, sync: bool) -> None:
        """`sync`: a line is on the disk before `add` returns."""
        self._path = path
        self._sync = sync
        self._stream = path.open("wb", buffering=0)

    def add(self, item: Mapping[str, Any]) -> None:
        """Append a line; one that cannot be written to its end is taken back."""
        line = json.dumps(item, allow_nan=False).encode() + b"\n"
        start = self._stream.tell()
        try:
            while line:
                line = line[self._stream.write(line) :]
            if self._sync:
                os.fsync(self._stream.fileno())
        except OSError as error:
            self._stream.truncate(start)
            raise OSError(error.errno, error.strerror, str(self._path)) from None

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def crop_name(capture: Capture) -> str:
    """The file of a capture's crop."""
    return f"{capture.track_id}_{capture.sequence}_{capture.shot_frame}.png"


def crop_png(capture: Capture) -> bytes:
    """The crop (BGR) of a capture as PNG.

    Raises:
        FacecapError: it cannot be encoded.
    """
    ok, png = cv2.imencode(".png", capture.crop)
    if not ok:
        raise FacecapError(f"the crop {crop_name(capture)} cannot be encoded")
    return png.tobytes()


class RunFolder:
    """Keeps what a run found as it is found, so that an end at any time loses nothing that was captured."""

    def __init__(self, path: Path, *, overwrite: bool = False, recorder: Recorder | None = None) -> None:
        """Make the folder; with a `recorder` it keeps every face of every frame.

        Raises:
            FacecapError: it holds an earlier run and `overwrite` is not set, or another process writes a run
                into it.
            OSError: it cannot be made.
        """
        self.path = path
        self._lock = FolderLock(path)
        try:
            self._clear(overwrite)
            self._captures = JsonLines(path / CAPTURES, sync=True)
            self._recorder = recorder
            self._frames = None
            if recorder is not None:
                write_json(path / HEADER, recorder.header())
                self._frames = JsonLines(path / FRAMES, sync=False)
        except BaseException:
            self._lock.release()
            raise

    def _clear(self, overwrite: bool) -> None:
        path = self.path
        earlier = [name for name in (CAPTURES, SUMMARY, HEADER, FRAMES) if (path / name).exists()]
        if earlier and not overwrite:
            raise FacecapError(
                f"{path} holds an earlier run ({', '.join(earlier)}): give another --out, or --overwrite"
            )
        (path / CROPS).mkdir(parents=True, exist_ok=True)
        for name in earlier:
            (path / name).unlink()
        for crop in (path / CROPS).glob("*_*_*.png"):
            crop.unlink()

    def add(self, capture: Capture) -> dict[str, Any]:
        """Keep a capture (its crop in BGR), crop first; returns its line of `captures.jsonl`."""
        name = f"{CROPS}/{crop_name(capture)}"
        write_atomic(self.path / name, crop_png(capture))
        line = {**capture.to_dict(), "crop": name}
        self._captures.add(line)
        return line

    def add_frame(self, result: FrameResult, image: NDArray[np.uint8] | None) -> None:
        """Keep the whole answer for a frame, where the folder has a recorder; no image of a skipped one."""
        if self._frames is None or self._recorder is None:
            return
        answer, line = result.to_dict(), self._recorder.frame(result, image)
        faces = [answered | exact for answered, exact in zip(answer["faces"], line["faces"], strict=True)]
        self._frames.add(answer | line | {"faces": faces})

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write `summary.json`."""
        write_json(self.path / SUMMARY, summary)

    def close(self) -> None:
        """Close the files and give the folder free."""
        self._captures.close()
        if self._frames is not None:
            self._frames.close()
        self._lock.release()


def write_json(path: Path, document: Mapping[str, Any]) -> None:
    """Write a JSON file for people too, whole or not at all."""
    write_atomic(path, json.dumps(document, indent=2, allow_nan=False).encode() + b"\n")
