"""How far a batch is, over all its files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from facecap.batch.task import Advance, Heard, Result, Version
from facecap.cli.progress import ProgressLine, time_left

_LOG_INTERVAL = 60.0  # seconds


class BatchProgress(ProgressLine):
    """Files, frames, frames a second and the time that is left, by the bytes of the files."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        super().__init__(quiet=quiet, stream=stream, log_interval=_LOG_INTERVAL)
        self._bytes: dict[str, int] = {}
        self._done = self._failed = self._done_bytes = self._frames = self._captures = 0
        self._at_work: dict[str, Advance] = {}

    def begin(self, files: Mapping[str, Version]) -> None:
        """These are to be done; the clock starts."""
        self._bytes = {file: version.size for file, version in files.items()}
        self.restart()

    def update(self, said: Heard) -> None:
        """What was heard, if anything."""
        if isinstance(said, Advance):
            self._at_work[said.file] = said
        elif said is not None:
            self._at_work.pop(said.file, None)
            self._done += 1
            self._done_bytes += self._bytes[said.file]
            if isinstance(said, Result):
                self._frames += said.summary["frames"]
                self._captures += len(said.captures)
            else:
                self._failed += 1
        self.renew(self._line)

    def _line(self, elapsed: float) -> str:
        work = self._at_work.values()
        frames = self._frames + sum(each.frames for each in work)
        captures = self._captures + sum(each.captures for each in work)
        there = self._done_bytes + sum(each.share * self._bytes[each.file] for each in work)
        share = there / max(1, sum(self._bytes.values()))
        parts = [f"file {self._done} of {len(self._bytes)} ({100 * share:.0f} %)"]
        parts += [f"{self._failed} left out"] if self._failed else []
        rate = frames / elapsed if elapsed > 0 else 0.0
        parts += [f"{frames} frames", f"{rate:.1f} frames/s", f"{captures} captured"]
        parts += [time_left(elapsed, share)] if share else []
        return "  ".join(parts)
