"""What a service knows of actors, over a Ray that is not there: looks, and a cluster that does not answer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from facecap_service.cameras.camera import empty_report
from facecap_service.cluster import actors as actors_module
from facecap_service.cluster.actor import Look
from facecap_service.cluster.cameras import ClusterCameras
from facecap_service.cluster.parts import Part, actor_of
from facecap_service.metrics import Metrics
from facecap_service.settings import Settings

NAMES = [f"door{number}" for number in range(60)]
EVERYWHERE = [[[0, 0], [1, 0], [1, 1], [0, 1]]]


class FakeRay:
    """A cluster with an actor of each name that has been listed."""

    def __init__(self) -> None:
        self.named: dict[str, Any] = {}
        """Actors, by their names."""
        self.listings = 0
        self.answers = threading.Event()
        self.answers.set()
        self.error: Exception | None = None
        """Of those that ask which actors there are."""
        self.util = self
        self.get_actor = lambda name, namespace: self.named[name]

    def list_named_actors(self, all_namespaces: bool) -> list[dict[str, str]]:
        self.listings += 1
        self.answers.wait(20)
        if self.error is not None:
            raise self.error
        return [{"name": name, "namespace": "facecap"} for name in self.named]


class FakeActor:
    """Answers looks; `told` is what it was told last."""

    def __init__(self, cameras: list[str]) -> None:
        self.told: Any = None
        reports = [empty_report(name, "push") for name in cameras]
        self._look = Look("life", "node", reports, {}, {}, [])
        self.look = SimpleNamespace(remote=self._remote)

    async def _remote(self, areas: Any, draining: frozenset[str]) -> Look:
        self.told = areas
        return self._look


@pytest.fixture
def fake_ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRay]:
    fake = FakeRay()
    monkeypatch.setattr(actors_module, "ray", fake)
    monkeypatch.setattr(actors_module, "draining", frozenset)
    yield fake
    fake.answers.set()


class OwnSettings:
    """Every camera has an area; `asked` counts who wanted to know of it."""

    def __init__(self) -> None:
        self.names = NAMES
        self.asked = 0

    def of(self, name: str) -> dict[str, Any]:
        self.asked += 1
        return {"ignore": EVERYWHERE, "only": [name]}


Story = Callable[[ClusterCameras], Awaitable[None]]


def tell(settings: Settings, story: Story, own: OwnSettings | None = None) -> None:
    """Run a story of a service's cameras on a cluster."""

    async def main() -> None:
        remembered: Any = SimpleNamespace(names=lambda: NAMES, seen=lambda *_: None)
        named: Any = own or OwnSettings()
        cameras = ClusterCameras(settings, None, remembered, named, Metrics())
        try:
            await asyncio.wait_for(story(cameras), 20)
        finally:
            cameras.close()

    asyncio.run(main())


def settings_with(**cluster: Any) -> Settings:
    return Settings(cluster=cluster)


def test_a_look_asks_of_each_camera_once_and_tells_each_actor_of_its_own(fake_ray: FakeRay) -> None:
    settings, own = settings_with(actors=10), OwnSettings()
    actors = {key: FakeActor([]) for key in {actor_of(name, 10) for name in NAMES}}
    fake_ray.named = {Part(settings, key).name: actor for key, actor in actors.items()}

    async def story(cameras: ClusterCameras) -> None:
        await cameras.look()
        assert own.asked == len(NAMES)
        for key, actor in actors.items():
            wanted = {name: (EVERYWHERE, [name]) for name in NAMES if actor_of(name, 10) == key}
            assert actor.told == wanted

    tell(settings, story, own)
