"""The actor: a process of the cluster with one or more cameras at work in it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ray
from prometheus_client.core import Metric
from starlette.concurrency import run_in_threadpool

from facecap import FaceCapture

from .. import logs
from ..camera_work import CHECK_SECONDS, CameraWork
from ..cameras import PushedFrame
from ..cameras.camera import Flushed
from ..cameras.hours import hours_of
from ..cameras.workers import Workers
from ..metrics import Metrics
from ..pipelines import Pipelines
from ..problems import Problem
from ..puller import Lost
from ..recordings import Recordings
from ..settings import Settings
from ..store import Store
from ..store.camera_table import Source
from .areas import OwnAreas, ToldAreas
from .turns import Turns

CONNECTIONS = 2
"""To the database, of an actor, at most."""
LOOK_SECONDS = 2.0
"""From one look of a service at the actors to the next, and what each has to answer."""
UNASKED_SECONDS = 5 * LOOK_SECONDS
"""An actor that reads cameras and was not looked at for so long has been replaced, or no service runs."""
_REPLACED_SECONDS = 3 * LOOK_SECONDS
"""From when an actor is told to give way until it does, where no service looks at it meanwhile."""
_log = logging.getLogger("facecap.service.cluster")
Frame = tuple[bytes, tuple[str, ...]]
"""A frame's answer, and the ids of its captures."""
Refused = dict[str, Any]
"""`Problem.plain()`."""


MOVING = "camera_moving"


def moving(name: str) -> Problem:
    """The camera's actor is not there, or goes; whether the frame was worked on is not known."""
    detail = f"the process that {name} is at work in was lost, or it moves to another node: send newer frames"
    return Problem(503, MOVING, "The camera is being moved", detail, {"Retry-After": "1"})


@dataclass(frozen=True, slots=True)
class Look:
    """What an actor says of itself."""

    life: str
    """Another after each start of its process."""
    node: str
    cameras: list[dict[str, Any]]
    """As `Cameras.report`."""
    pullers: dict[str, tuple[dict[str, Any], Lost | None]]
    seen: dict[str, tuple[float, float]]
    """When each camera that is read sent last what could be taken: by its clock, and in seconds ago."""
    figures: list[Metric]


