"""Detection in the frames that come, while those before them are followed."""

from __future__ import annotations

import queue
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from facecap import Detections, Detector, FrameResult

    Begun = Future[tuple[Detections, float]]
    """Faces, and the seconds that finding them took."""

_DETECTED_IN_A_ROW = 2
"""Frames without a skipped one until it pays to look ahead: a still scene is detected in once in a while."""


class Ahead:
    """Detects on threads of its own, as many frames at once as there are threads.

    What it finds changes no answer: whether a frame is detected in is decided in order, and a frame in which
    detection failed is detected in once more, in its turn.
    """

    def __init__(self, detector: Detector, threads: int) -> None:
        """`detector`: is copied for each thread."""
        self._idle: queue.SimpleQueue[Detector] = queue.SimpleQueue()
        for _ in range(threads):
            self._idle.put(detector.copy())
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="facecap detector")
        self._detected = _DETECTED_IN_A_ROW

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def begin(self, image: NDArray[np.uint8]) -> Begun | None:
        """Detect in a frame that comes, unless it may well be skipped; from any thread."""
        if self._detected < _DETECTED_IN_A_ROW:
            return None
        return self._pool.submit(self._detect, image)

    def note(self, result: FrameResult) -> None:
        """A frame was answered."""
        self._detected = 0 if result.skipped else self._detected + 1

    def _detect(self, image: NDArray[np.uint8]) -> tuple[Detections, float]:
        detector = self._idle.get()
        try:
            start = time.perf_counter()
            return detector.detect(image), time.perf_counter() - start
        finally:
            self._idle.put(detector)
