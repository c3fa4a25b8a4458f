"""`facecap bench cluster`: what cameras cost on a Ray cluster, and what is noticed of a lost node."""

from __future__ import annotations

import dataclasses
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from facecap import FaceCapture
from facecap.benchmark import cluster_failure, frames, http_load, processes, store_writers
from facecap.benchmark.cluster_failure import Failure
from facecap.benchmark.local_cluster import LocalCluster, local_cluster
from facecap.benchmark.report import machine, table
from facecap.benchmark.served import ServiceProcess, service
from facecap.errors import FacecapError
from facecap.sources import decode_picture

NODES = 3
MANY = 24
"""Cameras of one process, to see what one more takes."""
WRITERS = (1, 2, 4, 8)
_FRAMES_A_TURN = 100  # of each camera
_QUALITY = 80  # per cent, as cameras compress


@dataclass(frozen=True)
class Cost:
    """CPU seconds of a frame, medians over the turns."""

    alone: float
    """Decoding and the pipeline, in this process."""
    threads: float
    """The service with as many threads as the cluster has nodes."""
    ingress: float
    """The service whose cameras are at work on the cluster."""
    actor: float
    ray: float
    """What Ray itself takes: its processes on all nodes, while frames come."""


@dataclass(frozen=True)
class Memory:
    """MB of an actor's process; what it shares with others is divided among them (PSS)."""

    first: float
    """With one camera at work."""
    grown: float
    """From the first turn to the last."""
    more: float
    """What each further camera takes that shares the process."""


@dataclass(frozen=True)
class Measured:
    """Of frames with six faces."""

    jpeg_bytes: int
    over_threads: list[float]
    """Frames a second of the cluster over those of as many threads in one process, turn by turn."""
    rate: float
    """Frames a second of the cluster, the best turn."""
    cost: Cost
    memory: Memory
    stored: dict[int, float]
    """Captures a second, by how many processes write."""
    failure: Failure
    load: tuple[float, float, float]
    """Processes that wanted a core in the last 1, 5 and 15 minutes, before the measurement."""


