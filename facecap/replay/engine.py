"""Tracker and gate once more over the faces of a recording, with other settings and without its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from facecap import Areas, CaptureConfig, _core
from facecap._checks import MOST_SLOTS, check_whole
from facecap._core import exact_list
from facecap._results import _rfc3339
from facecap.replay.people import Answers, Doubt, People, Place
from facecap.replay.recording import RecordedFrame, Recording

NEEDS_PIXELS = {
    "crop_border": "crops were cut with it, and a recording has no pictures",
    "classify_on": "it says when the mask is asked for, which needs the crops",
    "motion": "it looks at pixels, and a recording has what was detected",
    "motion_refresh_seconds": "it says when frames are looked at, and a recording has what was detected",
    "mask_threshold": "it turns answers into words and no face into a capture",
}
_PIXEL_SCORES = ("laplacian", "posture_laplacian")


@dataclass(frozen=True, slots=True)
class ReplayedCapture:
    """A capture that a replay came to."""

    kind: str
    track_id: int
    """Of the replay: the same person may have another one elsewhere."""
    sequence: int
    frame: int
    """In which it is emitted."""
    shot_frame: int
    timestamp: float | None
    """Of the shot, in seconds."""
    box: tuple[float, float, float, float]
    score: float
    quality: float
    uncertain: bool
    """Whether its visit was asked for what was not recorded or may be otherwise now, and what was assumed
    instead may be wrong."""
    face: int = field(repr=False)
    """Place of the face among those of its frame."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, as the lines of `captures.jsonl`."""
        document = asdict(self) | {"timestamp": _rfc3339(self.timestamp), "box": list(self.box)}
        del document["face"]
        return document

    @property
    def place(self) -> Place:
        """Which face of which frame it is."""
        return self.shot_frame, self.face


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """What a replay came to."""

    captures: list[ReplayedCapture]
    """In the order in which they are emitted."""
    reasons: dict[Place, str | None]
    """Why each face was not captured; None where its shot was stored."""
    tracks: dict[Place, int]
    """0 where a face is on no track."""
    last_shots: dict[int, int]
    """Of each track, the frame of the shot that was stored last."""
    uncertain_from: dict[int, int]
    """Of tracks that were asked for what was assumed: the frame in which it began."""


def replay(
    recording: Recording,
    config: CaptureConfig | None = None,
    *,
    areas: Areas | None = None,
    slots: int | None = None,
) -> Replayed:
    """Follows and captures the recorded faces again; with nothing but `recording`, as they were.

    A second look that the recording lacks is taken to find a face at the detector's points, and sharp; a
    duplicate check that it lacks to find a stranger. So is one that found a duplicate, once somebody whom the
    run had captured before is not captured any more. Where the check would compare with other faces than in
    the run, its answer is assumed too. `ReplayedCapture.uncertain` says which captures that may concern.

    Args:
        recording: of `facecap.recording`.
        config: other settings than the recording's.
        areas: in place of those that held while it was made.
        slots: in place of the recording's.

    Raises:
        ValueError, TypeError: an argument is out of range or needs what a recording does not have.
    """
    config = recording.config if config is None else config
    check_replayable(recording, config)
    slots = check_whole("slots", recording.slots if slots is None else slots, 1, MOST_SLOTS)
    work = _Work(recording, config, slots, areas)
    others = (config, slots, areas) != (recording.config, recording.slots, None)
    if recording.embedder and others:
        _side_by_side(recording, work)
    else:
        for frame in recording.frames:
            work.begin(frame)
            work.step(frame, frame.duplicates)
        work.flush()
    return work.replayed


