"""What became of the shots of every track, for the captures that come of it."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from facecap import Capture, FrameResult

MOST_TRACKS = 1000
"""Of a camera, that anything is remembered of."""
SUPERSEDED = "superseded"


@dataclass(slots=True)
class _Shots:
    """Since the track began, or since its last capture."""

    seen: int = 0
    kept: list[int] = field(default_factory=list)
    """Frames whose shot was kept, at least until a better one came."""
    rejected: Counter[str] = field(default_factory=Counter)


class Visits:
    """Counts the shots of a camera's tracks by what became of them."""

    def __init__(self) -> None:
        self._tracks: OrderedDict[int, _Shots] = OrderedDict()

    def see(self, result: FrameResult) -> None:
        """Count the faces of a frame; those without a track are nobody's."""
        faces = result.faces
        for track_id, kept, reason in zip(
            faces.track_ids.tolist(), faces.capture.tolist(), faces.reasons, strict=True
        ):
            if not track_id:
                continue
            shots = self._tracks.get(track_id)
            if shots is None:
                shots = self._tracks[track_id] = _Shots()
            self._tracks.move_to_end(track_id)
            shots.seen += 1
            if kept:
                shots.kept.append(result.frame_index)
            elif reason is not None:
                shots.rejected[reason] += 1
        while len(self._tracks) > MOST_TRACKS:
            self._tracks.popitem(last=False)

    def summaries(self, captures: Sequence[Capture]) -> list[dict[str, Any]]:
        """The shots that each capture was chosen from: how many `shots`, and how many `lost`, by reason.

        They are counted anew for the track's next capture.
        """
        return [self._summary(capture.track_id, capture.shot_frame) for capture in captures]

    def _summary(self, track_id: int, shot_frame: int) -> dict[str, Any]:
        shots = self._tracks.pop(track_id, _Shots(1))
        later = [frame for frame in shots.kept if frame > shot_frame]
        if later:
            self._tracks[track_id] = _Shots(len(later), later)
        lost = dict(shots.rejected)
        superseded = sum(frame < shot_frame for frame in shots.kept)
        if superseded:
            lost[SUPERSEDED] = superseded
        return {"shots": shots.seen - len(later), "lost": lost}
