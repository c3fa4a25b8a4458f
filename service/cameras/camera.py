"""One camera: its pipeline, the order of its frames, and its captures on their way into the store."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic_core import to_json

from facecap import Capture, FacecapError, FaceCapture, FrameResult
from facecap.sources import Limits

from .. import logs
from ..frames.picture import decode
from ..metrics import Metrics
from ..problems import Problem
from ..recordings import Recordings
from ..store import NewCapture, Store, StoreError
from .order import Answer, FrameOrder
from .shot_times import ShotTimes
from .tracks import Tracks
from .visits import Visits
from .workers import Lane

_log = logging.getLogger("facecap.service.cameras")
Image = NDArray[np.uint8]
Flushed = tuple[list[dict[str, Any]], tuple[str, ...]]
"""Captures as JSON, and the ids of those that were stored."""


@dataclass(slots=True)
class PushedFrame:
    """A frame on its way to a camera."""

    picture: bytes | Image
    """Encoded, or height x width x 3 BGR."""
    index: int | None = None
    timestamp: float | None = None
    """Seconds since 1970; where `taken` is given, of a clock that nobody sets."""
    taken: float | None = None
    """Seconds since 1970 when it was taken, where `timestamp` does not say it."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What all cameras share."""

    new_capture: Callable[[], FaceCapture]
    store: Store
    recordings: Recordings
    metrics: Metrics
    limits: Limits
    remembered: int
    """Answers that a camera keeps for frames that come again."""
    keep_frame: bool
    """Whether the last frame is kept to be shown."""


@dataclass(slots=True)
class _Batch:
    """Captures that were emitted and are not in the store yet."""

    captures: list[Capture]
    visits: list[dict[str, Any]]
    """Of each capture, the shots that it was chosen from."""
    answer: Answer | None
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    """Stored once under it, even where the store failed after it had them."""


