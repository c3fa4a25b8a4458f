"""Cameras at work in this process: their parts, and the order in which they start and stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from facecap import Areas
from facecap.sources import Limits

from .cameras import Cameras
from .cameras.hours import Hours
from .cameras.tools import Tools
from .cameras.workers import Workers
from .metrics import Metrics
from .pipelines import Pipelines
from .puller import Puller
from .recordings import Recordings
from .settings import Settings
from .store import Store
from .store.camera_table import Source

CHECK_SECONDS = 1.0
"""From one `look_after` to the next."""
_THREADS_END = 10.0
"""Seconds that a shutdown waits for all pullers together: a camera may hang."""


def limits_of(settings: Settings) -> Limits:
    """What a frame may measure."""
    return Limits(settings.frames.max_pixels, settings.frames.max_bytes)


class CameraWork:
    """Cameras of `settings`, with those that are read by this process.

    Args:
        settings: what applies; all of its `pullers` are read here.
        pipelines: of these settings.
        store: takes what is captured.
        recordings: take what is kept of frames.
        hours: of the cameras that are not always at work.
        seen: called when a camera sent something that could be taken.
        areas: where a camera's faces are captured; the same object until that changes.
        metrics: count.
        workers: work; they end with the cameras.
    """

    def __init__(
        self,
        settings: Settings,
        pipelines: Pipelines,
        store: Store,
        recordings: Recordings,
        hours: Mapping[str, Hours],
        seen: Callable[[str, Source], object],
        areas: Callable[[str], Areas],
        metrics: Metrics,
        workers: Workers,
    ) -> None:
        limits = limits_of(settings)
        tools = Tools(
            pipelines.new_capture,
            store,
            recordings,
            seen,
            hours,
            areas,
            metrics,
            limits,
            answers=settings.cameras.queue,
            keep_frame=settings.page.show_frames,
        )
        self.cameras = Cameras(settings.cameras, tools, workers, settings.pullers)
        self.pullers = {
            name: Puller(name, puller.url, limits, self.cameras, hours.get(name))
            for name, puller in settings.pullers.items()
        }
        self._drain_seconds = settings.server.drain_seconds

    def start(self) -> None:
        """Begin to read cameras."""
        for puller in self.pullers.values():
            puller.start()

    def look_after(self) -> None:
        """What is to be done every `CHECK_SECONDS`."""
        self.cameras.rest()
        self.cameras.drop_idle()

    def stop(self) -> None:
        """Work on what was accepted and store it, then end."""
        for puller in self.pullers.values():
            puller.stop()
        self.cameras.close(self._drain_seconds)
        deadline = time.monotonic() + _THREADS_END
        for puller in self.pullers.values():
            puller.join(max(0.0, deadline - time.monotonic()))
