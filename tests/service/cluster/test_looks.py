"""What a service knows of actors, over a Ray that is not there: looks, and a cluster that does not answer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any
from weakref import WeakSet

import pytest

from facecap_service.cameras.camera import empty_report
from facecap_service.cluster import actors as actors_module
from facecap_service.cluster import cameras as cameras_module
from facecap_service.cluster.actor import Look
from facecap_service.cluster.areas import ToldAreas
from facecap_service.cluster.cameras import ClusterCameras
from facecap_service.cluster.parts import Part, actor_of
from facecap_service.metrics import Metrics
from facecap_service.problems import Problem
from facecap_service.readiness import Readiness
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
    """Answers looks; `told` is what it was told last, `areas` what it makes of all that."""

    def __init__(self, cameras: list[str]) -> None:
        self.told: Any = None
        self.areas = ToldAreas()
        self.error: Exception | None = None
        """That looks fail with."""
        reports = [empty_report(name, "push") for name in cameras]
        self._look = Look("life", "node", reports, {}, {}, [])
        self.look = SimpleNamespace(remote=self._remote)

    async def _remote(self, areas: Any, age: float, draining: frozenset[str]) -> Look:
        if self.error is not None:
            raise self.error
        self.told = areas
        self.areas.tell(areas, age)
        return self._look


@pytest.fixture
def fake_ray(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRay]:
    fake = FakeRay()
    monkeypatch.setattr(actors_module, "ray", fake)
    monkeypatch.setattr(actors_module, "draining", frozenset)
    yield fake
    fake.answers.set()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks come soon and wait briefly."""
    for module in (actors_module, cameras_module):
        monkeypatch.setattr(module, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(cameras_module, "_LOST_SECONDS", 3.0)


class OwnSettings:
    """Every camera has an area; `asked` counts who wanted to know of it."""

    def __init__(self) -> None:
        self.names = NAMES
        self.asked = 0

    def of(self, name: str) -> dict[str, Any]:
        self.asked += 1
        return {"ignore": EVERYWHERE, "only": [name]}


Story = Callable[[ClusterCameras], Awaitable[None]]


def tell(settings: Settings, story: Story, own: OwnSettings | None = None, age: float = 1.0) -> None:
    """Run a story of a service's cameras on a cluster; `age` is that of what it knows of the database."""

    async def main() -> None:
        remembered: Any = SimpleNamespace(names=lambda: NAMES, seen=lambda *_: None, age=age)
        named: Any = own or OwnSettings()
        cameras = ClusterCameras(settings, None, remembered, named, Metrics())
        try:
            await asyncio.wait_for(story(cameras), 20)
        finally:
            cameras.close()

    asyncio.run(main())


def settings_with(**cluster: Any) -> Settings:
    return Settings(cluster=cluster)


async def until(condition: Callable[[], Any]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


@pytest.mark.usefixtures("impatient")
def test_commands_to_a_cluster_that_does_not_answer_are_answered(fake_ray: FakeRay) -> None:
    fake_ray.answers.clear()

    async def story(cameras: ClusterCameras) -> None:
        commands = [command(name) for name in NAMES for command in (cameras.flush, cameras.forget)]
        ends = await asyncio.gather(*commands, return_exceptions=True)
        assert {getattr(end, "code", end) for end in ends} == {"camera_moving"}
        assert fake_ray.listings == 1
        fake_ray.answers.set()

    tell(settings_with(), story)


def test_commands_to_a_cluster_that_fails_are_answered_as_what_can_be_tried_again(fake_ray: FakeRay) -> None:
    fake_ray.error = RuntimeError("the head is lost")

    async def story(cameras: ClusterCameras) -> None:
        with pytest.raises(Problem) as raised:
            await cameras.flush("door")
        assert raised.value.code == "camera_moving"
        fake_ray.error = None
        with pytest.raises(Problem) as raised:
            await cameras.flush("door")
        assert raised.value.code == "unknown_camera"

    tell(settings_with(), story)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fails", [True, False], ids=["which fails", "which hangs"])
def test_what_was_said_before_the_cluster_was_lost_is_not_shown_as_if_it_were_now(
    fake_ray: FakeRay, fails: bool
) -> None:
    settings = settings_with()
    fake_ray.named[Part(settings, "door").name] = FakeActor(["door"])

    async def story(cameras: ClusterCameras) -> None:
        def kinds() -> list[list[str]]:
            return [[trouble["kind"] for trouble in report["trouble"]] for report in cameras.report("door")]

        following = asyncio.create_task(cameras.follow())
        await until(lambda: kinds() == [[]])
        if fails:
            fake_ray.error = RuntimeError("the head is lost")
        else:
            fake_ray.answers.clear()
        await until(lambda: kinds() == [["moving"]])
        fake_ray.error = None
        fake_ray.answers.set()
        await until(lambda: kinds() == [[]])
        following.cancel()

    tell(settings, story)


@pytest.mark.usefixtures("impatient")
def test_a_service_is_not_ready_while_its_cluster_is_lost_and_is_where_one_actor_is(
    fake_ray: FakeRay,
) -> None:
    settings = settings_with()
    moving = FakeActor(["door"])
    moving.error = RuntimeError("it is on its way to another node")
    fake_ray.named[Part(settings, "door").name] = moving

    async def story(cameras: ClusterCameras) -> None:
        store: Any = SimpleNamespace(ready=lambda: None, failing_since=None)
        readiness = Readiness(store, cameras.health)

        async def code() -> str | None:
            problem = await readiness.problem()
            return problem and problem.code

        following = asyncio.create_task(cameras.follow())
        await until(lambda: fake_ray.listings > 3 and since(cameras) == 0)
        assert await code() is None
        fake_ray.error = RuntimeError("the head is lost")
        while await code() is None:
            await asyncio.sleep(0.01)
        assert await code() == "cluster_unavailable" and 0 < since(cameras) <= time.time()
        fake_ray.error = None
        while await code() is not None:
            await asyncio.sleep(0.01)
        await until(lambda: since(cameras) == 0)
        following.cancel()

    tell(settings, story)


def since(cameras: ClusterCameras) -> float:
    """What the figures say, since when the cluster cannot be looked at."""
    [family] = cameras.health.collect()
    return float(family.samples[0].value)


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


def test_an_area_stays_at_work_while_another_service_has_lost_the_database(fake_ray: FakeRay) -> None:
    settings = settings_with(actors=1)
    fake_ray.named[Part(settings, "0").name] = actor = FakeActor([])

    class Ignoring(OwnSettings):
        def __init__(self, areas: list[Any]) -> None:
            super().__init__()
            self.areas = areas

        def of(self, name: str) -> dict[str, Any]:
            return {"ignore": self.areas, "only": []}

    async def look(cameras: ClusterCameras) -> None:
        await cameras.look()

    for _ in range(2):
        tell(settings, look, Ignoring(EVERYWHERE), age=1.0)
        assert actor.areas.of("door0").ignore
        tell(settings, look, Ignoring([]), age=600.0)
        assert actor.told == {} and actor.areas.of("door0").ignore
    tell(settings, look, Ignoring([]), age=0.0)
    assert not actor.areas.of("door0").ignore


def test_nothing_is_kept_of_actors_that_are_gone(fake_ray: FakeRay, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_with()
    ours = {Part(settings, name).name: FakeActor([name]) for name in NAMES}
    kept: WeakSet[Part] = WeakSet()

    class Watched(Part):
        def __init__(self, settings: Settings, key: str) -> None:
            super().__init__(settings, key)
            kept.add(self)

    monkeypatch.setattr(actors_module, "Part", Watched)

    async def story(cameras: ClusterCameras) -> None:
        fake_ray.named = {**ours, "facecap/of older settings/gate": None}
        await cameras.look()
        assert len(kept) == len(NAMES) + 1 and len(cameras.report()) == len(NAMES)
        fake_ray.named = {}
        await cameras.look()
        await cameras.look()
        assert len(kept) == 0 and cameras.report() == []

    tell(settings, story)
