"""Who is known to a duplicate check, in a replay and in the run that was recorded."""

from __future__ import annotations

from collections.abc import Mapping

Place = tuple[int, int]
"""Frame number, and place of the face in the frame."""
Answers = tuple[bool | None, ...]
"""Of the faces of a frame, what the duplicate check said; None where it was not asked."""


class People:
    """The captured tracks of a replay, and the face by which the check knows each."""

    def __init__(self) -> None:
        self.captured: dict[int, Place] = {}
        self._first: dict[int, Place] = {}  # of every track, the face that was checked first

    def checked(self, track: int, place: Place) -> None:
        """A face of the track came as far as the check."""
        self._first.setdefault(track, place)

    def capture(self, track: int) -> None:
        """From now on the track is one to be a duplicate of."""
        self.captured.setdefault(track, self._first[track])


class Doubt:
    """Which recorded answers still hold where others may have been captured than in the run."""

    def __init__(self, recorded: People, now: People) -> None:
        self._recorded, self._now = recorded, now
        self._void: dict[int, bool] = {}  # by the run's tracks: a track is checked once
        self._missing = False
        self.differs = False
        """Whether the check would compare with other faces than in the run."""

    def renew(self, tracks: Mapping[Place, int]) -> None:
        """After captures; `tracks` are those of the replay."""
        run, now = self._recorded.captured.values(), self._now.captured
        self._missing = any(tracks[place] not in now for place in run)
        self.differs = set(run) != set(now.values())

    def answers(self, frame: int, answers: Answers, tracks: Mapping[Place, int]) -> Answers:
        """Those of a frame without the duplicates of somebody who may not have been captured now; `tracks`
        are those of the run."""
        return tuple(
            None if answer and self._void.setdefault(tracks[frame, face], self._missing) else answer
            for face, answer in enumerate(answers)
        )
