"""Why nothing is captured of the faces that are seen: what the last ones lacked, in numbers."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from facecap import CaptureConfig, Faces, FrameResult

from .recent import LastMinute
from .trouble import trouble

_HAS_A_SHOT = {
    "not_better",
    "refined_not_better",
    "below_track_best",
    "count_exhausted",
    "duplicate_identity",
}
"""Reasons of faces of which, or of whose person, a shot is or was there."""
_ENOUGH_SECONDS = 60.0
Measure = Callable[[Faces, int], float]


@dataclass(frozen=True, slots=True)
class _Decided:
    """A reason that one number decides: the measured one against a setting."""

    setting: str
    measure: Measure | None
    """None: the number is not in the answer of a frame."""
    words: str
    """What a face lacks; {have} and {wanted} are filled in."""
    digits: int = 1

    def sentence(self, have: float | None, wanted: float) -> str:
        if have is None and self.measure is not None:
            return f"the last face lacks what {self.setting} asks for, {wanted:g}"
        filled = self.words.format(have=have, wanted=f"{wanted:g}")
        return f"{filled}, or change {self.setting}"


def _smaller_side(faces: Faces, place: int) -> float:
    return min(_sides(faces, place))


def _larger_side(faces: Faces, place: int) -> float:
    return max(_sides(faces, place))


def _sides(faces: Faces, place: int) -> tuple[float, float]:
    x1, y1, x2, y2 = map(float, faces.boxes[place])
    return x2 - x1, y2 - y1


def _angle(number: int) -> Measure:
    return lambda faces, place: abs(float(faces.pose[place, number]))


def _eye_distance(faces: Faces, place: int) -> float:
    """Of the refiner's points, where it was asked."""
    points = faces.landmarks[place]
    if faces.looks is not None and np.isfinite(faces.looks.landmarks[place]).all():
        points = faces.looks.landmarks[place]
    return float(np.hypot(*(points[1] - points[0])))


def _confidence(faces: Faces, place: int) -> float:
    return math.nan if faces.looks is None else float(faces.looks.face_prob[place])


_PIXELS = "the last face has {have} pixels, "
_DECIDED = {
    "too_small": _Decided("min_face", _smaller_side, _PIXELS + "{wanted} wanted: come closer"),
    "too_large": _Decided("max_face", _larger_side, _PIXELS + "{wanted} at most wanted: go further away"),
    "extreme_yaw": _Decided(
        "max_yaw", _angle(0), "the last face is turned by {have} degrees, {wanted} at most wanted"
    ),
    "extreme_pitch": _Decided(
        "max_pitch", _angle(1), "the last face looks up or down by {have} degrees, {wanted} at most wanted"
    ),
    "extreme_roll": _Decided(
        "max_roll", _angle(2), "the last face is tilted by {have} degrees, {wanted} at most wanted"
    ),
    "low_quality": _Decided(
        "min_quality",
        lambda faces, place: float(faces.quality[place]),
        "the last face has the quality {have}, {wanted} wanted: more light, closer or straighter",
        digits=2,
    ),
    "eyes_too_close": _Decided(
        "min_eye_distance", _eye_distance, "eyes {have} pixels apart, {wanted} wanted: come closer"
    ),
    "low_landmark_confidence": _Decided(
        "min_landmark_confidence",
        _confidence,
        "the refiner is sure by {have} that the last one is a face, {wanted} wanted",
        digits=2,
    ),
    "track_unconfirmed": _Decided(
        "min_hits", None, "no face was seen in {wanted} frames in a row: send frames more often"
    ),
}


class Lacking:
    """Watches the faces of a camera; `report` may be called from any thread."""

    def __init__(self) -> None:
        self._reasons = LastMinute()
        self._last: dict[str, tuple[Faces, int]] = {}
        """Of each reason, the last face that had it."""
        self._had_shot = -math.inf
        """When a face was last there whose shot was taken, by `time.monotonic`."""

    def see(self, result: FrameResult) -> None:
        """The faces of a frame."""
        faces = result.faces
        if not faces.reasons:
            return
        now = time.monotonic()
        for place, reason in enumerate(faces.reasons):
            if reason is None or reason in _HAS_A_SHOT:
                self._had_shot = now
            else:
                self._reasons.add(reason, now)
                self._last[reason] = faces, place

    def report(self, config: CaptureConfig) -> dict[str, Any] | None:
        """The trouble `no_capture`, where faces were seen in the last minute and of none a shot was taken.

        Fewer faces than a track needs to be stable are no trouble yet, and faces where none are wanted never.
        """
        now = time.monotonic()
        counts = self._reasons.counts(now)
        if counts["outside_area"]:
            del counts["outside_area"], counts["track_unconfirmed"]  # which those were at first
        if now - self._had_shot < _ENOUGH_SECONDS or counts.total() < config.min_hits:
            return None
        if len(counts) > 1:
            del counts["track_unconfirmed"]  # which every track is at first
        (reason, count), *_ = counts.most_common(1)
        detail, values = f"no face is captured: {reason}", None
        decided = _DECIDED.get(reason)
        if decided is not None:
            wanted = getattr(config, decided.setting)
            have = self._measured(reason, decided, wanted)
            values = {"setting": decided.setting, "have": have, "wanted": wanted}
            detail = decided.sentence(have, wanted)
        return trouble("no_capture", self._reasons.since(reason), detail, reason, count, values)

    def _measured(self, reason: str, decided: _Decided, wanted: float) -> float | None:
        """Of the last face; None where another measurement than the one at hand decided."""
        if decided.measure is None:
            return None
        have = decided.measure(*self._last[reason])
        lacks = have > wanted if decided.setting.startswith("max") else have < wanted
        return round(have, decided.digits) if lacks else None