def measure(database: str, turns: int, cameras: int, progress: Callable[[str], None]) -> Measured:
    """Takes turns of a cluster and of one process, then lets `cameras` be on a cluster that loses a node.

    Args:
        database: URL of an empty one of PostgreSQL, which is full of captures afterwards.
        turns: of a hundred frames of each of three cameras.
        cameras: of the cluster that loses a node.
        progress: is told what is done.

    Raises:
        FacecapError: Ray is not installed, the database has captures, or a service does not start.
    """
    load = os.getloadavg()
    store_writers.check_empty(database)
    jpeg = cv2.imencode(".jpg", frames.crowd(6), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
    progress(f"{NODES} nodes of a cluster against {NODES} threads")
    turned = _take_turns(database, jpeg, turns)
    memory = Memory(
        turned[0].actor_mb, turned[-1].actor_mb - turned[0].actor_mb, _more(database, jpeg, progress)
    )
    failure = cluster_failure.measure(database, cameras, progress)
    stored = {}
    for writers in WRITERS:
        progress(f"captures into the store from {writers} processes")
        stored[writers] = store_writers.captures_a_second(database, writers)
    return Measured(
        len(jpeg),
        [turn.rate / turn.threads_rate for turn in turned],
        max(turn.rate for turn in turned),
        _median([turn.cost for turn in turned]),
        memory,
        stored,
        failure,
        load,
    )


@dataclass(frozen=True)
class _Turn:
    rate: float
    threads_rate: float
    cost: Cost
    actor_mb: float


def _take_turns(database: str, jpeg: bytes, turns: int) -> list[_Turn]:
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        cluster = stack.enter_context(local_cluster(NODES))
        threads = stack.enter_context(
            service(folders[0], f"[cameras]\nthreads = {NODES}\n", database=database)
        )
        # As many CPUs as a node has: each camera has a node of its own.
        settings = f'[cluster]\naddress = "{cluster.address}"\nnamespace = "turns"\ncpus = 1\n'
        nodes = stack.enter_context(service(folders[1], settings, database=database))
        turned = [_turn(cluster, nodes, threads, jpeg) for _ in range(turns + 1)]
    return turned[1:]  # the first warms up


def _turn(cluster: LocalCluster, nodes: ServiceProcess, threads: ServiceProcess, jpeg: bytes) -> _Turn:
    count = NODES * _FRAMES_A_TURN
    before = threads.cpu_seconds()
    threads_rate = _rate(threads, "thread", jpeg, NODES, count)
    threads_cost = (threads.cpu_seconds() - before) / count
    before = nodes.cpu_seconds()
    before_actors, before_ray = _cpu(cluster.workers()), _cpu(cluster.own())
    rate = _rate(nodes, "node", jpeg, NODES, count)
    actors = cluster.workers()
    spent = (
        nodes.cpu_seconds() - before,
        _cpu(actors) - before_actors,
        _cpu(cluster.own()) - before_ray,
    )
    ingress, actor, ray = (seconds / count for seconds in spent)
    start = time.process_time()
    capture = FaceCapture()
    for _ in range(_FRAMES_A_TURN):
        capture.process(decode_picture(jpeg))
    alone = (time.process_time() - start) / _FRAMES_A_TURN
    memory = processes.own_mb(pid for pid, title in actors.items() if "CameraActor" in title)
    return _Turn(
        rate, threads_rate, Cost(alone, threads_cost, ingress, actor, ray), statistics.median(memory)
    )


def _more(database: str, jpeg: bytes, progress: Callable[[str], None]) -> float:
    """MB of a further camera in a process."""
    progress(f"{MANY} cameras in one process")
    with tempfile.TemporaryDirectory() as folder, local_cluster(1) as cluster:
        settings = f'[cluster]\naddress = "{cluster.address}"\nnamespace = "more"\nactors = 1\n'
        with service(Path(folder), settings, database=database) as served:
            found = []
            for cameras in (1, MANY):
                _rate(served, "many", jpeg, cameras, 50 * cameras)
                actors = [pid for pid, title in cluster.workers().items() if "CameraActor" in title]
                found.append(sum(processes.own_mb(actors)))
    return (found[1] - found[0]) / (MANY - 1)


def _rate(served: ServiceProcess, name: str, jpeg: bytes, cameras: int, count: int) -> float:
    """Frames a second of cameras that each have a second frame waiting while one is at work."""
    requests = [http_load.frame_request(served.host, f"{name}{i}", jpeg) for i in range(cameras)]
    answered = http_load.run(served.host, served.port, requests, count, 2)
    if answered.statuses[200] != count:
        raise FacecapError(f"{count} frames were answered with {dict(answered.statuses)}, wanted 200 alone")
    return count / answered.seconds


def _cpu(pids: Iterable[int]) -> float:
    """Seconds of all so far; one that has ended counts no more."""
    total = 0.0
    for pid in pids:
        with suppress(OSError):
            total += processes.cpu_seconds(pid)
    return total


def _median(costs: list[Cost]) -> Cost:
    columns = zip(*map(dataclasses.astuple, costs), strict=True)
    return Cost(*(statistics.median(column) for column in columns))


def report(result: Measured) -> str:
    """What `measure` found, as text."""
    cost, memory = result.cost, result.memory
    header = ("CPU ms a frame", "pipeline alone", f"{NODES} threads", "ingress", "actor", "Ray itself")
    stored = ", ".join(f"{writers}: {rate:.0f}" for writers, rate in result.stored.items())
    return "\n".join(
        (
            table(header, [("", *(f"{1000 * seconds:.2f}" for seconds in dataclasses.astuple(cost)))]),
            f"frames of 640x480 with six faces, JPEG of {result.jpeg_bytes / 1000:.0f} kB",
            "",
            f"{NODES} nodes of one core {result.rate:.1f} frames/s; over {NODES} threads of one process: "
            f"{statistics.median(result.over_threads):.2f}",
            f"an actor {memory.first:.0f} MB (PSS), grown by {memory.grown:.1f} MB; each further camera in it"
            f" {memory.more:.1f} MB",
            f"captures a second into the store, by processes that write: {stored}",
            "",
            cluster_failure.report(result.failure),
            "",
            f"{machine()['processor']}, {os.cpu_count()} cores, load before "
            + " ".join(f"{value:.1f}" for value in result.load),
        )
    )


def to_json(result: Measured) -> dict[str, Any]:
    """The same for programs."""
    return {
        "machine": machine(),
        "load": result.load,
        "jpeg_bytes": result.jpeg_bytes,
        "frames_per_second": result.rate,
        "nodes_over_threads": statistics.median(result.over_threads),
        "cpu_seconds_a_frame": dataclasses.asdict(result.cost),
        "memory_mb": dataclasses.asdict(result.memory),
        "captures_per_second": result.stored,
        "failure": dataclasses.asdict(result.failure),
    }
