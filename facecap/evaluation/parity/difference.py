"""How far the captures of one way lie from the expected ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from facecap.evaluation.parity.golden import Captures

EVENT = ("kind", "track_id", "sequence", "frame", "shot_frame")


@dataclass(frozen=True)
class Bounds:
    """How far a way may lie from the expected captures: the largest differences."""

    box: float  # pixels of a side
    landmark: float  # pixels of a coordinate
    probability: float  # of a mask, or of one that is worn wrongly


@dataclass(frozen=True)
class Difference:
    """What was found; the largest differences are over captures of equal place in the list."""

    expected: int
    found: int
    events: str  # empty where all are equal, else the first that is not, in words
    answers: int  # captures whose mask answer is another
    box: float
    landmark: float
    probability: float

    def within(self, bounds: Bounds) -> bool:
        """Whether the events and answers are equal and everything else lies within the bounds."""
        near = (
            self.box <= bounds.box
            and self.landmark <= bounds.landmark
            and self.probability <= bounds.probability
        )
        return near and not self.events and not self.answers


def difference(expected: Captures, found: Captures) -> Difference:
    """Compare two lists of captures, lines of `captures.jsonl`, in their order."""
    pairs = list(zip(expected, found, strict=False))
    return Difference(
        expected=len(expected),
        found=len(found),
        events=_events(expected, found),
        answers=sum(a["mask"] != b["mask"] for a, b in pairs),
        box=max((_apart(a["box"], b["box"]) for a, b in pairs), default=math.nan),
        landmark=max((_apart(a["landmarks"], b["landmarks"]) for a, b in pairs), default=math.nan),
        probability=max((_apart(_chances(a), _chances(b)) for a, b in pairs), default=math.nan),
    )


def _chances(capture: Mapping[str, Any]) -> list[float | None]:
    return [capture["mask_prob"], capture.get("incorrect_prob")]


def _apart(a: object, b: object) -> float:
    """Largest difference of two arrays of numbers; endless where one has a number that the other lacks."""
    first, second = np.array(a, float), np.array(b, float)
    if not np.array_equal(np.isnan(first), np.isnan(second)):
        return math.inf
    return float(np.nanmax(np.abs(first - second), initial=0.0))


def _events(expected: Captures, found: Captures) -> str:
    for number, (a, b) in enumerate(zip(expected, found, strict=False), start=1):
        for key in EVENT:
            if a[key] != b[key]:
                return f"capture {number}: {key} {b[key]}, expected {a[key]}"
    if len(found) != len(expected):
        return f"{len(found)} captures, expected {len(expected)}"
    return ""