class Camera:
    """One camera. All but `report` and `count` run on one worker at a time, in the order of the lane."""

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
        self._order = FrameOrder(tools.remembered)
        self._tracks = Tracks(0)
        self._visits = Visits()
        self._times = ShotTimes()
        self._batch: _Batch | None = None
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._captures = 0
        self._size: tuple[int, int] | None = None
        self._last_time: float | None = None
        self._seldom = logs.Seldom(_log)

    @property
    def is_open(self) -> bool:
        """Whether there is anything to lose: a pipeline, or captures that are not stored yet."""
        return self._capture is not None or self._batch is not None

    def process(self, frame: PushedFrame) -> Answer:
        """One frame through the pipeline, its captures into the store.

        Raises:
            Problem: the frame cannot be used (nothing has changed then), or the store fails (the captures are
                kept, and the same frame may be sent again).
        """
        try:
            answer = self._process(frame)
        except Problem as problem:
            self.count(problem.code)
            if problem.status >= 500:  # the camera is not to blame
                self.last_used = time.monotonic()
            raise
        return answer

    def count(self, result: str) -> None:
        """Count a frame by its result: ok, repeated or a problem's code; from any thread."""
        with self._counting:
            self._counts[result] += 1
        self._tools.metrics.frame(self.name, result)

    def flush(self) -> Flushed:
        """End every visit; the captures that this stored, and their ids.

        Raises:
            Problem: the store fails; the captures are kept, and may be asked for again.
        """
        waiting = list(self._batch.captures) if self._batch else []
        ids = self._store_batch()
        if self._capture is not None:
            given = self._timed(self._capture.flush())
            self._tools.recordings.flushed(self.name)
            ids += self._keep(given, None)
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
            self._order = FrameOrder(self._tools.remembered)
            self._visits = Visits()
            self._record([("camera.closed", {"frames": self._counts["ok"]})])
        self.last_frame = None
        return ids

    def report(self) -> dict[str, Any]:
        """What is known of the camera, in plain JSON types; from any thread."""
        return {
            "name": self.name,
            "source": self._source,
            "queue": self.lane.depth,
            "frames": dict(self._counts),
            "captures": self._captures,
            "size": list(self._size) if self._size else None,
            "last_frame_index": self._order.index,
            "last_frame_received": _rfc3339(self._last_time),
            "shown": self.last_frame is not None,
        }

    def _process(self, frame: PushedFrame) -> Answer:
        digest = None
        if frame.index is not None and isinstance(frame.picture, bytes):
            digest = hashlib.sha256(frame.picture).digest()
            earlier = self._order.earlier(frame.index, digest)
            if earlier is not None:
                self._store_batch()
                self.count("repeated")
                self.last_used = time.monotonic()
                return earlier
        index = self._order.place(frame.index, frame.timestamp)
        self._store_batch()
        image = self._decoded(frame.picture)
        if back := self._order.back(frame.timestamp):
            self._begin_anew(back)
        if frame.timestamp is not None and frame.taken is not None:
            self._times.note(frame.timestamp, frame.taken)
        result = self._follow(image, index, frame.timestamp)
        answer = Answer(to_json(result.to_dict()))
        self._order.accept(index, frame.timestamp, digest, answer)
        self._size = (image.shape[1], image.shape[0])
        self._last_time = time.time()
        self.last_used = time.monotonic()
        if self._tools.keep_frame:
            self.last_frame = frame.picture
        self._tools.metrics.answer(result)
        self._record(self._tracks.update(result))
        self._visits.see(result)
        self._keep(self._timed(result.captures), answer)
        self.count("ok")
        return answer

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

    def _decoded(self, picture: bytes | Image) -> Image:
        if not isinstance(picture, bytes):
            return picture
        start = time.perf_counter()
        image = decode(picture, self._tools.limits)
        self._tools.metrics.stage("decode", time.perf_counter() - start)
        return image

    def _follow(self, image: Image, index: int, timestamp: float | None) -> FrameResult:
        capture = self._capture
        if capture is None:
            capture = self._tools.new_capture()
        try:
            result = capture.process(image, frame_index=index, timestamp=timestamp)
        except ValueError as error:
            raise Problem(422, "frame_refused", "The frame cannot be used", str(error)) from None
        except FacecapError as error:
            _log.error("camera %s: frame %d: %s", self.name, index, error)
            raise Problem(500, "model_failed", "The model failed at this frame", str(error)) from None
        self._tools.recordings.add(self.name, capture, result, image)
        if self._capture is None:
            self._capture = capture
            self._tracks = Tracks(capture.config.miss_limit)
            self._record([("camera.opened", {"source": self._source})])
        return result

    def _keep(self, captures: list[Capture], answer: Answer | None) -> tuple[str, ...]:
        if not captures:
            return ()
        self._batch = _Batch(captures, self._visits.summaries(captures), answer)
        return self._store_batch()

    def _store_batch(self) -> tuple[str, ...]:
        batch = self._batch
        if batch is None:
            return ()
        start = time.perf_counter()
        rows = [
            NewCapture({**capture.to_dict(), "visit": visit}, _png(capture))
            for capture, visit in zip(batch.captures, batch.visits, strict=True)
        ]
        try:
            stored = self._tools.store.add(self.name, rows, batch.key)
        except StoreError as error:
            self._seldom.error(
                "store", "camera %s: %d captures wait for the store: %s", self.name, len(rows), error
            )
            raise Problem(
                503,
                "store_unavailable",
                "The store cannot take captures",
                "the captures of this camera wait for the store: send the same frame again later",
                {"Retry-After": "1"},
            ) from None
        self._tools.metrics.stage("store", time.perf_counter() - start)
        self._batch = None
        self._captures += len(rows)
        for capture in batch.captures:
            self._tools.metrics.capture(self.name, capture.kind, capture.mask)
        ids = tuple(capture.id for capture in stored)
        if batch.answer is not None:
            batch.answer.captures = ids
        return ids

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


def _rfc3339(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _png(capture: Capture) -> bytes:
    return cv2.imencode(".png", capture.crop)[1].tobytes()
