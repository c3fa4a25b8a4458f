"""A real server on the loopback, for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from facecap import FaceCapture
from facecap_service.services import Services
from facecap_service.serving import Server, listen, make_server
from facecap_service.settings import Settings


@dataclass(frozen=True)
class Served:
    """A service that runs. `client` talks to it."""

    address: str
    client: httpx.Client
    server: Server

    @property
    def services(self) -> Services:
        """Its parts, for what cannot be seen from outside."""
        services: Services = self.server.config.app.state.services
        return services

    def push(self, camera: str, picture: bytes, **query: Any) -> httpx.Response:
        """One frame."""
        return self.client.post(f"/v1/cameras/{camera}/frames", content=picture, params=query)


def settings_in(folder: Path, **sections: Any) -> Settings:
    """Settings whose store lies in `folder`."""
    store = {"url": f"sqlite:///{folder / 'facecap.db'}", "folder": folder / "crops"}
    return Settings(**{"store": store, **sections})


@contextmanager
def running(settings: Settings, capture_factory: Callable[[], FaceCapture] | None = None) -> Iterator[Served]:
    """Serve until the block ends, then stop in order."""
    listener = listen("127.0.0.1", 0)
    server = make_server(settings, capture_factory)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        with httpx.Client(base_url=address, timeout=60) as client:
            yield Served(address, client, server)
    finally:
        server.should_exit = True
        thread.join(60)
    assert not thread.is_alive(), "the server did not stop"


def eventually(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait for something that happens in its own time; what `condition` gave in the end."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found
