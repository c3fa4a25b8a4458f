"""What routes, streams and reports want of the cameras, whether they are at work in this process or not."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from ..problems import Problem
from .camera import Flushed
from .frame import PushedFrame
from .order import Answer


class TakesFrames(Protocol):
    """Hands frames to cameras and their answers back; called on the event loop."""

    async def push(self, name: str, frame: PushedFrame) -> Answer:
        """A frame through its camera; it is worked on even if nobody waits any more.

        Raises:
            Problem: the frame is refused (400 `invalid_camera`, 429 `queue_full`, 503 `too_many_cameras`,
                `shutting_down`; in a cluster `camera_moving`), or as `Camera.process`.
        """
        ...

    def start(self, name: str, frame: PushedFrame) -> asyncio.Future[Answer]:
        """As `push`: the frame has its place in the queue when this returns."""
        ...

    def admit(self, name: str) -> None:
        """Refuse a frame before its picture has come, for what it would be refused for then.

        Raises:
            Problem: as `push` where the frame does not come to its camera.
        """
        ...

    def has_room(self, name: str) -> bool:
        """Whether the camera's queue would take another frame now; one that is not there has an empty one."""
        ...

    async def flush(self, name: str) -> Flushed:
        """As `Camera.flush`, after the frames that wait; 404 `unknown_camera`."""
        ...

    async def forget(self, name: str) -> tuple[str, ...]:
        """As `Camera.close`, after the frames that wait; 404 `unknown_camera`."""
        ...

    def refuse(self, name: str, problem: Problem) -> None:
        """Count a frame that was refused before it came to its camera."""
        ...

    def report(self, name: str | None = None) -> list[dict[str, Any]]:
        """What is known of all cameras, or of one, by name; from any thread."""
        ...

    async def last_frame(self, name: str) -> bytes | None:
        """The last frame of a camera as an encoded picture, where it is kept."""
        ...
