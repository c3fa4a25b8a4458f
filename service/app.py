"""The application: its routes, its parts, and the order in which they start and stop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI

from facecap import FaceCapture

from . import page, problems
from .services import Services
from .settings import Settings


def create_app(settings: Settings, *, capture_factory: Callable[[], FaceCapture] | None = None) -> FastAPI:
    """The service as an ASGI application.

    Args:
        settings: what applies.
        capture_factory: makes a camera's pipeline; None for one with the models of the settings.
    """
    services = Services(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as _stack:
            yield

    app = FastAPI(title="facecap", lifespan=lifespan)
    app.state.services = services
    problems.install(app)
    app.include_router(page.router)
    return app
