"""Frames of a camera that were refused in the last minute."""

from __future__ import annotations

from typing import Any

from ..problems import Problem
from .recent import LastMinute
from .trouble import trouble

_NOT_ITS_OWN = "store_unavailable"
"""The code of a trouble that is reported by itself."""


class Refused:
    """Methods may be called from any thread."""

    def __init__(self) -> None:
        self._codes = LastMinute()
        self._details: dict[str, str] = {}
        """What the last refusal of each code said."""

    def see(self, problem: Problem) -> None:
        """A frame was refused."""
        if problem.code != _NOT_ITS_OWN:
            self._details[problem.code] = problem.detail
            self._codes.add(problem.code)

    def report(self) -> list[dict[str, Any]]:
        """A trouble for each code of the last minute."""
        return [
            trouble("refused", self._codes.since(code), self._details[code], code, count)
            for code, count in self._codes.counts().items()
        ]
