"""The tasks of a batch on a Ray cluster as it is: Ray places them, and repeats those whose node is lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from facecap.batch.task import Failure, Heard, Result, Version, Work, WorkOn
from facecap.ray_cluster import joined, words
from facecap.sources import SourceError

_LOOK = 0.5  # seconds from one look for a stop to the next
_AHEAD = 4  # tasks submitted for each CPU of the cluster, so that it never waits for us
_RETRIES = 3


@contextmanager
def cluster(address: str) -> Iterator[WorkOn]:
    """A cluster to work on; it is left in the end as it was.

    Its function works on files as tasks of one CPU each, and gives what came of each, and now and then None.
    A task whose process or node dies is repeated by Ray; what dies every time costs the file. Where `stopped`
    says so, all tasks are cancelled.

    Args:
        address: of the cluster, or "auto" for the one that runs on this machine.

    Raises:
        FacecapError: Ray is not installed, or no cluster answers.
    """
    with joined(address, "--ray") as ray:
        yield partial(_work, ray)


def _work(
    ray: Any, files: Mapping[str, Version], work: Work, stopped: Callable[[], bool]
) -> Generator[Heard, None, None]:
    task = ray.remote(num_cpus=1, max_retries=_RETRIES)(work_where_it_is)
    shared_work = ray.put(work)
    waiting = [*files][::-1]
    pending: dict[Any, str] = {}
    while (waiting or pending) and not stopped():
        most = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 1)))
        while waiting and len(pending) < most:
            file = waiting.pop()
            pending[task.remote(shared_work, file, files[file])] = file
        done, _ = ray.wait(list(pending), timeout=_LOOK)
        if not done:
            yield None
        for reference in done:
            file = pending.pop(reference)
            try:
                yield ray.get(reference)
            except ray.exceptions.RayError as error:
                yield Failure(file, f"its task failed: {words(error)}")
    for reference in pending:
        ray.cancel(reference, force=True)


def work_where_it_is(work: Work, file: str, version: Version) -> Result | Failure:
    """The task, in a process of some node: the file must be there as it is where the batch was started."""
    node = os.uname().nodename
    try:
        found = Version.of(file)
    except SourceError as error:
        return Failure(file, f"on node {node}: {error}: all nodes must see it by this path")
    if found.size != version.size:
        return Failure(
            file, f"on node {node} it has {found.size} bytes, here {version.size}: it must be the same file"
        )
    return work(file, lambda advance: None)
