"""Cameras at work, here or on a cluster, and what is known of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.concurrency import run_in_threadpool

from facecap import FaceCapture
from facecap.cores import usable_cores

from .camera_reports import CameraReports
from .camera_work import CHECK_SECONDS, CameraWork, limits_of
from .cameras.hours import Hours, hours_of
from .cameras.own_settings import OwnSettings
from .cameras.remembered import Remembered
from .cameras.single import SinglePictures
from .cameras.workers import Workers
from .pipelines import Pipelines
from .services import Services

_log = logging.getLogger("facecap.service.cameras")
_REMEMBERED_END = 10.0
"""Seconds that a shutdown waits for a database that may hang."""


@asynccontextmanager
async def run_cameras(
    services: Services, pipelines: Pipelines, capture_factory: Callable[[], FaceCapture] | None
) -> AsyncIterator[None]:
    """Cameras take frames until the block ends; then what they have accepted is worked on and stored."""
    settings = services.settings
    workers = Workers(settings.cameras.threads or usable_cores())
    hours = hours_of(settings.cameras.named, settings.site.zone)
    services.remembered = Remembered(services.store.cameras, settings.cameras, hours)
    services.own_settings = OwnSettings(settings.cameras.named, services.remembered)
    services.single = SinglePictures(pipelines, workers, limits_of(settings), settings.cameras.detect_queue)
    await run_in_threadpool(services.remembered.start)
    if settings.cluster.address is None:
        at_work = _here(services, pipelines, hours, workers)
    else:
        from .cluster.run import on_cluster

        at_work = on_cluster(services, capture_factory, workers)
    try:
        async with at_work:
            services.reports = CameraReports(
                services.cameras,
                services.pullers,
                services.remembered,
                services.own_settings,
                hours,
                services.store,
            )
            services.metrics.watch(services.reports)
            yield
    finally:
        await run_in_threadpool(services.remembered.stop, _REMEMBERED_END)


@asynccontextmanager
async def _here(
    services: Services, pipelines: Pipelines, hours: dict[str, Hours], workers: Workers
) -> AsyncIterator[None]:
    work = CameraWork(
        services.settings,
        pipelines,
        services.store,
        services.recordings,
        hours,
        services.remembered.seen,
        services.own_settings.areas,
        services.metrics,
        workers,
    )
    services.cameras, services.pullers = work.cameras, work.pullers

    def end(camera: str, ended: Callable[[], object]) -> None:
        def forget() -> None:
            try:
                services.recordings.remove(camera)
            except OSError as error:
                _log.warning("recordings of %s stay, which is remembered no more: %s", camera, error)
            ended()

        work.cameras.drop(camera, forget)

    services.remembered.when_gone(end)
    work.start()
    now_and_then = asyncio.create_task(_now_and_then(work))
    try:
        yield
    finally:
        now_and_then.cancel()
        await run_in_threadpool(work.stop)


async def _now_and_then(work: CameraWork) -> None:
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        work.look_after()
