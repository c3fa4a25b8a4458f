"""What a flood takes from others: cameras within their means, beside one that is served as it is ready, and
beside one that sends from many connections at once, whatever it is answered.

The service has a core to itself, and the clients another, so that what a flood costs its sender is nobody
else's loss. Frames that the flooding camera gets worked on are its due, as lanes take turns.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from facecap.benchmark import http_load
from facecap.benchmark.http_load import Answered, Load
from facecap.benchmark.served import ServiceProcess, on_cores, service

PACED = 3
"""Cameras within their means."""
INTERVAL = 0.1
"""Seconds between their frames."""
READY, FLOOD = 2, 64
"""Connections of the other camera: the next frame is there when one is answered, and a flood."""
_SECONDS = 4.0


@dataclass
class Flooded:
    """Turn by turn, with the flood over without it."""

    worked: list[float] = field(default_factory=list)
    """Frames of all cameras that were worked on in a second."""
    worked_by_cpu: list[float] = field(default_factory=list)
    """The same in a CPU second of the service, which other programs on its core cannot change."""
    paced: list[float] = field(default_factory=list)
    """Of the cameras within their means."""
    refusals: list[float] = field(default_factory=list)
    """Refusals a second of the flood."""


def measure(jpeg: bytes, turns: int, progress: Callable[[str], None]) -> Flooded | None:
    """Takes turns without and with the flood; None on a single core."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return None
    result = Flooded()
    settings = "[cameras]\nthreads = 1\n"
    with (
        tempfile.TemporaryDirectory() as folder,
        service(Path(folder), settings, cores[:1]) as served,
        on_cores(cores[1:]),
    ):
        for turn in range(turns + 1):
            progress(f"a flood: turn {turn} of {turns}")
            (without, cpu), (flooded, flooded_cpu) = (
                _push(served, jpeg, connections) for connections in (READY, FLOOD)
            )
            if turn:  # the first warms up
                worked = _worked(flooded) / _worked(without)
                result.worked.append(worked)
                result.worked_by_cpu.append(worked * cpu / flooded_cpu)
                result.paced.append(_worked(flooded[1:]) / _worked(without[1:]))
                refused = flooded[0].statuses.total() - flooded[0].statuses[200]
                result.refusals.append(refused / flooded[0].seconds)
    return result


def _push(served: ServiceProcess, jpeg: bytes, connections: int) -> tuple[list[Answered], float]:
    """What came back to the other camera and to those within their means, and the service's load."""
    other = Load(http_load.frame_request(served.host, "other", jpeg), connections)
    paced = [
        Load(http_load.frame_request(served.host, f"door{number}", jpeg), 1, INTERVAL)
        for number in range(PACED)
    ]
    before = served.cpu_seconds()
    answers = http_load.run_for(served.host, served.port, [other, *paced], _SECONDS)
    return answers, (served.cpu_seconds() - before) / answers[0].seconds


def _worked(answers: list[Answered]) -> float:
    """Frames a second."""
    return sum(answered.statuses[200] / answered.seconds for answered in answers)
