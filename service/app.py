"""The application: its routes, its parts, and the order in which they start and stop."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from facecap import FacecapError, FaceCapture

from . import openapi, page, problem_handlers, unrouted
from .broker import open_broker
from .envelope import Envelope, allowed_hosts, is_loopback
from .followers import follow_journal
from .frames.intake import Intake
from .metrics import Metrics
from .mqtt.figures import MqttFigures
from .pipelines import Pipelines
from .readiness import Readiness
from .recordings import Recordings
from .refusals import Refusals
from .retention import keep_within
from .routes import (
    alerts,
    audit,
    camera_settings,
    cameras,
    captures,
    compliance,
    events,
    exports,
    frames,
    health,
    mqtt,
    pushed_captures,
    reference,
    replay,
    site,
    statistics,
    stream,
    visits,
    webhooks,
)
from .routes.lean import LeanRoutes
from .run_cameras import run_cameras
from .security import Guard
from .services import Services
from .settings import Settings
from .store import Store, StoreError
from .webhooks.figures import WebhookFigures

_log = logging.getLogger("facecap.service")


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
            services.store = await run_in_threadpool(
                Store.open,
                settings.store.url,
                settings.store.folder,
                crops_in_database=settings.store.crops == "database",
            )
            stack.callback(services.store.close)
            services.recordings = Recordings(settings.store.folder / "recordings", settings.replay)
            stack.callback(services.recordings.close)
            await run_in_threadpool(_note_start, services, app.version)
            services.broker = await stack.enter_async_context(open_broker(services.store, services.stopping))
            await stack.enter_async_context(
                keep_within(services.store, services.recordings, settings.retention)
            )
            await stack.enter_async_context(run_cameras(services, pipelines, capture_factory))
            services.readiness = Readiness(services.store, services.cluster)
            await stack.enter_async_context(follow_journal(services))
            metrics.watch(services.readiness)
            metrics.watch(WebhookFigures(services.broker, services.couriers))
            if services.bridge is not None:
                metrics.watch(MqttFigures(services.bridge))
            yield
            services.stopping.set()
            services.store.end_within(settings.server.drain_seconds)

    app = _Application(
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
    lean = LeanRoutes(app, app.routed, frames.router.routes)
    refusals = Refusals(services.stopping, settings.server.max_connections // 2)
    app.front = Envelope(lean, hosts, metrics.request, lambda: services.trouble, refusals)
    problem_handlers.install(app)
    openapi.install(app)
    known = list(app.routes)
    for routes in (
        frames,
        stream,
        cameras,
        camera_settings,
        pushed_captures,
        exports,  # before one capture: its path has the form of an id
        captures,
        visits,
        statistics,
        compliance,
        replay,
        site,
        audit,
        events,
        alerts,
        webhooks,
        mqtt,
        health,
        reference,
        page,
    ):
        app.include_router(routes.router)
        known += routes.router.routes
    unrouted.install(app, known)
    return app


class _Application(FastAPI):
    """FastAPI with something in front of all of its own middleware, whose layers would cost every frame."""

    front: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Through what is in front."""
        await self.front(scope, receive, send)

    async def routed(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As FastAPI by itself."""
        await super().__call__(scope, receive, send)


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
