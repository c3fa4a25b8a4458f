"""Which actor a camera belongs to, and what of the settings matters to it."""

from __future__ import annotations

import hashlib
from binascii import crc32
from functools import cached_property
from importlib.metadata import version

from ..camera_settings import Cameras
from ..server_settings import Server
from ..settings import Settings
from .settings import Cluster

_MATTER = ("capture", "frames", "logs", "page", "pipeline", "site", "store")
"""Sections that an actor goes by, besides those of its cameras and its part of `cluster`."""
_MARK = "facecap"


def actor_of(camera: str, actors: int) -> str:
    """The name of the actor that has a camera, among actors of the same settings."""
    return f"{crc32(camera.encode()) % actors}" if actors else camera


class Part:
    """The actor of a name: what it has of the settings, and what it is called on the cluster.

    What its cameras have of their own makes another name, so that a change of settings makes another actor,
    and the old one gives way (`CameraActor.give_way`).
    """

    def __init__(self, settings: Settings, key: str) -> None:
        self.key = key
        self._all = settings

    @cached_property
    def settings(self) -> Settings:
        """Without keys, secrets of others, cameras of other actors, and how a service reaches the cluster."""
        matter = {name: getattr(self._all, name) for name in _MATTER}
        cameras = self._all.cameras
        of_all = {name: getattr(cameras, name) for name in Cameras.model_fields}
        named = {name: own for name, own in cameras.named.items() if self._has(name)}
        own = Cameras.model_validate({**of_all, **named})
        pullers = {name: puller for name, puller in self._all.pullers.items() if self._has(name)}
        return Settings(
            **matter,
            cameras=own,
            pullers=pullers,
            cluster=Cluster(actors=self._all.cluster.actors, cpus=self._all.cluster.cpus),
            server=Server(drain_seconds=self._all.server.drain_seconds),
        )

    @cached_property
    def name(self) -> str:
        """On the cluster; what machines may have of their own makes no other actor."""
        matter = self.settings.model_dump_json(exclude={"logs": True, "store": {"folder": True}})
        said = f"{version('facecap')} {matter}"
        return f"{_MARK}/{hashlib.sha256(said.encode()).hexdigest()[:16]}/{self.key}"

    def _has(self, camera: str) -> bool:
        return actor_of(camera, self._all.cluster.actors) == self.key


def key_of(name: str) -> str | None:
    """The key of a part by its name on the cluster; None where that is of others."""
    mark, _, rest = name.partition("/")
    return rest.partition("/")[2] or None if mark == _MARK else None
