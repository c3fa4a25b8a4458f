"""Where the cameras of a cluster are placed, and what they notice of a node that is lost."""

from __future__ import annotations

import asyncio
import json
import math
import statistics
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from facecap.benchmark.local_cluster import LocalCluster, local_cluster
from facecap.benchmark.paced_cameras import PacedCameras
from facecap.benchmark.served import ServiceProcess, service
from facecap.client import Client
from facecap.errors import FacecapError
from facecap.testing.faces import PaintedFace
from facecap.testing.models import classifier_model, detector_model
from facecap.testing.painting import painted_frame

NODES, ACTORS = 3, 6
_GONE = 1.0
"""Seconds in which processes of a killed node may still answer."""
FRAMES_A_SECOND = 100
"""Of all cameras together, as they must share the cores of this machine."""
_LONGEST = 300.0
"""Seconds until every camera was answered, at first and without a node."""
_LOOK = 0.2  # seconds
_REPORTED = 6.0
"""Seconds until a service knows where cameras are, which it asks every two."""


@dataclass(frozen=True)
class Failure:
    """Of scripted pipelines: a painted face is seen in every frame, and captured in each second one."""

    cameras: int
    placed: list[int]
    """Cameras of each node at first."""
    placed_after: list[int]
    """Of each node that is left."""
    first_answers: float
    """Seconds until every camera was answered for the first time, actors being made for them."""
    lost: int
    """Cameras of the node that was killed."""
    outages: list[float]
    """Of those, sorted: seconds from its end to the next frame that was worked on."""
    refused: int
    """Frames that were not worked on, each answered with 503."""
    frames: int
    """Frames in all."""
    captures: int
    """That answers named; each was found in the store, and no shot twice."""


def measure(database: str, cameras: int, progress: Callable[[str], None]) -> Failure:
    """Lets `cameras` send to a service on a cluster of three nodes, kills one, and watches.

    Raises:
        FacecapError: a camera was not answered any more, or a capture is missing or there twice.
    """
    with tempfile.TemporaryDirectory() as folder, local_cluster(NODES) as cluster:
        settings = _settings(Path(folder), cluster.address, cameras)
        with service(Path(folder), settings, database=database) as served:
            found = asyncio.run(_watch(served, cluster, cameras, progress))
    return found


def _settings(folder: Path, address: str, cameras: int) -> str:
    detector, classifier = detector_model().write(folder), classifier_model().write(folder)
    return f"""
        [server]
        max_connections = {2 * cameras}
        [cluster]
        address = "{address}"
        namespace = "failure"
        actors = {ACTORS}
        cpus = 0.05
        [cameras]
        max_cameras = {cameras}
        [pipeline]
        detector = "{detector}"
        classifier = "{classifier}"
        refiner = "none"
        [capture]
        mode = "fast"
        min_hits = 2
        interval = 2
        max_captures = 0
        """.replace("\n        ", "\n")


async def _watch(
    served: ServiceProcess, cluster: LocalCluster, cameras: int, progress: Callable[[str], None]
) -> Failure:
    names = [f"door{number}" for number in range(cameras)]
    picture = cv2.imencode(".png", painted_frame(PaintedFace(324, 180)))[1].tobytes()
    pause = max(1.0, cameras / FRAMES_A_SECOND)
    sending = PacedCameras(served.host, served.port, names, picture, pause)
    heard = sending.heard
    progress(f"{cameras} cameras begin")
    start = time.perf_counter()
    sending.start()
    try:
        first_answers = max(await _answered_after(start, sending, list(heard)))
        await asyncio.sleep(2 * pause + _REPORTED)
        places = await asyncio.to_thread(_places, served)
        lost_node = max(cluster.nodes, key=lambda node: [*places.values()].count(node.node_id))
        lost = [name for name, node in places.items() if node == lost_node.node_id]
        progress(f"a node with {len(lost)} of them is killed")
        killed = time.perf_counter()
        await asyncio.to_thread(cluster.kill, lost_node)
        outages = sorted(_GONE + after for after in await _answered_after(killed + _GONE, sending, lost))
        await asyncio.sleep(2 * pause + _REPORTED)
        after = await asyncio.to_thread(_places, served)
        sending.check()
    finally:
        await sending.stop()
    statuses = Counter(status for one in heard.values() for status in one.statuses)
    if set(statuses) - {200, 503}:
        raise FacecapError(f"frames were answered with {dict(statuses)}, wanted 200 and 503 alone")
    progress("what was answered is looked up in the store")
    named = {identity for one in heard.values() for identity in one.captures}
    rows = await asyncio.to_thread(_stored, served)
    _check_stored([row for row in rows if row["camera"] in heard], named)
    return Failure(
        cameras,
        sorted(Counter(places.values()).values()),
        sorted(Counter(after.values()).values()),
        first_answers,
        len(lost),
        outages,
        statuses[503],
        statuses.total(),
        len(named),
    )


async def _answered_after(moment: float, sending: PacedCameras, names: list[str]) -> list[float]:
    """Seconds from a moment until each camera was answered.

    Raises:
        FacecapError: one was not for too long.
        OSError: the service closed a connection.
    """
    while True:
        sending.check()
        seconds = [sending.heard[name].first_good_after(moment) for name in names]
        if math.isfinite(max(seconds, default=0.0)):
            return seconds
        if time.perf_counter() - moment > _LONGEST:
            raise FacecapError(f"{seconds.count(math.inf)} cameras were not answered within {_LONGEST:g} s")
        await asyncio.sleep(_LOOK)


def _places(served: ServiceProcess) -> dict[str, str]:
    """Of each camera that answers, the node that it is at work on."""
    with urllib.request.urlopen(f"{_address(served)}/v1/cameras") as answer:
        reports = json.load(answer)["cameras"]
    return {report["name"]: report["node"] for report in reports if report.get("node")}


def _stored(served: ServiceProcess) -> list[dict[str, Any]]:
    """All captures."""
    with Client(_address(served)) as client:
        return list(client.captures())


def _check_stored(rows: list[dict[str, Any]], named: set[str]) -> None:
    missing = named - {row["id"] for row in rows}
    shots = Counter((row["camera"], row["frame"]) for row in rows)
    twice = [shot for shot, number in shots.items() if number > 1]
    if missing or twice:
        raise FacecapError(
            f"{len(missing)} captures that were answered are missing, {len(twice)} are there twice"
        )


def _address(served: ServiceProcess) -> str:
    return f"http://{served.host}:{served.port}"


def report(result: Failure) -> str:
    """What `measure` found, as text."""
    median, longest = statistics.median(result.outages), result.outages[-1]
    return "\n".join(
        (
            f"{result.cameras} cameras with scripted pipelines in {ACTORS} actors on {NODES} nodes: placed "
            f"{_numbers(result.placed)}; all answered after {result.first_answers:.1f} s",
            f"a node killed: {result.lost} cameras answered elsewhere after {median:.1f} s "
            f"(median), {longest:.1f} s at most; placed {_numbers(result.placed_after)}",
            f"{result.refused} of {result.frames} frames refused with 503; all {result.captures} "
            "answered captures are stored, none twice",
        )
    )


def _numbers(values: list[int]) -> str:
    return ", ".join(map(str, values))
