"""Two cameras against one, over HTTP: what the ratio says, and what it cannot say.

A service with one camera is no service on one core: its worker keeps a core busy, while receiving, answering
and the client's own work are done on another. With d seconds of CPU for a frame's detection, h for HTTP and k
for the client, one camera gets 1 / d frames a second, and two cameras on two cores get 2 / (d + h + k). Their
ratio is 2 d / (d + h + k) where nothing is lost at all (docs/limits.md has times of such frames). So it is
taken in three ways, turn by turn in one run:

- on the same cores: as above, and beside it that bound, from the CPU time that was used;
- doubled: twice the cameras with twice the cores, each time with the client among them. 2 where no time is
  lost by waiting for each other;
- without HTTP: pipelines on threads, the most that the memory and caches of the machine give.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from facecap import Detector, FaceCapture, MaskClassifier
from facecap.benchmark import http_load, pipeline
from facecap.benchmark.served import ServiceProcess, on_cores, service
from facecap.sources import decode_picture

_FRAMES_A_TURN = 100


@dataclass
class SideBySide:
    """Frames a second of two cameras over those of one, turn by turn."""

    same_cores: list[float] = field(default_factory=list)
    bound: list[float] = field(default_factory=list)
    """What `same_cores` is where nothing is lost."""
    doubled: list[float] = field(default_factory=list)
    without_http: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    """Frames a second of one camera on two cores."""


def measure(jpeg: bytes, turns: int, progress: Callable[[str], None]) -> SideBySide | None:
    """Takes turns; None on a single core."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        return None
    result = SideBySide()
    picture = decode_picture(jpeg)
    detector, classifier = Detector(), MaskClassifier()
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        narrow = stack.enter_context(service(folders[0], "[cameras]\nthreads = 1\n", cores[:1]))
        wide = stack.enter_context(service(folders[1], "[cameras]\nthreads = 2\n", cores))
        for turn in range(turns + 1):
            progress(f"two cameras against one: turn {turn} of {turns}")
            with on_cores(cores[:1]):
                single, _ = _rate(narrow, jpeg, 1)
            with on_cores(cores):
                one, _ = _rate(wide, jpeg, 1)
                two, whole = _rate(wide, jpeg, 2)
                alone = [
                    pipeline.rate(
                        [FaceCapture(detector=detector, classifier=classifier) for _ in range(cameras)],
                        [picture],
                    )
                    for cameras in (1, 2)
                ]
            if turn:  # the first warms up
                result.same_cores.append(two / one)
                result.bound.append(2 / (one * whole))
                result.doubled.append(two / single)
                result.without_http.append(alone[1] / alone[0])
                result.rates.append(one)
    return result


def _rate(served: ServiceProcess, jpeg: bytes, cameras: int) -> tuple[float, float]:
    """Frames a second, and CPU seconds of a frame, the client's included."""
    # A second frame waits while one is at work, so that no core waits for the network.
    requests = [http_load.frame_request(served.host, f"door{number}", jpeg) for number in range(cameras)]
    count = _FRAMES_A_TURN * cameras
    before = served.cpu_seconds() + time.process_time()
    seconds = http_load.run(served.host, served.port, requests, count, 2).seconds
    return count / seconds, (served.cpu_seconds() + time.process_time() - before) / count
