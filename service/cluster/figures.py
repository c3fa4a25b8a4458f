"""What actors count, as one process would."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import Metric

from ..metrics import added


class Figures:
    """Sums over actors. What one counted that is gone stays counted, but for what is of its cameras alone."""

    def __init__(self) -> None:
        self._lives: dict[str, tuple[str, list[Metric]]] = {}
        """By the actor's key."""
        self._ended: list[Metric] = []

    def take(self, key: str, life: str, figures: list[Metric]) -> None:
        """What an actor has counted in its life so far."""
        known = self._lives.get(key)
        if known is not None and known[0] != life:
            self.end(key)
        self._lives[key] = life, figures

    def end(self, key: str) -> None:
        """The actor is gone."""
        _, figures = self._lives.pop(key, ("", []))
        lasting = [f for f in figures if not any("camera" in sample.labels for sample in f.samples)]
        self._ended = added([*self._ended, *lasting])

    def all(self) -> Iterable[Metric]:
        """Of those that are gone and those that are not."""
        figures = list(self._lives.values())
        return [*self._ended, *(family for _, families in figures for family in families)]
