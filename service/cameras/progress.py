"""How a camera gets on: what became of its frames, and what is wrong."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import datetime, timezone
from typing import Any

from facecap import FaceCapture, FrameResult

from ..problems import Problem
from ..store.times import rfc3339
from .lacking import Lacking
from .refused import Refused


class Progress:
    """Counts, for any number of threads."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._refused = Refused()
        self._lacking = Lacking()
        self._last_time: float | None = None
        self._skipped = 0

    @property
    def answered(self) -> int:
        """Frames that were worked on."""
        return self._counts["ok"]

    @property
    def is_refused(self) -> bool:
        """Whether a frame was refused in the last minute."""
        return bool(self._refused.report())

    def count(self, result: str) -> None:
        """A frame by its result: ok, repeated, off_hours or a problem's code."""
        with self._counting:
            self._counts[result] += 1

    def refuse(self, problem: Problem) -> None:
        """A frame was refused; it is counted too."""
        self.count(problem.code)
        self._refused.see(problem)

    def see(self, result: FrameResult) -> None:
        """What was found in a frame."""
        self._skipped += result.skipped
        self._last_time = time.time()
        self._lacking.see(result)

    def report(self, capture: FaceCapture | None, size: tuple[int, int] | None) -> dict[str, Any]:
        """In plain JSON types.

        Args:
            capture: the camera's pipeline, where it has one.
            size: width and height of the last frame that was worked on.
        """
        last, lacking = self._last_time, capture and self._lacking.report(capture.config)
        with self._counting:
            frames = dict(self._counts)
        return {
            "frames": frames,
            "skipped": self._skipped,
            "size": list(size) if size else None,
            "last_frame_received": last and rfc3339(datetime.fromtimestamp(last, timezone.utc)),
            "trouble": [*self._refused.report(), *([lacking] if lacking else [])],
        }
