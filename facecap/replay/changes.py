"""What other settings make of the captures of a recording."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Literal, get_args

from facecap.replay.engine import Replayed, ReplayedCapture
from facecap.replay.people import Place

_CERTAIN = {  # reasons that rest on nothing that may be assumed
    "track_unconfirmed",
    "outside_area",
    "too_small",
    "too_large",
    "extreme_yaw",
    "extreme_pitch",
    "extreme_roll",
    "invalid_pose",
    "crop_failed",
    "low_quality",
}
Kind = Literal["appears", "goes", "changes"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Change:
    """A capture that other settings bring, take away or change."""

    change: Kind
    before: ReplayedCapture | None
    after: ReplayedCapture | None
    reason: str | None
    """Of what appears, why that face was not captured before; of what goes, why it is not any more: one of
    docs/captures.md, `superseded` (a better shot of its visit took its place) or `not_emitted` (the mode
    does not ask for it). None of what changes."""
    uncertain: bool
    """Whether it rests on what was assumed."""

    @property
    def latest(self) -> ReplayedCapture:
        """The capture as it is now, or was where it goes."""
        capture = self.after or self.before
        assert capture is not None
        return capture

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "change": self.change,
            "reason": self.reason,
            "uncertain": self.uncertain,
            "before": self.before and self.before.to_dict(),
            "after": self.after and self.after.to_dict(),
        }


def compare(before: Replayed, after: Replayed) -> list[Change]:
    """What other settings bring, take away and change, by the frame of the shots.

    Captures are the same where their shot is the same face of the same frame, and kind and frame of the event
    are equal. Others of one visit (tracks that share a face) are taken as changes of each other, nearest
    first; what is left goes or appears. Both replays are of one recording.
    """
    old = {capture.place: capture for capture in before.captures}
    new = {capture.place: capture for capture in after.captures}
    same = {place for place in old.keys() & new.keys() if _event(old[place]) == _event(new[place])}
    pairs = [(old[place], new[place]) for place in (old.keys() & new.keys()) - same]
    left = [old[place] for place in old.keys() - new.keys()]
    come = [new[place] for place in new.keys() - old.keys()]
    pairs += _nearest(left, come, _linked(before, after))
    lost, found = {one.place for one, _ in pairs}, {other.place for _, other in pairs}
    changes = [Change("changes", one, other, None, other.uncertain) for one, other in pairs]
    changes += [_gone(one, after) for one in left if one.place not in lost]
    changes += [
        Change("appears", None, other, _reason(other.place, before), other.uncertain)
        for other in come
        if other.place not in found
    ]
    return sorted(changes, key=_when)


def _event(capture: ReplayedCapture) -> tuple[str, int]:
    return capture.kind, capture.frame


def _linked(before: Replayed, after: Replayed) -> set[tuple[int, int]]:
    """Tracks of the one and the other that share a face."""
    return {(track, after.tracks[place]) for place, track in before.tracks.items() if track}


def _nearest(
    old: list[ReplayedCapture], new: list[ReplayedCapture], linked: set[tuple[int, int]]
) -> list[tuple[ReplayedCapture, ReplayedCapture]]:
    """Pairs of captures of one visit, each in one at most, those whose shots are nearest in time first."""
    of_track: defaultdict[int, list[ReplayedCapture]] = defaultdict(list)
    for other in new:
        of_track[other.track_id].append(other)
    tracks: defaultdict[int, list[int]] = defaultdict(list)
    for track, other_track in linked:
        tracks[track].append(other_track)
    pairs = [
        (abs(one.shot_frame - other.shot_frame), one.place, other.place, one, other)
        for one in old
        for track in tracks[one.track_id]
        for other in of_track[track]
    ]
    taken: list[tuple[ReplayedCapture, ReplayedCapture]] = []
    used_old: set[Place] = set()
    used_new: set[Place] = set()
    for *_, one, other in sorted(pairs, key=lambda pair: pair[:3]):
        if one.place not in used_old and other.place not in used_new:
            taken.append((one, other))
            used_old.add(one.place)
            used_new.add(other.place)
    return taken


def _gone(capture: ReplayedCapture, after: Replayed) -> Change:
    reason = _reason(capture.place, after)
    begin = after.uncertain_from.get(after.tracks[capture.place])
    if reason == "no_free_slot":
        begin = min(after.uncertain_from.values(), default=None)
    # What came before the shot decides over it; over a shot that was stored, also what came later.
    asked = begin is not None and (begin <= capture.shot_frame or after.reasons[capture.place] is None)
    return Change("goes", capture, None, reason, asked and reason not in _CERTAIN)


def _reason(place: Place, replayed: Replayed) -> str:
    """Why this face is no capture there."""
    reason = replayed.reasons[place]
    if reason is not None:
        return reason
    return "superseded" if replayed.last_shots[replayed.tracks[place]] > place[0] else "not_emitted"


def _when(change: Change) -> tuple[int, int]:
    return change.latest.frame, change.latest.shot_frame
