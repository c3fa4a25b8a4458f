"""A service whose cameras are at work on a cluster: the order in which it joins and leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager

from starlette.concurrency import run_in_threadpool

from facecap import FaceCapture
from facecap.ray_cluster import joined

from ..cameras.workers import Workers
from ..services import Services


@asynccontextmanager
async def on_cluster(
    services: Services, capture_factory: Callable[[], FaceCapture] | None, workers: Workers
) -> AsyncIterator[None]:
    """Cameras take frames on the cluster until the block ends; their actors stay for other services.

    Raises:
        FacecapError: Ray is not installed, or no cluster answers.
    """
    settings = services.settings
    assert settings.cluster.address is not None
    connection = ExitStack()
    await run_in_threadpool(connection.enter_context, joined(settings.cluster.address, "cluster.address"))
    try:
        from .cameras import ClusterCameras  # needs Ray

        cameras = ClusterCameras(
            settings, capture_factory, services.remembered, services.own_settings, services.metrics
        )
        services.cameras, services.pullers, services.cluster = cameras, cameras.pullers, cameras.health
        following = asyncio.create_task(cameras.follow())
        try:
            yield
        finally:
            following.cancel()
            cameras.close()
            await run_in_threadpool(workers.close)
    finally:
        await run_in_threadpool(connection.close)
