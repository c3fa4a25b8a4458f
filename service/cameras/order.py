"""Which frames of a camera may follow those before, and what an earlier one was answered."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from ..problems import Problem

_ANOTHER = "send newer frames, or DELETE the camera to begin anew"
LATE_SECONDS = 5.0
"""A frame may be late by so much; one that is older was taken after the camera's clock was set back."""


@dataclass(slots=True)
class Answer:
    """What a frame is answered."""

    body: bytes
    """JSON of `FrameResult.to_dict()`."""
    captures: tuple[str, ...] = ()
    """Ids of the frame's captures, once they are in the store."""


class FrameOrder:
    """The last frame of a camera, and the last few answers for cameras that ask again.

    Args:
        remembered: how many answers are kept.
    """

    def __init__(self, remembered: int) -> None:
        self.index: int | None = None
        """Of the last frame."""
        self._timestamp: float | None = None
        self._remembered = remembered
        self._answers: OrderedDict[tuple[int, bytes], Answer] = OrderedDict()

    def earlier(self, index: int | None, digest: bytes | None) -> Answer | None:
        """What the same frame, by index and content, was answered before."""
        if index is None or digest is None:
            return None
        return self._answers.get((index, digest))

    def place(self, index: int | None, timestamp: float | None) -> int:
        """The frame's index; one that has none follows the last.

        Raises:
            Problem: 409, the frame is not newer than the last, or late.
        """
        if index is None:
            index = 0 if self.index is None else self.index + 1
        elif self.index is not None and index <= self.index:
            raise Problem(
                409,
                "stale_frame",
                "The frame is not newer than the last",
                f"frame_index is {index}, wanted more than {self.index}: {_ANOTHER}",
                more={"last_frame_index": self.index},
            )
        back = self.back(timestamp)
        if 0 < back <= LATE_SECONDS:
            raise Problem(
                409,
                "stale_timestamp",
                "Time runs back",
                f"timestamp is {timestamp}, wanted at least {self._timestamp}: {_ANOTHER}; more than "
                f"{LATE_SECONDS:g} s back is taken for a clock that was set",
                more={"last_frame_index": self.index},
            )
        return index

    def back(self, timestamp: float | None) -> float:
        """By how many seconds a time lies before that of the last frame; 0 where it does not."""
        if timestamp is None or self._timestamp is None:
            return 0.0
        return max(0.0, self._timestamp - timestamp)

    def begin_time_anew(self) -> None:
        """Any time may follow."""
        self._timestamp = None

    def accept(self, index: int, timestamp: float | None, digest: bytes | None, answer: Answer) -> None:
        """The frame went through the pipeline."""
        self.index = index
        self._timestamp = timestamp if timestamp is not None else self._timestamp
        if digest is not None:
            self._answers[index, digest] = answer
            if len(self._answers) > self._remembered:
                self._answers.popitem(last=False)