class CameraActor:
    """Runs on Ray as an asynchronous actor. Bad frames and failures are answered as plain data.

    Calls that take part in the order of frames have the session of their ingress and a number; a process that
    is new does not know the session, and the ingress begins another.
    """

    def __init__(self, settings: Settings, capture_factory: Callable[[], FaceCapture] | None) -> None:
        logs.install(settings.logs.level)
        context = ray.get_runtime_context()
        self._self = context.current_actor
        self._life = context.get_worker_id()
        self._node = context.get_node_id()
        self._settings = settings
        own, hours = settings.store, hours_of(settings.cameras.named, settings.site.zone)
        self._metrics = Metrics()
        self._store = Store.open(
            own.url, own.folder, crops_in_database=own.crops == "database", connections=CONNECTIONS
        )
        self._areas = ToldAreas()
        self._seen: dict[str, float] = {}
        """When each camera that is read sent last, by `time.monotonic`."""
        self._work = CameraWork(
            settings,
            Pipelines(settings, capture_factory),
            self._store,
            Recordings(own.folder, settings.replay),
            hours,
            self._note,
            self._areas.of,
            self._metrics,
            Workers(settings.cameras.threads or 1),
        )
        self._cameras = self._work.cameras
        self._turns = Turns()
        self._leaving = False
        self._used = time.monotonic()
        self._asked = time.monotonic()
        self._told_to_go: float | None = None
        """When first since the last look."""
        self._work.start()
        threading.Thread(target=self._look_after, name="facecap look after", daemon=True).start()

    async def begin(self, session: str, areas: OwnAreas, age: float) -> None:
        """An ingress begins to call; what it knows of cameras holds from the first frame on."""
        self._areas.tell(areas, age)
        self._turns.begin(session)

    async def push(
        self,
        session: str,
        number: int,
        camera: str,
        request_id: str | None,
        index: int | None,
        timestamp: float | None,
        *parts: bytes,
    ) -> Frame | Refused | None:
        """A frame, in parts; None: the session is not known here, and nothing was done."""
        if not self._turns.knows(session):
            return None
        await self._turns.come(session, number)
        logs.request_id.set(request_id)
        self._used = time.monotonic()
        try:
            frame = PushedFrame(parts[0] if len(parts) == 1 else b"".join(parts), index, timestamp)
            answer = self._cameras.start(camera, frame)
        except Problem as problem:
            return self._refused(camera, problem)
        finally:
            self._turns.passed(session, number)
        try:
            found = await answer
        except Problem as problem:
            return self._refused(camera, problem)
        return found.body, found.captures

    async def flush(self, session: str, number: int, camera: str) -> Flushed | Refused | None:
        """As `Cameras.flush`."""
        answer: Flushed | Refused | None
        answer = await self._command(session, number, camera, self._cameras.flush)
        return answer

    async def forget(self, session: str, number: int, camera: str) -> tuple[str, ...] | Refused | None:
        """As `Cameras.forget`."""
        answer: tuple[str, ...] | Refused | None
        answer = await self._command(session, number, camera, self._cameras.forget)
        return answer

    async def last_frame(self, camera: str) -> bytes | None:
        """As `Cameras.last_frame`."""
        return await self._cameras.last_frame(camera)

    async def look(self, areas: OwnAreas, age: float, draining: frozenset[str]) -> Look:
        """How its cameras get on; `areas`, `age`: as for `ToldAreas.tell`; `draining`: nodes about to end."""
        self._areas.tell(areas, age)
        self._asked = now = time.monotonic()
        self._told_to_go = None
        if self._node in draining:
            self._leave("its node is drained")
        return Look(
            self._life,
            self._node,
            self._cameras.report(),
            {name: (puller.report(), puller.lost) for name, puller in self._work.pullers.items()},
            {name: (seen, now - seen) for name, seen in self._seen.items()},
            self._metrics.of_cameras(),
        )

    async def give_way(self) -> None:
        """A service of other settings runs: the actor ends, unless services of its own settings go on."""
        now = time.monotonic()
        if self._told_to_go is None:
            self._told_to_go = now
        elif now - self._told_to_go > _REPLACED_SECONDS:
            self._leave("services of other settings run, and none of its own")

    async def leave(self) -> None:
        """Store what the cameras hold, and end for good: Ray does not start this actor again."""
        try:
            await run_in_threadpool(self._work.stop)
            self._store.close()
        except Exception:
            _log.exception("an actor leaves, and not all that its cameras held is stored")
        finally:
            ray.actor.exit_actor()

    async def _command(self, session: str, number: int, camera: str, command: Callable[[str], Any]) -> Any:
        if not self._turns.knows(session):
            return None
        await self._turns.come(session, number)
        self._turns.passed(session, number)
        try:
            return await command(camera)
        except Problem as problem:
            return self._refused(camera, problem)

    def _refused(self, camera: str, problem: Problem) -> Refused:
        return (moving(camera) if self._leaving else problem).plain()

    def _note(self, name: str, source: Source) -> None:
        if source == "pull":
            self._seen[name] = time.monotonic()

    def _leave(self, why: str) -> None:
        if not self._leaving:
            _log.info("an actor leaves: %s", why)
            self._self.leave.remote()  # where that fails it is tried again
            self._leaving = True

    def _look_after(self) -> None:
        """Ends what nobody uses: an actor without cameras at work, or one that no ingress asks for."""
        idle = self._settings.cameras.idle_seconds
        # A second one that reads the same cameras stores all captures twice.
        unasked = UNASKED_SECONDS if self._work.pullers else idle
        while not self._leaving:
            time.sleep(CHECK_SECONDS)
            try:
                self._work.look_after()
                now, at_work = time.monotonic(), self._cameras.report()
                has_work = at_work or self._work.pullers or now - self._used < idle
                if not has_work or now - self._asked > unasked:
                    self._leave("nobody uses it")
            except Exception:
                _log.exception("cameras are not looked after")
