"""Which face of this frame is which of the last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from facecap import _core
from facecap._checks import check_floats, check_fraction, check_whole

_MOST_FRAMES = 2**31 - 1


class HasBoxes(Protocol):
    """What `Tracker.update` looks at; `Detections` has it."""

    @property
    def boxes(self) -> NDArray[np.float32]: ...
    @property
    def scores(self) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """What the tracker says of one frame."""

    ids: NDArray[np.int64]
    """(N,) one a detection, from 1; 0 where a detection is no box that could be followed."""
    stable: NDArray[np.bool_]
    """(N,) whether the track has left probation."""
    live_ids: set[int]
    """All tracks that go on, seen in this frame or not."""

    def __len__(self) -> int:
        return len(self.ids)


class Tracker:
    """Follows faces with a constant-velocity Kalman filter and one optimal association a frame.

    Deterministic; the order of the detections decides ids alone, never which detections belong together.
    Ids are not used twice.

    Args:
        min_hits: consecutive frames with a detection, the first counted, until a track is stable. A track
            that misses a frame before that is forgotten at once.
        max_unmatched: frames without a detection after which a stable track ends.
        iou_min: a detection must overlap the predicted box by more than this share of their union.

    Raises:
        ValueError, TypeError: an argument is out of range or of the wrong kind.
    """

    def __init__(self, *, min_hits: int = 10, max_unmatched: int = 40, iou_min: float = 0.3) -> None:
        self._core = _core.Tracker(
            min_hits=check_whole("min_hits", min_hits, 1, _MOST_FRAMES),
            max_unmatched=check_whole("max_unmatched", max_unmatched, 1, _MOST_FRAMES),
            iou_min=check_fraction("iou_min", iou_min, 0, 1),
        )

    def update(self, detections: HasBoxes) -> Tracks:
        """Takes the next frame's detections; call it for frames without any too.

        Args:
            detections: `.boxes` (N, 4) x1, y1, x2, y2 in pixels and `.scores` (N,). A box that is not finite
                or has no area starts no track.

        Raises:
            ValueError: the arrays are not as above.
            FacecapError: the tracker is at work in another thread.
        """
        boxes = check_floats(detections.boxes, "boxes", ("N", 4))
        scores = check_floats(detections.scores, "scores", ("N",))
        ids, stable, live_ids = self._core.update(boxes, scores)
        return Tracks(ids, stable, live_ids)
