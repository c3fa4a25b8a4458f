"""What a frame is answered that is not worked on, as its camera is outside of its hours."""

from __future__ import annotations

import numpy as np

from facecap import Faces, FrameResult


def nothing(index: int, timestamp: float | None) -> FrameResult:
    """No faces, no captures."""
    none = np.zeros(0, np.float32)
    faces = Faces(
        boxes=none.reshape(0, 4),
        scores=none,
        landmarks=none.reshape(0, 5, 2),
        track_ids=np.zeros(0, np.int64),
        stable=np.zeros(0, np.bool_),
        quality=none,
        pose=none.reshape(0, 3),
        capture=np.zeros(0, np.bool_),
        mask_prob=none,
        incorrect_prob=none,
        reasons=(),
    )
    return FrameResult(index, timestamp, faces, [], {}, refined=0, classified=0)
