"""The actors that a service knows: made where they are missing, looked at, given up when they are gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import ray

from facecap import FaceCapture
from facecap.ray_cluster import draining

from ..settings import Settings
from .actor import LOOK_SECONDS, CameraActor, Look
from .areas import OwnAreas
from .figures import Figures
from .link import Link, Lost
from .parts import Part, actor_of, key_of

_CALLS = 5000
"""At once in an actor, as far as Ray bounds them; queues do before."""


@dataclass(slots=True)
class Actor:
    """What is known of one."""

    link: Link
    look: Look | None = None
    """The last."""
    silent_since: float | None = None
    """Since when it does not answer, in seconds since 1970."""

    def note_silent(self) -> None:
        """What it said last need not be so any more."""
        self.silent_since = self.silent_since or time.time()


class Actors:
    """Methods are called on the event loop.

    Args:
        settings: of all cameras.
        capture_factory: as for `create_app`; it can be pickled.
        areas: of the cameras that have any, by the keys of their actors; of one key or of all.
        age: of what is known of areas, in seconds.
    """

    def __init__(
        self,
        settings: Settings,
        capture_factory: Callable[[], FaceCapture] | None,
        areas: Callable[[str | None], Mapping[str, OwnAreas]],
        age: Callable[[], float],
    ) -> None:
        self.figures = Figures()
        """What all of them count."""
        self._settings = settings
        self._capture_factory = capture_factory
        self._areas = areas
        self._age = age
        self._known: dict[str, Actor] = {}
        self._parts: dict[str, Part] = {}
        self._threads = ThreadPoolExecutor(8, "facecap cluster")
        self._list = _Shared(self._listed, self._threads)
        self._draining = _Shared(draining, self._threads)

    def key(self, camera: str) -> str:
        """Of the actor that has a camera."""
        return actor_of(camera, self._settings.cluster.actors)

    def known(self, camera: str) -> Actor | None:
        """The actor of a camera, where it was heard of."""
        return self._known.get(self.key(camera))

    def all(self) -> Collection[Actor]:
        """That were heard of."""
        return self._known.values()

    def of(self, camera: str) -> Actor:
        """The actor of a camera; it is made with the first call."""
        return self._of(self.key(camera))

    async def find(self, camera: str) -> Actor | None:
        """The actor of a camera, where there is one.

        Raises:
            Lost: the cluster does not say.
        """
        if self.known(camera) is None:
            try:
                there = await asyncio.wait_for(self._list.result(), LOOK_SECONDS)
            except Exception as error:  # of Ray, or of time
                raise Lost from error
            if self.key(camera) not in there:
                return None
        return self.of(camera)

    async def look(self) -> None:
        """Take what all actors report, those of other services too, and make those of pulled cameras."""
        there = await self._list.result()
        nodes = await self._draining.result()
        for key in there:
            self._of(key)
        for name in self._settings.pullers:
            self.of(name).link.connect()
        age, areas = self._age(), self._areas(None)  # so areas are as old or younger
        asked = [self._look_at(key, areas.get(key, {}), age, nodes) for key in self._known if key in there]
        await asyncio.gather(*asked)
        for key, actor in [*self._known.items()]:
            if key in there:
                continue
            if not actor.link.used:
                del self._known[key]
                self.figures.end(key)
            elif actor.look is not None:
                actor.note_silent()

    def note_silent(self) -> None:
        """None could be looked at."""
        for actor in self._known.values():
            actor.note_silent()

    def close(self) -> None:
        """They go on for whoever asks them."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_at(self, key: str, areas: OwnAreas, age: float, nodes: frozenset[str]) -> None:
        actor = self._known[key]
        try:
            look: Look = await actor.link.ask("look", areas, age, nodes, seconds=LOOK_SECONDS)
        except Lost:
            actor.note_silent()
            return
        actor.silent_since = None
        actor.look = look
        self.figures.take(key, look.life, look.figures)

    def _of(self, key: str) -> Actor:
        actor = self._known.get(key)
        if actor is None:
            part = self._part(key)
            make, find = partial(self._make, part), partial(self._find, part)
            areas = partial(self._areas_of, key)
            actor = self._known[key] = Actor(Link(key, make, find, areas, self._threads))
        return actor

    def _areas_of(self, key: str) -> tuple[OwnAreas, float]:
        age = self._age()
        return self._areas(key).get(key, {}), age

    def _part(self, key: str) -> Part:
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = Part(self._settings, key)
        return part

    def _make(self, part: Part) -> Any:
        own = self._settings.cluster
        options = {
            "name": part.name,
            "namespace": own.namespace,
            "get_if_exists": True,
            "lifetime": "detached",
            "max_restarts": -1,
            "max_task_retries": 0,
            "enable_task_events": False,
            "max_concurrency": _CALLS,
            "num_cpus": own.cpus,
            "scheduling_strategy": "SPREAD",
        }
        return ray.remote(CameraActor).options(**options).remote(part.settings, self._capture_factory)

    def _find(self, part: Part) -> Any:
        return ray.get_actor(part.name, self._settings.cluster.namespace)

    def _listed(self) -> set[str]:
        """Keys of the actors that there are, whether they answer or not; those of other settings are told."""
        namespace = self._settings.cluster.namespace
        everywhere = ray.util.list_named_actors(all_namespaces=True)
        listed = {actor["name"] for actor in everywhere if actor["namespace"] == namespace}
        keys = {name: key for name in listed if (key := key_of(name)) is not None}
        there = {key for key in keys.values() if self._part(key).name in listed}
        for name, key in keys.items():
            if name != self._part(key).name:
                # It has just gone, or is of a version that does not know what it is told.
                with suppress(ValueError, AttributeError):
                    ray.get_actor(name, namespace).give_way.remote()
        for key in {*self._parts} - {*keys.values()} - {*self._known}:
            self._parts.pop(key, None)
        return there


class _Shared:
    """Work in a thread whose result all take that want it meanwhile: where it hangs, one thread does."""

    def __init__(self, work: Callable[[], Any], threads: Executor) -> None:
        self._work = work
        self._threads = threads
        self._asked: asyncio.Future[Any] | None = None

    async def result(self) -> Any:
        """What the work gives, or raises."""
        if self._asked is None or self._asked.done():
            self._asked = asyncio.get_running_loop().run_in_executor(self._threads, self._work)
        return await asyncio.shield(self._asked)
