"""Cameras at work: their parts, and the order in which they start and stop."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool

from facecap.sources import Limits

from .camera_reports import CameraReports
from .cameras import Cameras
from .cameras.camera import Tools
from .cameras.hours import hours_of
from .cameras.own_settings import OwnSettings
from .cameras.remembered import Remembered
from .cameras.single import SinglePictures
from .cameras.workers import Workers
from .pipelines import Pipelines
from .puller import Puller
from .services import Services

_CHECK = 1.0  # seconds
_THREADS_END = 10.0
"""Seconds that a shutdown waits for all pullers together: a camera may hang, and for a database that may."""


@asynccontextmanager
async def run_cameras(services: Services, pipelines: Pipelines) -> AsyncIterator[None]:
    """Cameras take frames until the block ends; then what they have accepted is worked on and stored."""
    settings = services.settings
    limits = Limits(settings.frames.max_pixels, settings.frames.max_bytes)
    workers = Workers(settings.cameras.threads or _cores())
    hours = hours_of(settings.cameras.named, settings.site.zone)
    services.remembered = Remembered(services.store.cameras, settings.cameras, hours)
    services.own_settings = OwnSettings(settings.cameras.named, services.remembered)
    tools = Tools(
        pipelines.new_capture,
        services.store,
        services.recordings,
        services.remembered,
        hours,
        services.own_settings.areas,
        services.metrics,
        limits,
        answers=settings.cameras.queue,
        keep_frame=settings.page.show_frames,
    )
    services.cameras = Cameras(settings.cameras, tools, workers, settings.pullers)
    services.single = SinglePictures(pipelines, workers, limits, settings.cameras.detect_queue)
    services.pullers = {
        name: Puller(name, puller.url, limits, services.cameras, hours.get(name))
        for name, puller in settings.pullers.items()
    }
    services.reports = CameraReports(
        services.cameras,
        services.pullers,
        services.remembered,
        services.own_settings,
        hours,
        services.store,
    )
    services.metrics.watch(services.reports)
    await run_in_threadpool(services.remembered.start)
    for puller in services.pullers.values():
        puller.start()
    now_and_then = asyncio.create_task(_now_and_then(services.cameras))
    try:
        yield
    finally:
        now_and_then.cancel()
        await run_in_threadpool(_stop, services)


async def _now_and_then(cameras: Cameras) -> None:
    while True:
        await asyncio.sleep(_CHECK)
        cameras.rest()
        cameras.drop_idle()


def _stop(services: Services) -> None:
    for puller in services.pullers.values():
        puller.stop()
    services.cameras.close(services.settings.server.drain_seconds)
    services.remembered.stop(_THREADS_END)
    deadline = time.monotonic() + _THREADS_END
    for puller in services.pullers.values():
        puller.join(max(0.0, deadline - time.monotonic()))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
