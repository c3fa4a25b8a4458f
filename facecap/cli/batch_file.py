"""The work of `facecap batch` on one file: that of `facecap run`, its results kept in memory."""

from __future__ import annotations

import argparse
import os
import pickle
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from facecap.batch.task import Advance, Failure, Result, Tell, Version
from facecap.cli import UsageError, options
from facecap.cli.job import Job
from facecap.cli.outputs import Outputs
from facecap.cli.pipeline import Models, face_capture
from facecap.cli.progress import Progress
from facecap.errors import FacecapError
from facecap.sinks.run_folder import crop_name, crop_png
from facecap.sources import open_source

if TYPE_CHECKING:
    from facecap import Capture

_MOST_NOTES = 20
_TOLD = 0.5  # seconds from one word about the progress to the next


class FileWork:
    """Works on a file with the options of the command; goes to the processes that do it."""

    def __init__(self, args: argparse.Namespace) -> None:
        """Raises `UsageError` where the file of --config is wrong: it is read here, and no more there."""
        settled = {**vars(args), **options.capture_settings(args), "config": None}
        self._options = pickle.dumps(argparse.Namespace(**settled))

    def __call__(self, file: str, tell: Tell) -> Result | Failure:
        """What `facecap run` finds in the file; whatever is wrong with it is said in the outcome."""
        try:
            version = Version.of(file)
            outcome = self._work(file, tell, version)
            if Version.of(file) != version:
                return Failure(file, "it changed while it was read")
            return outcome
        except (FacecapError, UsageError) as error:
            return Failure(file, _without_name(str(error), file))
        except BrokenPipeError:
            raise
        except Exception as error:
            return Failure(file, f"{type(error).__name__}: {error}")

    def _work(self, file: str, tell: Tell, version: Version) -> Result | Failure:
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "threads;1")  # others work on the other cores
        progress = _Told(file, tell)
        args, models = _opened(self._options)
        source = open_source(file, limits=options.limits_of(args), report=progress.say)
        capture = face_capture(args, models, length=source.length, timed=source.timed)
        progress.length = source.length
        kept = _Kept(with_crops=args.crops != "none")
        job = Job(source, capture, kept, progress)
        job.work(None)
        summary = job.summary.to_dict(source, capture)
        if summary["status"] != "done":
            return Failure(file, _without_name(summary["error"] or summary["status"], file))
        notes = [_without_name(note, file) for note in progress.notes]
        return Result(file, version, summary, kept.rows, kept.crops, notes)


@lru_cache(maxsize=1)
def _opened(pickled: bytes) -> tuple[argparse.Namespace, Models]:
    """The options, and the models that they ask for, opened once a process."""
    args = pickle.loads(pickled)
    return args, Models.of(args)


class _Kept(Outputs):
    """Keeps captures as rows of the table, and their crops."""

    def __init__(self, *, with_crops: bool) -> None:
        super().__init__(None, None, None, as_json=False)
        self._with_crops = with_crops
        self.rows: list[dict[str, Any]] = []
        self.crops: list[bytes] = []

    def keep(self, capture: Capture) -> dict[str, Any]:
        """Keep a capture; returns its JSON."""
        line = super().keep(capture)
        seconds = None if capture.timestamp is None else round(capture.timestamp, 3)
        self.rows.append({"seconds": seconds, **line, "crop": crop_name(capture)})
        if self._with_crops:
            self.crops.append(crop_png(capture))
        return line


class _Told(Progress):
    """Tells how far the work is, and keeps what is said."""

    def __init__(self, file: str, tell: Tell) -> None:
        super().__init__(quiet=True)
        self.notes: list[str] = []
        self._file = file
        self._tell = tell
        self._told = time.monotonic()

    def update(self, place: int, frames: int, captures: int) -> None:
        """Tell it now and then."""
        now = time.monotonic()
        if now - self._told >= _TOLD:
            self._told = now
            share = min(1.0, place / self.length) if self.length else 0.0
            self._tell(Advance(self._file, share, frames, captures))

    def say(self, text: str) -> None:
        """Keep it."""
        if len(self.notes) < _MOST_NOTES:
            self.notes.append(text)


def _without_name(text: str, file: str) -> str:
    return text.removeprefix(f"{file}: ")
