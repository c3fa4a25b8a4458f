"""`facecap bench service`: what HTTP costs, how cameras share the cores, and what happens at their limit
and under a flood."""

from __future__ import annotations

import dataclasses
import operator
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2

from facecap import Detector, FaceCapture, MaskClassifier
from facecap.benchmark import flood, frames, http_load, side_by_side
from facecap.benchmark.flood import Flooded
from facecap.benchmark.http_load import Answered
from facecap.benchmark.interleave import medians
from facecap.benchmark.report import machine, table
from facecap.benchmark.served import ServiceProcess, bare_server, service
from facecap.benchmark.side_by_side import SideBySide
from facecap.sources import decode_picture

CAMERAS = 16
QUEUE = 8
SMALL = (64, 64)
"""A network's input so small that the frame's way to it and back is most of the work."""
_FRAMES_A_TURN = 100
_CAMERA_QUALITY = 80  # per cent, as cameras compress
_WARM = 0.2  # of the frames, before memory is looked at


@dataclass(frozen=True)
class Cost:
    """CPU seconds a frame, median over the turns."""

    http: float
    alone: float
    difference: float
    """Of the two, turn by turn."""
    bare: float
    """The difference for a server that does nothing else (`bare_server`)."""


@dataclass
class Measured:
    cost: dict[str, Cost] = field(default_factory=dict)
    """By the network's input."""
    side_by_side: SideBySide | None = None
    flood: Flooded | None = None
    jpeg_bytes: int = 0
    """Of the frame of 640x480."""
    limit: Answered = field(default_factory=Answered)
    memory_mb: float = 0.0
    memory_growth_mb: float = 0.0
    load: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Processes that wanted a core in the last 1, 5 and 15 minutes, before the measurement."""


def measure(turns: int, count: int, progress: Callable[[str], None]) -> Measured:
    """Takes `turns` turns of each comparison, then pushes `count` frames to cameras at their limit."""
    result = Measured(load=os.getloadavg())
    jpeg = _jpeg(6)
    result.jpeg_bytes = len(jpeg)
    for size in (None, SMALL):
        name = f"{size[0]}x{size[1]}" if size else "640x480"
        progress(f"HTTP against the call alone, network at {name}")
        result.cost[name] = _cost(jpeg, size, turns)
    result.side_by_side = side_by_side.measure(jpeg, turns, progress)
    result.flood = flood.measure(jpeg, turns, progress)
    progress(f"{CAMERAS} cameras at their limit: {count} frames")
    _limit(count, result)
    return result


def _cost(jpeg: bytes, size: tuple[int, int] | None, turns: int) -> Cost:
    capture = FaceCapture(detector=Detector(input_size=size), classifier=MaskClassifier())
    settings = f"[cameras]\nthreads = 1\n{_network(size)}"
    http, bare, alone = [], [], []
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        served = stack.enter_context(service(folders[0], settings))
        least = stack.enter_context(bare_server(folders[1], size))
        for _ in range(turns + 1):
            http.append(_cpu_seconds(served, jpeg))
            before = time.process_time()
            for _ in range(_FRAMES_A_TURN):
                capture.process(decode_picture(jpeg))
            alone.append((time.process_time() - before) / _FRAMES_A_TURN)
            bare.append(_cpu_seconds(least, jpeg))
    # The first turn warms up.
    http, bare, alone = http[1:], bare[1:], alone[1:]
    return Cost(
        statistics.median(http),
        statistics.median(alone),
        statistics.median(map(operator.sub, http, alone)),
        statistics.median(map(operator.sub, bare, alone)),
    )


def _cpu_seconds(served: ServiceProcess, jpeg: bytes) -> float:
    """Of a frame over HTTP."""
    before = served.cpu_seconds()
    request = http_load.frame_request(served.host, "door", jpeg)
    http_load.run(served.host, served.port, [request], _FRAMES_A_TURN, 1)
    return (served.cpu_seconds() - before) / _FRAMES_A_TURN


def _limit(count: int, result: Measured) -> None:
    jpeg = _jpeg(1, 160, 120)
    settings = f"[cameras]\nqueue = {QUEUE}\n{_network(SMALL)}"
    with tempfile.TemporaryDirectory() as folder, service(Path(folder), settings) as served:
        requests = [http_load.frame_request(served.host, f"door{number}", jpeg) for number in range(CAMERAS)]

        def push(number: int) -> Answered:
            return http_load.run(served.host, served.port, requests, number, QUEUE + 2)

        push(max(1, int(_WARM * count)))
        result.memory_mb = served.memory_mb()
        result.limit = push(count)
        result.memory_growth_mb = served.memory_mb() - result.memory_mb


def _jpeg(faces: int, width: int = 640, height: int = 480) -> bytes:
    picture = frames.crowd(faces, width, height)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _CAMERA_QUALITY])[1].tobytes()


def _network(size: tuple[int, int] | None) -> str:
    return f"[pipeline]\ninput_size = [{size[0]}, {size[1]}]\n" if size else ""


def report(result: Measured) -> str:
    """What `measure` found, as text."""
    rows = [
        (f"network at {name}", *(f"{1000 * seconds:.2f}" for seconds in dataclasses.astuple(cost)))
        for name, cost in result.cost.items()
    ]
    statuses = ", ".join(f"{status}: {number}" for status, number in sorted(result.limit.statuses.items()))
    pushed = sum(result.limit.statuses.values())
    return "\n".join(
        (
            table(("CPU ms a frame", "HTTP", "call alone", "difference", "of a bare server"), rows),
            f"frames of 640x480, JPEG of {result.jpeg_bytes / 1000:.0f} kB",
            *([] if result.side_by_side is None else _said_of_two(medians(result.side_by_side))),
            *([] if result.flood is None else _said_of_the_flood(medians(result.flood))),
            "",
            f"{CAMERAS} cameras at their limit: {pushed} frames, answered with {statuses}; "
            f"{pushed / result.limit.seconds:.0f} a second",
            f"latency of the answers: median {1000 * result.limit.percentile(0.5):.0f} ms, "
            f"p99 {1000 * result.limit.percentile(0.99):.0f} ms",
            f"memory {result.memory_mb:.0f} MB, grown by {result.memory_growth_mb:.1f} MB",
            f"{machine()['processor']}, {os.cpu_count()} cores, load before "
            + " ".join(f"{value:.1f}" for value in result.load),
        )
    )


def _said_of_two(found: dict[str, float]) -> list[str]:
    return [
        "",
        f"one camera on two cores {found['rates']:.1f} frames/s",
        f"two cameras / one camera, on the same two cores: {found['same_cores']:.2f} of {found['bound']:.2f} "
        "that HTTP's and the client's own work leave",
        f"two cameras on two cores / one on one, clients included: {found['doubled']:.2f}; without HTTP, on "
        f"two threads / on one: {found['without_http']:.2f}",
    ]


def _said_of_the_flood(found: dict[str, float]) -> list[str]:
    return [
        "",
        f"a flood from {flood.FLOOD} connections, service and clients with a core each; frames worked on "
        f"over those without it: {found['worked']:.2f}, in the same CPU time {found['worked_by_cpu']:.2f}",
        f"of {flood.PACED} cameras within their means: {found['paced']:.2f}; refusals a second: "
        f"{found['refusals']:.0f}",
    ]


def to_json(result: Measured) -> dict[str, Any]:
    """The same for programs."""
    return {
        "machine": machine(),
        "load": result.load,
        "cpu_seconds_a_frame": {name: dataclasses.asdict(cost) for name, cost in result.cost.items()},
        "jpeg_bytes": result.jpeg_bytes,
        "side_by_side": result.side_by_side and medians(result.side_by_side),
        "flood": result.flood and medians(result.flood),
        "at_the_limit": {
            "cameras": CAMERAS,
            "statuses": dict(result.limit.statuses),
            "frames_per_second": sum(result.limit.statuses.values()) / result.limit.seconds,
            "latency_seconds": {"median": result.limit.percentile(0.5), "p99": result.limit.percentile(0.99)},
            "memory_mb": result.memory_mb,
            "memory_growth_mb": result.memory_growth_mb,
        },
    }
