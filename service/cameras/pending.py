"""A camera's captures on their way into the store."""

from __future__ import annotations

import logging
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import cv2

from facecap import Capture

from .. import logs
from ..metrics import Metrics
from ..problems import Problem
from ..store import NewCapture, Store, StoredCapture, StoreError
from .order import Answer
from .visits import MOST_TRACKS

_log = logging.getLogger("facecap.service.cameras")


@dataclass(slots=True)
class _Batch:
    captures: list[Capture]
    visits: list[dict[str, Any]]
    """Of each capture, the shots that it was chosen from."""
    answer: Answer | None
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    """Stored once under it, even where the store failed after it had them."""


class Pending:
    """Captures that were emitted and are not in the store yet; they wait for a store that fails."""

    def __init__(self, camera: str, store: Store, metrics: Metrics) -> None:
        self.stored = 0
        """Captures of the camera that went into the store."""
        self._camera = camera
        self._store = store
        self._metrics = metrics
        self._batch: _Batch | None = None
        self._joined: OrderedDict[int, str] = OrderedDict()
        """The visit of each track's last capture; another service may have a track of the same id."""
        self._seldom = logs.Seldom(_log)

    @property
    def captures(self) -> list[Capture]:
        """Those that wait; from any thread."""
        batch = self._batch
        return list(batch.captures) if batch is not None else []

    def keep(
        self, captures: list[Capture], visits: list[dict[str, Any]], answer: Answer | None
    ) -> tuple[str, ...]:
        """Store captures; none may wait. Their ids, which become those of the answer too.

        Raises:
            Problem: the store fails; they wait then.
        """
        if not captures:
            return ()
        self._batch = _Batch(captures, visits, answer)
        return self.store()

    def store(self) -> tuple[str, ...]:
        """Store what waits; as `keep`."""
        batch = self._batch
        if batch is None:
            return ()
        start = time.perf_counter()
        rows = [
            NewCapture(
                {**capture.to_dict(), "visit": visit}, _png(capture), self._joined.get(capture.track_id)
            )
            for capture, visit in zip(batch.captures, batch.visits, strict=True)
        ]
        try:
            stored = self._store.add(self._camera, rows, batch.key)
        except StoreError as error:
            self._seldom.error(
                "store", "camera %s: %d captures wait for the store: %s", self._camera, len(rows), error
            )
            raise Problem(
                503,
                "store_unavailable",
                "The store cannot take captures",
                "the captures of this camera wait for the store: send the same frame again later",
                {"Retry-After": "1"},
            ) from None
        self._metrics.stage("store", time.perf_counter() - start)
        self._batch = None
        self.stored += len(rows)
        for capture, item in zip(batch.captures, stored, strict=True):
            self._metrics.capture(self._camera, capture.kind, capture.mask)
            self._join(capture, item)
        ids = tuple(capture.id for capture in stored)
        if batch.answer is not None:
            batch.answer.captures = ids
        return ids

    def _join(self, capture: Capture, stored: StoredCapture) -> None:
        """Remember its visit, as far as its track goes on."""
        self._joined.pop(capture.track_id, None)
        if capture.kind not in ("lost", "flush"):
            # One that was removed before it was known to be stored has none.
            self._joined[capture.track_id] = stored.visit or stored.id
            if len(self._joined) > MOST_TRACKS:
                self._joined.popitem(last=False)


def _png(capture: Capture) -> bytes:
    return cv2.imencode(".png", capture.crop)[1].tobytes()
