"""When tracks begin and end, by the answers of a camera."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from facecap import FrameResult


@dataclass(slots=True)
class _Track:
    first_frame: int
    last_frame: int
    unseen: int = 0


class Tracks:
    """The stable tracks of a camera; one ends after `miss_limit` frames without its face."""

    def __init__(self, miss_limit: int) -> None:
        self._miss_limit = miss_limit
        self._tracks: dict[int, _Track] = {}

    def update(self, result: FrameResult) -> Iterator[tuple[str, dict[str, Any]]]:
        """What a frame changed: kind of event and its data."""
        faces = result.faces
        for track in self._tracks.values():
            track.unseen += 1
        for track_id in faces.track_ids[faces.stable].tolist():
            known = self._tracks.get(track_id)
            if known is None:
                self._tracks[track_id] = _Track(result.frame_index, result.frame_index)
                yield "track.started", {"track_id": track_id, "frame": result.frame_index}
            else:
                known.last_frame, known.unseen = result.frame_index, 0
        for track_id in [i for i, track in self._tracks.items() if track.unseen > self._miss_limit]:
            yield self._ended(track_id)

    def end(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every visit ends."""
        for track_id in list(self._tracks):
            yield self._ended(track_id)

    def _ended(self, track_id: int) -> tuple[str, dict[str, Any]]:
        track = self._tracks.pop(track_id)
        data = {"track_id": track_id, "first_frame": track.first_frame, "last_frame": track.last_frame}
        return "track.ended", data
