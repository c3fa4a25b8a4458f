"""Which shots of which tracks are stored, and when they are emitted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from facecap import _core
from facecap._checks import MOST_SLOTS, check_fraction, check_whole
from facecap._config import CaptureConfig
from facecap._results import FIRST_SECOND, LAST_SECOND

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tracked face of this frame that asks to be captured."""

    track_id: int
    """From 1; 0 or less is a face on no track."""
    stable: bool = True
    """Whether the track has left probation."""
    quality: float = 0.8
    """About -0.2 to 1.5."""
    refined_quality: float | None = None
    """On refined landmarks; None: the same as `quality`."""
    eye_distance: float = 99.0
    """Pixels."""
    refined_eye_distance: float | None = None
    """Pixels, on refined landmarks; None: the same as `eye_distance`."""
    landmark_confidence: float = 1.0
    """0 to 1."""
    rejection: str | None = None
    """A reason, known before the gate, why a face on a stable track is not captured."""

    def _to_core(self) -> _core.Candidate:
        refined_quality = self.quality if self.refined_quality is None else self.refined_quality
        refined_eyes = self.eye_distance if self.refined_eye_distance is None else self.refined_eye_distance
        return _core.Candidate(
            track_id=check_whole("track_id", self.track_id, -_LARGEST, _LARGEST),
            stable=bool(self.stable),
            quality=float(self.quality),
            refined_quality=float(refined_quality),
            eye_distance=float(self.eye_distance),
            refined_eye_distance=float(refined_eyes),
            landmark_confidence=float(self.landmark_confidence),
            rejection=self.rejection,
        )


@dataclass(frozen=True, slots=True)
class CaptureEvent:
    """The moment at which a shot is emitted."""

    kind: str
    """`first` (the track's first), `periodic`, `lost` (its track ended) or `flush`."""
    frame: int
    """In which it is emitted."""
    shot_frame: int
    """In which it was stored."""
    track_id: int
    sequence: int
    """From 1 in the track."""
    quality: float
    """Of the shot, as its candidate had it."""


@dataclass(frozen=True, slots=True)
class GateStep:
    """What the gate did in one frame."""

    stored: list[int]
    """Indices of the candidates whose shot was stored."""
    events: list[CaptureEvent]
    reasons: list[str | None]
    """One entry a candidate: None where stored, else why not."""


class CaptureGate:
    """Stores the best shot of every track and decides when it is emitted; sees no pixels.

    Args:
        config: the defaults of `CaptureConfig` where None.
        slots: how many tracks may hold a shot at once, at least 1.

    Raises:
        ValueError, TypeError: an argument is out of range or of the wrong kind.
    """

    def __init__(self, config: CaptureConfig | None = None, slots: int = 10) -> None:
        self.config = CaptureConfig() if config is None else config
        if not isinstance(self.config, CaptureConfig):
            raise TypeError(f"config is {type(config).__name__}, wanted a CaptureConfig")
        self._core = _core.CaptureGate(self.config._core, check_whole("slots", slots, 1, MOST_SLOTS))

    def update(
        self,
        frame_index: int,
        candidates: Sequence[Candidate],
        live_ids: Iterable[int],
        timestamp: float | None = None,
    ) -> GateStep:
        """Takes one frame.

        Args:
            frame_index: from 0, growing from call to call; frames may be left out.
            candidates: the faces of this frame.
            live_ids: the tracks that go on, seen in this frame or not. A track that holds a shot and is not
                among them is lost.
            timestamp: seconds, not running back; needed, and looked at, where the configuration has
                `interval_seconds`.

        Raises:
            ValueError, TypeError: an argument is not as above; nothing has changed then.
        """
        stored, events, reasons = self._core.update(
            check_whole("frame_index", frame_index, 0, _LARGEST),
            [candidate._to_core() for candidate in candidates],
            [check_whole("a live id", live_id, -_LARGEST, _LARGEST) for live_id in live_ids],
            None if timestamp is None else check_fraction("timestamp", timestamp, FIRST_SECOND, LAST_SECOND),
        )
        return GateStep(stored, [CaptureEvent(*event) for event in events], reasons)

    def flush(self, frame_index: int) -> list[CaptureEvent]:
        """Emits the pending shots, as if every track were lost in `frame_index`, and frees all slots.

        Raises:
            ValueError: `frame_index` lies before the last frame.
        """
        events = self._core.flush(check_whole("frame_index", frame_index, 0, _LARGEST))
        return [CaptureEvent(*event) for event in events]
