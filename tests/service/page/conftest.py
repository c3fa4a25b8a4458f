"""A real browser at a real service."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from browsing import OpenPage, sync_api
from programs import program

pytest.importorskip("fastapi", reason="the extra 'service' is not installed")

from served import Served, running, settings_in
from wire import Wire

# Bounds that only a failure reaches.
_PATIENCE = 10_000  # milliseconds
sync_api.expect.set_options(timeout=_PATIENCE)

WIDE = {"width": 1280, "height": 900}


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium, without a window."""
    executable = program("chromium-headless-shell", "chromium", "google-chrome")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable)
        yield chromium
        chromium.close()


@pytest.fixture
def serve(tmp_path: Path, pipeline: dict[str, Any]) -> Iterator[Callable[..., Served]]:
    """Starts services with the scripted models and sections of settings."""
    running_services = []

    def start(**sections: Any) -> Served:
        capture = {"mode": "fast", "min_hits": 2, "interval": 2, "max_captures": 0}
        folder = tmp_path / str(len(running_services))
        folder.mkdir()
        context = running(settings_in(folder, **{"pipeline": pipeline, "capture": capture, **sections}))
        served = context.__enter__()
        running_services.append(context)
        return served

    yield start
    for context in running_services:
        context.__exit__(None, None, None)


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    """A service without keys."""
    return serve()


@pytest.fixture
def wire(served: Served) -> Iterator[Wire]:
    """A wire to that service, which can be cut or go silent."""
    one = Wire(("127.0.0.1", int(served.address.rpartition(":")[2])))
    yield one
    one.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[OpenPage]:
    """Opens a service's page, with a clock that begins at a moment where one is given.

    At the end: no script failed, no policy was hurt, nobody else was asked.
    """
    contexts = []
    trouble: list[str] = []

    def open_one(
        address: str,
        *,
        path: str = "/",
        expect_failures: bool = False,
        ready: str = "Live",
        clock: datetime | None = None,
        **options: Any,
    ) -> Any:
        context = browser.new_context(**{"viewport": WIDE, "locale": "en-GB", **options})
        contexts.append(context)
        page = context.new_page()
        if clock:
            page.clock.install(time=clock)
        page.set_default_timeout(_PATIENCE)
        page.on("pageerror", lambda error: trouble.append(f"script: {error}"))
        page.on("console", lambda message: note(message, expect_failures))
        page.on("request", lambda request: ask(request, address))
        page.goto(address + path)
        page.locator("#connection", has_text=ready).wait_for()
        return page

    def note(message: Any, expect_failures: bool) -> None:
        failed_answer = "Failed to load resource" in message.text
        if message.type in ("error", "warning") and not (failed_answer and expect_failures):
            trouble.append(f"console: {message.text} {message.location}")

    def ask(request: Any, address: str) -> None:
        site = "/".join(address.split("/")[:3])
        if not request.url.startswith((address + "/", "blob:" + site)):
            trouble.append(f"asked elsewhere: {request.url}")

    yield open_one
    for context in contexts:
        context.close()
    assert not trouble
