"""Stores on both databases, and captures to put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("sqlalchemy", reason="the extra 'service' is not installed")

from postgresql import Server
from served import Served, running, settings_in

from facecap_service.settings import Settings
from facecap_service.store import Sighting, Store
from facecap_service.store.times import now


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A running server."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'facecap.db'}"
    server: Server = request.getfixturevalue("postgresql")
    return server.empty_database()


@pytest.fixture
def postgresql_url(postgresql: Server) -> str:
    """Of an empty database on PostgreSQL."""
    return postgresql.empty_database()


@pytest.fixture
def crops() -> str:
    """Where they go, as `store.crops` has it."""
    return "folder"


@pytest.fixture
def open_store(url: str, tmp_path: Path, crops: str) -> Iterator[Callable[[], Store]]:
    """Opens the same store as often as it is called, as so many processes would."""
    stores: list[Store] = []

    def open_one() -> Store:
        stores.append(Store.open(url, tmp_path / "crops", crops_in_database=crops == "database"))
        return stores[-1]

    yield open_one
    for store in stores:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    """An empty store."""
    return open_store()


Start = Callable[..., Served]


def introduced(settings: Settings) -> Settings:
    """With a store that knows the cameras: none comes online in the midst of a test that counts events."""
    store = Store.open(settings.store.url, settings.store.folder)
    if not store.cameras.all():
        store.cameras.see([Sighting(name, "board", now()) for name in ("door", "gate")])
        store.remove_old(events_max_age=timedelta(seconds=-1))
    store.close()
    return settings


@pytest.fixture
def start(tmp_path: Path, pipeline: dict[str, Any], crops: str) -> Iterator[Start]:
    """Starts services on one store, on SQLite where no `url` is given."""
    with ExitStack() as stack:

        def start_one(url: str | None = None, **sections: Any) -> Served:
            url = url or f"sqlite:///{tmp_path / 'facecap.db'}"
            sections["store"] = {"url": url, "folder": tmp_path / "crops", "crops": crops}
            settings = settings_in(tmp_path, pipeline=pipeline, cameras={"threads": 1}, **sections)
            return stack.enter_context(running(introduced(settings)))

        yield start_one


@pytest.fixture(scope="module")
def lasting_service(tmp_path_factory: pytest.TempPathFactory, pipeline: dict[str, Any]) -> Iterator[Served]:
    """A service for all tests of a file."""
    settings = settings_in(tmp_path_factory.mktemp("service"), pipeline=pipeline)
    with running(introduced(settings)) as served:
        yield served


@pytest.fixture
def service(lasting_service: Served) -> Served:
    """A running service without captures; ids of events go on from test to test."""
    past = timedelta(seconds=-1)
    lasting_service.services.store.remove_old(past, events_max_age=past, grace=timedelta(0))
    return lasting_service
