"""One camera: its pipeline, the order of its frames, and its captures on their way into the store."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from facecap import Areas, Capture, FacecapError, FaceCapture, FrameResult
from facecap.sources import EncodedPicture, Limits

from .. import logs
from ..frames.picture import checked, decoded
from ..metrics import Metrics
from ..problems import Problem
from ..recordings import Recordings
from ..store import Store, StoreError
from ..store.camera_table import Source
from .hours import Hours
from .off_hours import nothing
from .order import Answer, FrameOrder
from .pending import Pending
from .progress import Progress
from .shot_times import ShotTimes
from .tracks import Tracks
from .visits import Visits
from .workers import Lane

_log = logging.getLogger("facecap.service.cameras")
Image = NDArray[np.uint8]
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
        **Progress().report(None),
        "waiting": 0,
    }


@dataclass(slots=True)
class PushedFrame:
    """A frame on its way to a camera."""

    picture: bytes | EncodedPicture | Image
    """Encoded, of which the structure was checked or not, or height x width x 3 BGR."""
    index: int | None = None
    timestamp: float | None = None
    """Seconds since 1970; where `taken` is given, of a clock that nobody sets."""
    taken: float | None = None
    """Seconds since 1970 when it was taken, where `timestamp` does not say it."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What all cameras share."""

    new_capture: Callable[[str], FaceCapture]
    """A pipeline for the camera of a name."""
    store: Store
    recordings: Recordings
    seen: Callable[[str, Source], object]
    """Called when a camera sent something that could be taken."""
    hours: Mapping[str, Hours]
    """Of the cameras that are not always at work."""
    areas: Callable[[str], Areas]
    """Where faces are captured; the same object until that changes."""
    metrics: Metrics
    limits: Limits
    answers: int
    """Answers that a camera keeps for frames that come again."""
    keep_frame: bool
    """Whether the last frame is kept to be shown."""


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
        self._capture: FaceCapture | None = None
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
        return self._capture is not None or bool(self._pending.captures)

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
        if self._capture is not None:
            given = self._timed(self._capture.flush())
            self._tools.recordings.flushed(self.name)
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
        if self._capture is not None:
            self._capture = None
            self._tools.recordings.end(self.name)
            self._order = FrameOrder(self._tools.answers)
            self._visits = Visits()
            self._record([("camera.closed", {"frames": self._progress.answered})])
        self.last_frame = None
        return ids

    def report(self) -> dict[str, Any]:
        """What is known of the camera, in plain JSON types; from any thread."""
        return {
            **empty_report(self.name, self._source),
            "queue": self.lane.depth,
            "captures": self._pending.stored,
            "last_frame_index": self._order.index,
            "shown": self.last_frame is not None,
            **self._progress.report(self._capture),
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
        seen = None if self._is_off_hours() else self._looked_at(frame, index)
        if back := self._order.back(frame.timestamp):
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
        if self._capture is not None:
            self._capture.reset()
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

    def _looked_at(self, frame: PushedFrame, index: int) -> FrameResult | Image:
        """The pixels of a frame, or, for a part of that cost, the answer to one in which nothing moved."""
        picture = frame.picture
        if isinstance(picture, np.ndarray):
            return picture
        start = time.perf_counter()
        if isinstance(picture, bytes):
            picture = checked(picture, self._tools.limits)
        capture = self._capture
        seen: FrameResult | Image | None = None
        if capture is not None and not self._order.back(frame.timestamp):
            seen = self._skip(capture, picture, index, frame.timestamp)
        if seen is None:
            seen = decoded(picture)
        self._tools.metrics.stage("decode", time.perf_counter() - start)
        return seen

    def _skip(
        self, capture: FaceCapture, picture: EncodedPicture, index: int, timestamp: float | None
    ) -> FrameResult | None:
        try:
            result = picture.skipped(capture, index, timestamp)
        except (ValueError, FacecapError) as error:
            raise self._unusable(index, error) from None
        if result is not None:
            self._tools.recordings.add(self.name, capture, result, None)
        return result

    def _follow(self, image: Image, index: int, timestamp: float | None) -> FrameResult:
        capture = self._capture
        if capture is None:
            capture = self._tools.new_capture(self.name)
        self._progress.size = (image.shape[1], image.shape[0])
        areas = self._tools.areas(self.name)
        if capture.areas is not areas:
            capture.areas = areas
        try:
            result = capture.process(image, frame_index=index, timestamp=timestamp)
        except (ValueError, FacecapError) as error:
            raise self._unusable(index, error) from None
        self._tools.recordings.add(self.name, capture, result, image)
        if self._capture is None:
            self._capture = capture
            self._tracks = Tracks(capture.config.miss_limit)
            self._record([("camera.opened", {"source": self._source})])
        return result

    def _unusable(self, index: int, error: ValueError | FacecapError) -> Problem:
        if isinstance(error, ValueError):
            return Problem(422, "frame_refused", "The frame cannot be used", str(error))
        _log.error("camera %s: frame %d: %s", self.name, index, error)
        return Problem(500, "model_failed", "The model failed at this frame", str(error))

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
