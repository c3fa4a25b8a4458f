"""Who of the cameras of a cluster has a place, as far as one of its services knows."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from ..camera_settings import Cameras as CameraSettings
from ..cameras.progress import Progress
from ..cameras.refusals import check_name, too_many_cameras
from ..metrics import Metrics
from ..problems import Problem


@dataclass(slots=True)
class OwnCamera:
    """What a service knows of a camera by itself."""

    at_work: int = 0
    """Its frames that are not answered yet."""
    used: float = field(default_factory=time.monotonic)
    was_sent: bool = False
    """Whether a frame of it went to its actor, which has a place for it then."""
    progress: Progress = field(default_factory=Progress)
    """Of what did not come to its actor."""


class Places:
    """The cameras that a service knows by itself; it bounds their number with those that actors have.

    Args:
        settings: of all cameras.
        pulled: names of the cameras that actors read; each has its place.
        at_actors: names of the cameras that actors have.
        metrics: counts what did not come to actors.
    """

    def __init__(
        self,
        settings: CameraSettings,
        pulled: Collection[str],
        at_actors: Callable[[], set[str]],
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._pulled = pulled
        self._at_actors = at_actors
        self._metrics = metrics
        self._cameras: dict[str, OwnCamera] = {}

    def known(self, name: str) -> OwnCamera | None:
        """A camera that has been opened."""
        return self._cameras.get(name)

    def all(self) -> list[tuple[str, OwnCamera]]:
        """Names and cameras that have been opened."""
        return list(self._cameras.items())

    def opened(self, name: str) -> OwnCamera:
        """A camera with a place.

        Raises:
            Problem: 400 `invalid_camera`, 503 `too_many_cameras`.
        """
        camera = self._cameras.get(name)
        if camera is not None:
            return camera
        check_name(name)
        if name not in self._pulled:
            self._find_place(name)
        camera = self._cameras[name] = OwnCamera()
        return camera

    def count(self, name: str, camera: OwnCamera, problem: Problem) -> None:
        """A frame was refused here."""
        camera.progress.refuse(problem)
        self._metrics.frame(name, problem.code)

    def forget(self, name: str) -> None:
        """Its place is free."""
        if self._cameras.pop(name, None) is not None:
            self._metrics.forget(name)

    def forget_unused(self, looked: float) -> None:
        """Those that are idle, and those that no actor has any more, as another service removed them.

        Args:
            looked: when the last look at the actors began, by `time.monotonic`.
        """
        oldest = looked - self._settings.idle_seconds
        at_actors = self._at_actors()
        for name, camera in self.all():
            is_gone = name not in at_actors and camera.used < looked and not camera.progress.is_refused
            if not camera.at_work and (is_gone or camera.used < oldest):
                self.forget(name)

    def _find_place(self, name: str) -> None:
        """A camera of which nothing came to an actor may have to go for a new one."""
        at_actors = self._at_actors() - {*self._pulled}
        pushed = at_actors | ({*self._cameras} - {*self._pulled})
        if name in pushed or len(pushed) < self._settings.max_cameras - len(self._pulled):
            return
        unused = [one for one in pushed - at_actors if not self._cameras[one].was_sent]
        if not unused:
            raise too_many_cameras(len(pushed), len(self._pulled))
        self.forget(min(unused, key=lambda one: self._cameras[one].used))
