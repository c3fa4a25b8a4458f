"""What is reported of the cameras of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..cameras.camera import empty_report
from ..cameras.trouble import trouble
from .actors import Actors
from .places import OwnCamera
from .pulled import SILENT, Pulled


class ActorReports:
    """Reports as `Cameras.report`, as of the last look at the actors."""

    def __init__(self, actors: Actors, pullers: Mapping[str, Pulled]) -> None:
        self._actors = actors
        self._pullers = pullers

    def all(self) -> Iterator[dict[str, Any]]:
        """Of all actors; of those that do not answer with what they said last, and the trouble."""
        names = set()
        for actor in self._actors.all():
            if actor.look is None:
                continue
            for report in actor.look.cameras:
                names.add(report["name"])
                if actor.silent_since is None:
                    yield {**report, "node": actor.look.node}
                else:
                    yield _silent(report, actor.silent_since)
        for name, puller in self._pullers.items():
            if name not in names and puller.silent_since is not None:
                yield _silent(empty_report(name, "pull"), puller.silent_since)

    def names(self) -> set[str]:
        """Of the cameras that actors have."""
        return {report["name"] for report in self.all()}


def _silent(report: dict[str, Any], since: float) -> dict[str, Any]:
    return {**report, "trouble": [trouble("moving", since, SILENT), *report["trouble"]]}


def with_own(report: dict[str, Any], camera: OwnCamera) -> dict[str, Any]:
    """A report of a camera's actor, with what did not come to that."""
    own = camera.progress.report(None, None)
    frames = dict(report["frames"])
    for result, count in own["frames"].items():
        frames[result] = frames.get(result, 0) + count
    queue = max(report["queue"], camera.at_work)
    return {**report, "frames": frames, "queue": queue, "trouble": [*report["trouble"], *own["trouble"]]}
