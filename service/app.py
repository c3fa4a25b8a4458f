"""The application: its routes, its parts, and the order in which they start and stop."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from facecap import FacecapError, FaceCapture
from facecap.sources import Limits

from . import openapi, page, problems, unrouted
from .broker import open_broker
from .cameras import Cameras
from .cameras.camera import Tools
from .cameras.single import SinglePictures
from .cameras.workers import Workers
from .envelope import Envelope, allowed_hosts, is_loopback
from .frames.intake import Intake
from .metrics import Metrics
from .pipelines import Pipelines
from .puller import Puller
from .readiness import Readiness
from .retention import keep_within
from .routes import (
    audit,
    cameras,
    captures,
    events,
    frames,
    health,
    pushed_captures,
    reference,
    site,
    statistics,
    stream,
    visits,
    webhooks,
)
from .routes.lean import LeanRoutes
from .security import Guard
from .services import Services
from .settings import Settings
from .store import Store, StoreError
from .webhooks.couriers import run_webhooks
from .webhooks.figures import WebhookFigures

_log = logging.getLogger("facecap.service")
_IDLE_CHECK = 1.0  # seconds
_PULLERS_END = 10.0
"""Seconds that a shutdown waits for all pullers together: a camera may hang."""


def create_app(settings: Settings, *, capture_factory: Callable[[], FaceCapture] | None = None) -> FastAPI:
    """The service as an ASGI application.

    Args:
        settings: what applies.
        capture_factory: makes a camera's pipeline; None for one with the models of the settings.
    """
    metrics = Metrics()
    services = Services(settings, Guard(settings.keys, settings.access), metrics, Intake(settings.frames))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.enter_context(_noting_trouble(services))
            pipelines = await run_in_threadpool(Pipelines, settings, capture_factory)
            metrics.show_models(pipelines.models)
            services.store = await run_in_threadpool(Store.open, settings.store.url, settings.store.folder)
            stack.callback(services.store.close)
            await run_in_threadpool(_note_start, services, app.version)
            services.readiness = Readiness(services.store)
            services.broker = await stack.enter_async_context(open_broker(services.store, services.stopping))
            services.couriers = await stack.enter_async_context(
                run_webhooks(services.store, services.broker, settings.webhooks, settings.server.public_url)
            )
            await stack.enter_async_context(keep_within(services.store, settings.retention))
            await stack.enter_async_context(_cameras(services, pipelines))
            metrics.watch(services.readiness)
            metrics.watch(WebhookFigures(services.broker, services.couriers))
            yield
            services.stopping.set()

    app = FastAPI(
        title="facecap",
        version=version("facecap"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    unguarded = not settings.keys and is_loopback(settings.server.host)
    hosts = allowed_hosts(settings.server.hosts, settings.server.host, unguarded)
    app.add_middleware(LeanRoutes, routes=frames.router.routes)
    app.add_middleware(Envelope, hosts=hosts, count=metrics.request, trouble=lambda: services.trouble)
    problems.install(app)
    openapi.install(app)
    known = list(app.routes)
    for routes in (
        frames,
        stream,
        cameras,
        pushed_captures,
        captures,
        visits,
        statistics,
        site,
        audit,
        events,
        webhooks,
        health,
        reference,
        page,
    ):
        app.include_router(routes.router)
        known += routes.router.routes
    unrouted.install(app, known)
    return app


@contextmanager
def _noting_trouble(services: Services) -> Iterator[None]:
    """Keep why the service did not start, for whoever started it."""
    try:
        yield
    except FacecapError as error:
        services.trouble = str(error)
        raise


def _note_start(services: Services, own_version: str) -> None:
    """Into the audit log: who may do what from now on."""
    keys = {key.name: sorted(key.scopes) for key in services.settings.keys}
    try:
        services.store.note("service", "start", {"version": own_version, "keys": keys})
    except StoreError as error:  # as on a full disk, which is no reason not to start
        _log.error("the audit log does not have this start: %s", error)


@asynccontextmanager
async def _cameras(services: Services, pipelines: Pipelines) -> AsyncIterator[None]:
    """Cameras take frames until the block ends; then what they have accepted is worked on and stored."""
    settings = services.settings
    limits = Limits(settings.frames.max_pixels, settings.frames.max_bytes)
    workers = Workers(settings.cameras.threads or _cores())
    tools = Tools(
        pipelines.new_capture,
        services.store,
        services.metrics,
        limits,
        remembered=settings.cameras.queue,
        keep_frame=settings.page.show_frames,
    )
    services.cameras = Cameras(settings.cameras, tools, workers, settings.pullers)
    services.single = SinglePictures(pipelines, workers, limits, settings.cameras.detect_queue)
    services.pullers = {
        name: Puller(name, puller.url, limits, services.cameras) for name, puller in settings.pullers.items()
    }
    for puller in services.pullers.values():
        puller.start()
    idle = asyncio.create_task(_drop_idle(services.cameras))
    try:
        yield
    finally:
        idle.cancel()
        await run_in_threadpool(_stop, services)


async def _drop_idle(all_cameras: Cameras) -> None:
    while True:
        await asyncio.sleep(_IDLE_CHECK)
        all_cameras.drop_idle()


def _stop(services: Services) -> None:
    for puller in services.pullers.values():
        puller.stop()
    services.cameras.close(services.settings.server.drain_seconds)
    deadline = time.monotonic() + _PULLERS_END
    for puller in services.pullers.values():
        puller.join(max(0.0, deadline - time.monotonic()))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