def _side_by_side(recording: Recording, work: _Work) -> None:
    """Replays beside the run as it was, since a recorded duplicate rests on whom that had captured."""
    run = _Work(recording, recording.config, recording.slots, None)
    doubt = Doubt(run.people, work.people)
    known = 0
    for frame in recording.frames:
        run.begin(frame)
        work.begin(frame)
        captures = len(run.replayed.captures) + len(work.replayed.captures)
        if captures != known:
            doubt.renew(work.replayed.tracks)
            known = captures
        run.step(frame, frame.duplicates)
        answers = doubt.answers(frame.index, frame.duplicates, run.replayed.tracks)
        work.step(frame, answers, doubtful=doubt.differs)
    work.flush()


def check_replayable(recording: Recording, config: CaptureConfig) -> None:
    """Refuse settings that a recording cannot answer.

    Raises:
        ValueError: the text names the setting and says why.
    """
    before = recording.config
    for name, why in NEEDS_PIXELS.items():
        if getattr(config, name) != getattr(before, name):
            raise ValueError(f"{name} cannot be replayed: {why}")
    measured = before.quality_method in _PIXEL_SCORES
    if config.quality_method in _PIXEL_SCORES and not measured:
        raise ValueError(
            f"quality_method {config.quality_method} cannot be replayed: it needs the sharpness of faces, "
            f"which {before.quality_method} did not measure: record with {config.quality_method}"
        )
    if config.interval_seconds is not None and any(frame.timestamp is None for frame in recording.frames):
        raise ValueError("interval_seconds cannot be replayed: the recorded frames have no times")


class _Work:
    """A replay while it goes on."""

    def __init__(self, recording: Recording, config: CaptureConfig, slots: int, areas: Areas | None) -> None:
        self.replayed = Replayed([], {}, {}, {}, {})
        self.people = People()
        self._core = _core.Replay(config._core, slots, recording.refiner, recording.embedder)
        self._core.set_areas((recording.areas if areas is None else areas)._core)
        self._as_recorded = areas is None
        self._shots: dict[int, tuple[RecordedFrame, int]] = {}  # of each track, the one that was stored last

    def begin(self, frame: RecordedFrame) -> None:
        """What was done before the frame came."""
        if frame.flushed:
            self.flush()
        if frame.areas is not None and self._as_recorded:
            self._core.set_areas(frame.areas._core)

    def step(self, frame: RecordedFrame, duplicates: Answers, *, doubtful: bool = False) -> None:
        """`duplicates` in place of the frame's; `doubtful`: they may be wrong where they are asked for."""
        ids, (stored, events, reasons), assumed = self._core.step(
            frame.index,
            frame.timestamp,
            *frame.size,
            frame.boxes,
            frame.scores,
            frame.landmarks,
            frame.laplacian,
            frame.looks,
            duplicates,
        )
        tracks = ids.tolist()
        for face, (track, reason) in enumerate(zip(tracks, reasons, strict=True)):
            self.replayed.reasons[frame.index, face] = reason
            self.replayed.tracks[frame.index, face] = track
            checked = reason in (None, "duplicate_identity")  # the check comes last
            if checked:
                self.people.checked(track, (frame.index, face))
            if assumed[face] or (checked and doubtful):
                self.replayed.uncertain_from.setdefault(track, frame.index)
        for face in stored:
            self._shots[tracks[face]] = frame, face
            self.replayed.last_shots[tracks[face]] = frame.index
        self._emit(events)

    def flush(self) -> None:
        self._emit(self._core.flush())
        self._shots.clear()

    def _emit(self, events: Sequence[tuple[str, int, int, int, int, float]]) -> None:
        for kind, frame, _, track, sequence, quality in events:
            self.people.capture(track)
            shot, face = self._shots[track]
            x1, y1, x2, y2 = exact_list(shot.boxes[face])
            self.replayed.captures.append(
                ReplayedCapture(
                    kind=kind,
                    track_id=track,
                    sequence=sequence,
                    frame=frame,
                    shot_frame=shot.index,
                    timestamp=shot.timestamp,
                    box=(x1, y1, x2, y2),
                    score=exact_list(shot.scores[face : face + 1])[0],
                    quality=round(quality, 6),
                    uncertain=track in self.replayed.uncertain_from,
                    face=face,
                )
            )
