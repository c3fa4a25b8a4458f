"""The cameras of a cluster, as one of its services sees them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from typing import Any

from facecap import FaceCapture

from .. import logs
from ..camera_work import limits_of
from ..cameras import Answer, PushedFrame
from ..cameras.camera import Flushed, empty_report
from ..cameras.own_settings import OwnSettings
from ..cameras.refusals import camera_is_pulled, check_name, queue_full, unknown_camera
from ..cameras.remembered import Remembered
from ..frames.picture import checked
from ..metrics import Metrics
from ..problems import Problem
from ..settings import Settings
from .actor import LOOK_SECONDS, MOVING, moving
from .actors import Actors
from .areas import OwnAreas
from .health import Health
from .link import Lost
from .places import OwnCamera, Places
from .pulled import Pulled
from .reports import ActorReports, with_own

_log = logging.getLogger("facecap.service.cluster")
_LOST_SECONDS = 5 * LOOK_SECONDS
"""Without a look at the cluster, after which it counts as lost."""
_PART_BYTES = 90_000
"""Ray sends arguments below 100 KiB along with the call; larger ones take several times as long."""


class ClusterCameras:
    """Hands frames to actors and their answers back. Methods are called on the event loop.

    Actors are found by their names, so that any number of services with the same settings meet at the same.

    Args:
        settings: of all cameras.
        capture_factory: as for `create_app`; it can be pickled.
        remembered: is told who sent.
        own_settings: what cameras have of their own.
        metrics: counts, and reports what actors count.
    """

    def __init__(
        self,
        settings: Settings,
        capture_factory: Callable[[], FaceCapture] | None,
        remembered: Remembered,
        own_settings: OwnSettings,
        metrics: Metrics,
    ) -> None:
        self._settings = settings
        self._limits = limits_of(settings)
        self._remembered = remembered
        self._own_settings = own_settings
        self._actors = Actors(settings, capture_factory, self._areas, lambda: remembered.age)
        self._seldom = logs.Seldom(_log)
        self.pullers = {name: Pulled(self._actors, name, own.url) for name, own in settings.pullers.items()}
        self._reports = ActorReports(self._actors, self.pullers)
        self._places = Places(settings.cameras, settings.pullers, self._reports.names, metrics)
        self.health = Health(_LOST_SECONDS)
        metrics.watch(self.health)
        metrics.watch_elsewhere(self._actors.figures.all)

    async def push(self, name: str, frame: PushedFrame) -> Answer:
        """As `TakesFrames.push`; it is never sent to an actor twice."""
        return await self.start(name, frame)

    def start(self, name: str, frame: PushedFrame) -> asyncio.Future[Answer]:
        """As `TakesFrames.start`."""
        camera = self._admitted(name)
        picture = frame.picture
        assert isinstance(picture, bytes)
        if not camera.was_sent:
            self._check(name, camera, picture)
        parts = (picture[at : at + _PART_BYTES] for at in range(0, len(picture), _PART_BYTES))
        request_id = logs.request_id.get()
        link = self._actors.of(name).link
        camera.at_work += 1
        answer = link.call("push", name, request_id, frame.index, frame.timestamp, *parts)
        return asyncio.ensure_future(self._answer(name, camera, answer))

    def admit(self, name: str) -> None:
        """As `TakesFrames.admit`."""
        self._admitted(name)

    def has_room(self, name: str) -> bool:
        """As `TakesFrames.has_room`, as far as this service fills the queue."""
        camera = self._places.known(name)
        return camera is None or camera.at_work < self._settings.cameras.queue

    async def flush(self, name: str) -> Flushed:
        """As `TakesFrames.flush`; 503 `camera_moving`."""
        captures, ids = await self._command("flush", name, ([], ()))
        return captures, ids

    async def forget(self, name: str) -> tuple[str, ...]:
        """As `TakesFrames.forget`; 503 `camera_moving`."""
        ids: tuple[str, ...] = await self._command("forget", name, ())
        self._places.forget(name)
        return ids

    def refuse(self, name: str, problem: Problem) -> None:
        """As `TakesFrames.refuse`."""
        try:
            camera = self._places.opened(name)
        except Problem:
            return
        self._places.count(name, camera, problem)

    def report(self, name: str | None = None) -> list[dict[str, Any]]:
        """As `TakesFrames.report`, as of the last look."""
        reports = {report["name"]: report for report in self._reports.all() if name in (None, report["name"])}
        for own_name, camera in self._places.all():
            if name in (None, own_name):
                report = reports.get(own_name) or empty_report(own_name, "push")
                reports[own_name] = with_own(report, camera)
        return list(reports.values())

    async def last_frame(self, name: str) -> bytes | None:
        """As `TakesFrames.last_frame`, asked of the actor."""
        actor = self._actors.known(name)
        if actor is None:
            return None
        try:
            frame: bytes | None = await actor.link.ask("last_frame", name, seconds=LOOK_SECONDS)
        except Lost:
            raise moving(name) from None
        return frame

    async def follow(self) -> None:
        """Look at the actors again and again."""
        while True:
            start = time.monotonic()
            try:
                await asyncio.wait_for(self.look(), 2 * LOOK_SECONDS)
                self.health.note_looked()
            except Exception as error:
                self.health.note_failed()
                self._actors.note_silent()
                said = str(error) or type(error).__name__
                self._seldom.error("look", "the cluster cannot be looked at: %s", said)
            await asyncio.sleep(max(0.0, LOOK_SECONDS - (time.monotonic() - start)))

    async def look(self) -> None:
        """Take what actors report, and forget the cameras that are idle."""
        start = time.monotonic()
        await self._actors.look()
        for name, puller in self.pullers.items():
            if puller.has_sent():
                self._remembered.seen(name, "pull")
        self._places.forget_unused(start)

    def close(self) -> None:
        """Actors go on for whoever asks them."""
        self._actors.close()

    def _admitted(self, name: str) -> OwnCamera:
        camera = self._places.opened(name)
        if name in self._settings.pullers:
            problem = camera_is_pulled(name)
        elif not self.has_room(name):
            problem = queue_full(name, self._settings.cameras.queue)
        else:
            return camera
        self._places.count(name, camera, problem)
        raise problem

    def _check(self, name: str, camera: OwnCamera, picture: bytes) -> None:
        """No process is started for what is no picture, under any number of names."""
        if name not in self._settings.cameras.named:  # those may be outside of their hours: any body will do
            try:
                checked(picture, self._limits)
            except Problem as problem:
                self._places.count(name, camera, problem)
                raise
        camera.was_sent = True

    async def _answer(self, name: str, camera: OwnCamera, answer: asyncio.Future[Any]) -> Answer:
        try:
            body, captures = _answered(await answer)
        except (Lost, Problem) as error:
            problem = moving(name) if isinstance(error, Lost) else error
            if problem.code == MOVING:
                self._places.count(name, camera, problem)
            elif problem.status >= 500:  # the camera is not to blame
                self._note_alive(name, camera)
            raise problem from None
        finally:
            camera.at_work -= 1
        self._note_alive(name, camera)
        return Answer(body, captures)

    def _note_alive(self, name: str, camera: OwnCamera) -> None:
        camera.used = time.monotonic()
        self._remembered.seen(name, "push")

    async def _command(self, method: str, name: str, nothing: Any) -> Any:
        """`nothing` is the answer for a camera that has a place here alone, as where it was refused."""
        check_name(name)
        try:
            actor = await self._actors.find(name)
            if actor is None:
                raise unknown_camera(name)
            return _answered(await actor.link.call(method, name))
        except Lost:
            raise moving(name) from None
        except Problem as problem:
            camera = self._places.known(name)
            if problem.code != "unknown_camera" or camera is None or camera.at_work:
                raise
            return nothing

    def _areas(self, key: str | None) -> dict[str, OwnAreas]:
        """Of the cameras that have any, by the keys of their actors; of one key or of all."""
        shared = self._settings.cluster.actors
        names: Collection[str] = [key] if key is not None and not shared else self._all_names()
        found: dict[str, OwnAreas] = {}
        for name in names:
            if key is not None and self._actors.key(name) != key:
                continue
            own = self._own_settings.of(name)
            if own["ignore"] or own["only"]:
                found.setdefault(self._actors.key(name), {})[name] = own["ignore"], own["only"]
        return found

    def _all_names(self) -> set[str]:
        return {*self._own_settings.names, *self._remembered.names()}


def _answered(answer: Any) -> Any:
    if isinstance(answer, dict):
        raise Problem(**answer)
    return answer
