"""All cameras: opened on first use, bounded in number, forgotten when idle, drained at the end."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import partial
from typing import Any, Literal, TypeVar

import cv2
from starlette.concurrency import run_in_threadpool

from .. import logs
from ..camera_settings import Cameras as CameraSettings
from ..problems import Problem
from .camera import Camera, Flushed
from .frame import PushedFrame
from .order import Answer
from .refusals import camera_is_pulled, check_name, queue_full, too_many_cameras, unknown_camera
from .tools import Tools
from .waiting import Settle, attempt, started
from .workers import Workers

_log = logging.getLogger("facecap.service.cameras")
T = TypeVar("T")
_STORE_PAUSE = 1.0  # seconds


class Cameras:
    """Hands frames to cameras and their answers back. Methods may be called from any thread."""

    def __init__(
        self, settings: CameraSettings, tools: Tools, workers: Workers, pulled: Collection[str] = ()
    ) -> None:
        """`pulled`: names of cameras that the service reads by itself, `max_cameras` at most; each has its
        place, and nobody else may push its frames."""
        self._settings = settings
        self._pulled = pulled
        self._tools = tools
        self._workers = workers
        self._table: dict[str, Camera] = {}
        self._changing = threading.Lock()
        self._closing = False
        self._seldom = logs.Seldom(_log)
        tools.metrics.watch_queues(self._depths)

    async def push(self, name: str, frame: PushedFrame) -> Answer:
        """A frame through its camera; it is worked on even if nobody waits any more.

        Raises:
            Problem: the frame is refused (400 `invalid_camera`, 429 `queue_full`, 503 `too_many_cameras`,
                `shutting_down`), or as `Camera.process`.
        """
        return await self.start(name, frame)

    def start(self, name: str, frame: PushedFrame) -> asyncio.Future[Answer]:
        """As `push`: the frame has its place in the queue when this returns; on the event loop."""
        return started(lambda settle: self.submit(name, frame, settle))

    def admit(self, name: str) -> None:
        """Refuse a frame before its picture has come, for what it would be refused for then.

        Raises:
            Problem: as `push` where the frame does not come to its camera.
        """
        self._refuse_pulled(name)
        with self._changing:
            camera = self._opened(name)
            if camera.lane.depth < self._settings.queue:
                return
            problem = self._full(camera)
        raise problem

    def has_room(self, name: str) -> bool:
        """Whether the camera's queue would take another frame now; one that is not there has an empty one."""
        camera = self._table.get(name)
        return camera is None or camera.lane.depth < self._settings.queue

    async def flush(self, name: str) -> Flushed:
        """As `Camera.flush`, after the frames that wait; 404 `unknown_camera`."""
        return await started(lambda settle: self._command(name, lambda camera: camera.flush(), settle))

    async def forget(self, name: str) -> tuple[str, ...]:
        """As `Camera.close`, after the frames that wait; 404 `unknown_camera`."""
        return await started(lambda settle: self._command(name, self._close, settle))

    def submit(
        self, name: str, frame: PushedFrame, settle: Settle[Answer], source: Literal["push", "pull"] = "push"
    ) -> None:
        """As `push`; `settle` is called on a worker with the answer or the problem."""
        if source == "push":
            self._refuse_pulled(name)
        queued = time.perf_counter()
        with self._changing:
            camera = self._opened(name)

            def job() -> None:
                self._tools.metrics.stage("queue", time.perf_counter() - queued)
                attempt(lambda: camera.process(frame), settle)

            if self._workers.submit(camera.lane, job, self._settings.queue):
                return
            problem = self._full(camera)
        raise problem

    def refuse(self, name: str, problem: Problem) -> None:
        """Count a frame that was refused before it came to its camera."""
        # Counted before another thread can remove the camera: its series would come back and stay.
        with suppress(Problem), self._changing:
            self._opened(name).refuse(problem)

    def report(self, name: str | None = None) -> list[dict[str, Any]]:
        """What is known of all cameras, or of one, by name."""
        with self._changing:
            cameras = [camera for camera in self._table.values() if name in (None, camera.name)]
        return [camera.report() for camera in cameras]

    async def last_frame(self, name: str) -> bytes | None:
        """The last frame of a camera as an encoded picture, where it is kept."""
        camera = self._table.get(name)
        frame = camera.last_frame if camera else None
        if frame is None or isinstance(frame, bytes):
            return frame
        encoded = await run_in_threadpool(cv2.imencode, ".jpg", frame)
        return encoded[1].tobytes()

    def rest(self) -> None:
        """End the visits of cameras whose hours have ended."""
        with self._changing:
            resting = [c for c in self._table.values() if c.must_rest and not c.lane.depth]
        for camera in resting:
            self._workers.submit(camera.lane, partial(attempt, camera.rest, self._log_failure))

    def drop_idle(self) -> None:
        """Forget the cameras that have sent no frame that could be taken for the time of the settings."""
        oldest = time.monotonic() - self._settings.idle_seconds
        with self._changing:
            idle = [c for c in self._table.values() if c.last_used < oldest and not c.lane.depth]
        for camera in idle:
            self._end(camera)

    def drop(self, name: str, gone: Callable[[], object]) -> None:
        """Forget a camera after the frames that wait, as another service has removed it; then call `gone`."""
        camera = self._table.get(name)
        if camera is None:
            gone()
        else:
            self._end(camera, gone)

    def close(self, seconds: float) -> None:
        """Do the work that waits, end every visit and store its captures. No frame is taken any more.

        Args:
            seconds: how long to try again where the store fails, for all cameras together; what it has not
                taken then is lost.
        """
        self._tools.store.end_within(seconds)
        with self._changing:
            self._closing = True
            cameras = list(self._table.values())
        for camera in cameras:
            self._workers.submit(camera.lane, partial(self._close_for_good, camera, seconds))
        self._workers.close()

    def _refuse_pulled(self, name: str) -> None:
        if name in self._pulled:
            problem = camera_is_pulled(name)
            self.refuse(name, problem)
            raise problem

    def _full(self, camera: Camera) -> Problem:
        """What a frame is told that finds the queue full; it is counted."""
        problem = queue_full(camera.name, self._settings.queue)
        camera.refuse(problem)
        return problem

    def _check_open(self) -> None:
        if self._closing:
            detail = "the service ends: send it again when it is back"
            raise Problem(503, "shutting_down", "The service ends", detail, {"Retry-After": "5"})

    def _opened(self, name: str) -> Camera:
        self._check_open()
        camera = self._table.get(name)
        if camera is not None:
            return camera
        check_name(name)
        pulled = name in self._pulled
        if not pulled:
            self._find_place()
        camera = self._table[name] = Camera(name, self._tools, "pull" if pulled else "push")
        return camera

    def _find_place(self) -> None:
        """Those that are read by the service have theirs; another camera may have to go for a new one."""
        most = self._settings.max_cameras - len(self._pulled)
        pushed = [camera for name, camera in self._table.items() if name not in self._pulled]
        if len(pushed) < most:
            return
        # The one that has waited longest for its first good frame.
        unused = [camera for camera in pushed if not camera.is_open and not camera.lane.depth]
        if not unused:
            raise too_many_cameras(len(pushed), len(self._pulled))
        self._remove(min(unused, key=lambda camera: camera.last_used))

    def _command(self, name: str, command: Callable[[Camera], T], settle: Settle[T]) -> None:
        with self._changing:
            self._check_open()
            camera = self._table.get(name)
            if camera is not None:
                job = partial(attempt, partial(command, camera), settle)
                # Behind a queue that is full of frames there is room for commands, but not for any number.
                if self._workers.submit(camera.lane, job, 2 * self._settings.queue):
                    return
                detail = f"too many commands to {name} wait already: send it again later"
                raise Problem(429, "queue_full", "The camera's queue is full", detail, {"Retry-After": "1"})
        raise unknown_camera(name)

    def _end(self, camera: Camera, ended: Callable[[], object] = lambda: None) -> None:
        def settle(_: Any, problem: Problem | None) -> None:
            self._log_failure(None, problem)
            ended()

        self._workers.submit(camera.lane, partial(attempt, partial(self._close, camera), settle))

    def _close(self, camera: Camera) -> tuple[str, ...]:
        ids = camera.close()
        with self._changing:
            if camera.lane.depth == 1 and self._table.get(camera.name) is camera:
                self._remove(camera)
        return ids

    def _close_for_good(self, camera: Camera, seconds: float) -> None:
        while True:
            try:
                camera.close()
                return
            except Problem:
                if self._tools.store.time_is_up:
                    text = "camera %s: %d captures are lost: the store did not take them in %g s"
                    _log.error(text, camera.name, camera.abandon(), seconds)
                    return
                time.sleep(_STORE_PAUSE)

    def _log_failure(self, _: Any, problem: Problem | None) -> None:
        if problem is not None:
            self._seldom.log(logging.WARNING, "visits", "visits have not ended yet: %s", problem.detail)

    def _remove(self, camera: Camera) -> None:
        del self._table[camera.name]
        self._tools.metrics.forget(camera.name)

    def _depths(self) -> dict[str, int]:
        with self._changing:
            return {camera.name: camera.lane.depth for camera in self._table.values()}
