"""One camera: the order of its frames, and its captures on their way into the store."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from pydantic_core import to_json

from facecap import Capture, FrameResult
from facecap.sources import EncodedPicture

from .. import logs
from ..problems import Problem
from ..store import StoreError
from .following import Following
from .frame import Image, PushedFrame
from .off_hours import nothing
from .order import Answer, FrameOrder
from .pending import Pending
from .progress import Progress
from .shot_times import ShotTimes
from .tools import Tools
from .tracks import Tracks
from .visits import Visits
from .workers import Lane

_log = logging.getLogger("facecap.service.cameras")
Flushed = tuple[list[dict[str, Any]], tuple[str, ...]]
"""Captures as JSON, and the ids of those that were stored."""


def empty_report(name: str, source: Literal["push", "pull"]) -> dict[str, Any]:
    """As `Camera.report` of one that has not sent anything."""
    return {
        "name": name,
        "source": source,
        "queue": 0,
        "captures": 0,
        "last_frame_index": None,
        "shown": False,
        **Progress().report(None, None),
        "waiting": 0,
    }


class Camera:
    """One camera. What is not of any thread runs on one worker at a time, in the order of the lane."""

    def __init__(self, name: str, tools: Tools, source: Literal["push", "pull"]) -> None:
        self.name = name
        self.lane = Lane()
        self.last_used = time.monotonic()
        """When a frame came last that was not refused, by `time.monotonic`."""
        self.last_frame: bytes | Image | None = None
        """The last frame, where the settings allow to keep it."""
        self._tools = tools
        self._source = source
        self._following = Following(name, tools)
        self._order = FrameOrder(tools.answers)
        self._tracks = Tracks(0)
        self._visits = Visits()
        self._times = ShotTimes()
        self._pending = Pending(name, tools.store, tools.metrics)
        self._hours = tools.hours.get(name)
        self._at_rest = False
        """Whether its visits have ended because its hours have."""
        self._progress = Progress()
        self._seldom = logs.Seldom(_log)

    @property
    def is_open(self) -> bool:
        """Whether there is anything to lose: a pipeline, or captures that are not stored yet."""
        return self._following.capture is not None or bool(self._pending.captures)

    def process(self, frame: PushedFrame) -> Answer:
        """One frame through the pipeline, its captures into the store.

        Raises:
            Problem: the frame cannot be used (nothing has changed then), or the store fails (the captures are
                kept, and the same frame may be sent again).
        """
        try:
            answer = self._process(frame)
        except Problem as problem:
            self.refuse(problem)
            if problem.status >= 500:  # the camera is not to blame
                self._note_alive()
            raise
        return answer

    def refuse(self, problem: Problem) -> None:
        """Count a frame that was refused; from any thread."""
        self._progress.refuse(problem)
        self._tools.metrics.frame(self.name, problem.code)

    def rest(self) -> None:
        """End every visit where the camera's hours have ended.

        Raises:
            Problem: as `flush`.
        """
        if self.must_rest:
            self.flush()
            self.last_frame = None
            self._at_rest = True

    @property
    def must_rest(self) -> bool:
        """Whether its hours have ended and its visits have not; from any thread."""
        return self._hours is not None and not self._at_rest and not self._hours.open

    def flush(self) -> Flushed:
        """End every visit; the captures that this stored, and their ids.

        Raises:
            Problem: the store fails; the captures are kept, and may be asked for again.
        """
        waiting = self._pending.captures
        ids = self._pending.store()
        if self._following.capture is not None:
            given = self._timed(self._following.flush())
            ids += self._pending.keep(given, self._visits.summaries(given), None)
            waiting += given
            self._record(self._tracks.end())
        return [capture.to_dict() for capture in waiting], ids

    def close(self) -> tuple[str, ...]:
        """End every visit and forget everything.

        Raises:
            Problem: as `flush`; nothing is forgotten then.
        """
        _, ids = self.flush()
        if self._following.capture is not None:
            self._following.end()
            self._order = FrameOrder(self._tools.answers)
            self._visits = Visits()
            self._record([("camera.closed", {"frames": self._progress.answered})])
        self.last_frame = None
        return ids

    def abandon(self) -> int:
        """End every visit without the store; how many captures are lost by it."""
        return len(self._pending.captures) + len(self._following.flush())

    def report(self) -> dict[str, Any]:
        """What is known of the camera, in plain JSON types; from any thread."""
        return {
            **empty_report(self.name, self._source),
            "queue": self.lane.depth,
            "captures": self._pending.stored,
            "last_frame_index": self._order.index,
            "shown": self.last_frame is not None,
            **self._progress.report(self._following.capture, self._following.size),
            "waiting": len(self._pending.captures),
        }

    def _process(self, frame: PushedFrame) -> Answer:
        digest = None
        if frame.index is not None and isinstance(frame.picture, bytes):
            digest = hashlib.sha256(frame.picture).digest()
            earlier = self._order.earlier(frame.index, digest)
            if earlier is not None:
                self._pending.store()
                self._count("repeated")
                self._note_alive()
                return earlier
        index = self._order.place(frame.index, frame.timestamp)
        self._pending.store()
        back = self._order.back(frame.timestamp)
        seen = None if self._is_off_hours() else self._following.look(frame, index, may_skip=not back)
        if back:
            self._begin_anew(back)
        if frame.timestamp is not None and frame.taken is not None:
            self._times.note(frame.timestamp, frame.taken)
        if seen is None:
            answer = Answer(to_json(nothing(index, frame.timestamp).to_dict()))
            self._order.accept(index, frame.timestamp, digest, answer)
            self._note_alive()
            self._count("off_hours")
            return answer
        result = seen if isinstance(seen, FrameResult) else self._follow(seen, index, frame.timestamp)
        answer = Answer(to_json(result.to_dict()))
        self._order.accept(index, frame.timestamp, digest, answer)
        self._note_alive()
        if self._tools.keep_frame:
            picture = frame.picture
            self.last_frame = picture.data if isinstance(picture, EncodedPicture) else picture
        self._tools.metrics.answer(self.name, result)
        self._record(self._tracks.update(result))
        self._visits.see(result)
        self._progress.see(result)
        captures = self._timed(result.captures)
        self._pending.keep(captures, self._visits.summaries(captures), answer)
        self._count("ok")
        return answer

    def _count(self, result: str) -> None:
        self._progress.count(result)
        self._tools.metrics.frame(self.name, result)

    def _note_alive(self) -> None:
        self.last_used = time.monotonic()
        self._tools.seen(self.name, self._source)

    def _is_off_hours(self) -> bool:
        """Whether the frame is not worked on; where the hours have just ended, visits end."""
        if self._hours is None or self._hours.open:
            self._at_rest = False
            return False
        self.rest()
        return True

    def _begin_anew(self, back: float) -> None:
        """The camera's clock was set back: what was seen before is over, as no time lies between."""
        self.flush()
        self._following.reset()
        self._visits = Visits()
        self._order.begin_time_anew()
        self._tools.metrics.clock_set_back(self.name)
        self._record([("camera.clock", {"set_back_seconds": round(back, 3)})])
        _log.warning("camera %s: its clock was set back by %.3f s: its tracks end", self.name, back)

    def _timed(self, captures: list[Capture]) -> list[Capture]:
        """With the wall clock's time of each shot."""
        if self._source == "push":
            return captures
        times = self._times
        return [
            capture
            if capture.timestamp is None
            else replace(capture, timestamp=times.wall(capture.timestamp))
            for capture in captures
        ]

    def _follow(self, image: Image, index: int, timestamp: float | None) -> FrameResult:
        was_open = self._following.capture is not None
        result = self._following.follow(image, index, timestamp)
        if not was_open and self._following.capture is not None:
            self._tracks = Tracks(self._following.capture.config.miss_limit)
            self._record([("camera.opened", {"source": self._source})])
        return result

    def _record(self, events: Iterable[tuple[str, dict[str, Any]]]) -> None:
        pending = list(events)
        for number, (kind, data) in enumerate(pending):
            try:
                self._tools.store.event(kind, self.name, data)
            except StoreError as error:
                # The others would wait for the store as long as this one, and the frame with them.
                lost = [kind for kind, _ in pending[number:]]
                text = "camera %s: events are lost (%s): %s"
                self._seldom.log(logging.WARNING, frozenset(lost), text, self.name, ", ".join(lost), error)
                return
