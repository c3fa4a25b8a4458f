"""Frames of one camera on their way: in order, one at a time, through failures, in bounded memory."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import quote

from facecap.client.errors import Refused
from facecap.client.transport import Transport, json_of

_log = logging.getLogger("facecap.client")
_SILENT_SECONDS = 60.0
"""So long nothing is said again of refusals for the same reason."""
_LATE_FRAMES = 3
"""In a row, after which frames are not late: the clock that gives their times was set back."""
WhenFull = Literal["block", "drop_oldest"]


@dataclass(frozen=True, slots=True)
class FrameAnswer:
    """What the service found in a frame."""

    result: dict[str, Any]
    """As `FrameResult.to_dict()` of facecap."""
    capture_ids: tuple[str, ...]
    """Of the captures that were stored with this frame, in the order of `result["captures"]`."""


@dataclass(frozen=True, slots=True)
class PushCounts:
    """What became of the frames."""

    pushed: int = 0
    answered: int = 0
    refused: int = 0
    """The service will not have them."""
    dropped: int = 0
    """They gave way to newer ones, were cancelled, or waited when the camera was closed."""
    retries: int = 0


@dataclass(slots=True)
class _Frame:
    picture: bytes
    index: int
    timestamp: float | None
    numbered_here: bool
    future: Future[FrameAnswer] = field(default_factory=Future)


class CameraPush:
    """A camera that this program pushes frames to; made by `Client.camera`. For any number of threads."""

    def __init__(self, transport: Transport, name: str, queue: int, when_full: WhenFull) -> None:
        if queue < 1:
            raise ValueError(f"queue is {queue}, wanted at least 1")
        if when_full not in ("block", "drop_oldest"):
            raise ValueError(f'when_full is {when_full!r}, wanted "block" or "drop_oldest"')
        self.name = name
        self._transport = transport
        self._path = f"v1/cameras/{quote(name, safe='')}"
        self._capacity = queue
        self._when_full = when_full
        self._changed = threading.Condition()
        self._waiting: deque[_Frame] = deque()
        self._busy = False
        self._closed = False
        self._given_up = threading.Event()
        # Higher than any before it, so that a program that was started again is not taken for an old frame.
        self._next_index = time.time_ns() // 1_000_000
        self._offset = 0
        self._late = 0
        self._last_time: float | None = None
        self._said: dict[str, float] = {}
        self._counts = PushCounts()
        self._sender = threading.Thread(target=self._send_all, name=f"facecap push {name}", daemon=True)
        self._sender.start()

    def __enter__(self) -> CameraPush:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.close(drain_seconds=30.0 if kind is None else 0.0)

    @property
    def counts(self) -> PushCounts:
        """What became of the frames so far."""
        with self._changed:
            return self._counts

    @property
    def waiting(self) -> int:
        """Frames that are not answered yet."""
        with self._changed:
            return len(self._waiting) + self._busy

    def push(
        self,
        picture: bytes,
        *,
        frame_index: int | None = None,
        timestamp: float | None = None,
        timeout: float | None = None,
    ) -> Future[FrameAnswer]:
        """Put a frame at the end of the queue.

        A frame is sent until the service answers, which may take long; those that follow wait for it.

        Args:
            picture: JPEG, PNG or WebP.
            frame_index: grows from frame to frame, for all frames or for none; counted where None.
            timestamp: seconds since 1970, not running back. Where it does, for some frames in a row, the
                camera begins anew: its visits end, and what they had waiting is captured.
            timeout: seconds to wait for room with `when_full="block"`; None: no limit.

        Returns:
            The answer to come; it may be ignored: refusals are logged as warnings too, those for the same
            reason once a minute. It is cancelled where the frame gave way to a newer one or
            the camera was closed. It raises `Refused` where the service will not have the frame, and
            `Unreachable` where the camera was closed while the frame was on its way.

        Raises:
            TimeoutError: there was no room in time.
            RuntimeError: the camera is closed.
        """
        with self._changed:
            if self._when_full == "block":
                has_room = self._changed.wait_for(lambda: self._closed or self._has_room, timeout)
                if not has_room:
                    raise TimeoutError(f"camera {self.name}: no room for a frame in {timeout:g} s")
            if self._closed:
                raise RuntimeError(f"camera {self.name} is closed: make a new one by Client.camera")
            while not self._has_room:
                self._drop(self._waiting.popleft())
            numbered_here = frame_index is None
            index = self._next_index if frame_index is None else frame_index
            self._next_index = index + 1
            frame = _Frame(bytes(picture), index, timestamp, numbered_here)
            self._waiting.append(frame)
            self._count(pushed=1)
            self._changed.notify_all()
            return frame.future

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until every frame has its answer; whether they have."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, timeout)

    def flush(self) -> list[dict[str, Any]]:
        """End every visit, after the frames that wait; the captures that came out, in plain JSON types.

        Raises:
            ServiceError: as `Client.captures`.
        """
        self.wait()
        answer = self._transport.send("POST", f"{self._path}/flush", patience=30.0)
        captures: list[dict[str, Any]] = json_of(answer)["captures"]
        return captures

    def close(self, drain_seconds: float = 30.0) -> int:
        """Take no more frames, wait for those that are on their way, and drop the rest.

        Args:
            drain_seconds: how long to wait.

        Returns:
            How many were dropped.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self.wait(drain_seconds)
        self._given_up.set()
        with self._changed:
            left = len(self._waiting) + self._busy
            while self._waiting:
                self._drop(self._waiting.popleft())
            self._changed.notify_all()
        self._sender.join(timeout=drain_seconds)
        return left

    @property
    def _has_room(self) -> bool:
        return len(self._waiting) < self._capacity

    def _send_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return
                frame = self._waiting.popleft()
                self._busy = True
                self._changed.notify_all()
            try:
                self._send(frame)
            finally:
                with self._changed:
                    self._busy = False
                    self._changed.notify_all()

    def _send(self, frame: _Frame) -> None:
        if not frame.future.set_running_or_notify_cancel():
            self._count(dropped=1)
            return
        try:
            answer = self._answer(frame)
        except Refused as error:
            self._count(refused=1)
            self._say(error.code, f"frame {frame.index} was refused: {error}")
            frame.future.set_exception(error)
        except Exception as error:
            self._count(dropped=1)
            frame.future.set_exception(error)
        else:
            self._count(answered=1)
            frame.future.set_result(answer)

    def _answer(self, frame: _Frame) -> FrameAnswer:
        try:
            return self._try(frame)
        except Refused as error:
            if error.code == "stale_timestamp":
                return self._late_answer(frame, error)
            last = error.document.get("last_frame_index")
            begins = frame.numbered_here and not self.counts.answered
            if error.code != "stale_frame" or not begins or not isinstance(last, int):
                raise
            # The camera's numbers are ahead of this program's clock: go on from there.
            self._offset = last + 1 - frame.index
            return self._try(frame)

    def _late_answer(self, frame: _Frame, error: Refused) -> FrameAnswer:
        self._late += 1
        if self._late < _LATE_FRAMES:
            raise error
        with suppress(Refused):  # it may be forgotten already
            self._transport.send("DELETE", self._path, given_up=self._given_up)
        return self._try(frame)

    def _note_time(self, time_taken: float | None) -> None:
        """Of a frame that was answered."""
        self._late = 0
        if time_taken is None:
            return
        if self._last_time is not None and time_taken < self._last_time:
            back = self._last_time - time_taken
            self._say("set back", f"the clock of its frames was set back by {back:.3f} s: it begins anew")
        self._last_time = time_taken

    def _say(self, reason: str, text: str) -> None:
        """Warn, as nobody may look at the answers."""
        now = time.monotonic()
        if now - self._said.get(reason, -_SILENT_SECONDS) >= _SILENT_SECONDS:
            self._said[reason] = now
            _log.warning("camera %s: %s (said once a minute at most)", self.name, text)

    def _try(self, frame: _Frame) -> FrameAnswer:
        # The index makes a frame safe to send twice: one that was answered already gets that answer again.
        offset = self._offset if frame.numbered_here else 0
        answer = self._transport.send(
            "POST",
            f"{self._path}/frames",
            content=frame.picture,
            parameters={"frame_index": frame.index + offset, "timestamp": frame.timestamp},
            given_up=self._given_up,
            on_retry=lambda: self._count(retries=1),
        )
        self._note_time(frame.timestamp)
        ids = answer.headers.get("facecap-captures", "")
        return FrameAnswer(json_of(answer), tuple(ids.split(",")) if ids else ())

    def _drop(self, frame: _Frame) -> None:
        frame.future.cancel()
        self._count(dropped=1)

    def _count(self, **more: int) -> None:
        with self._changed:
            changes = {name: getattr(self._counts, name) + number for name, number in more.items()}
            self._counts = replace(self._counts, **changes)
