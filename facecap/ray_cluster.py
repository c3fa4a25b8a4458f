"""Ray clusters as they are: how one is reached, and what is said of it."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from facecap._extra import extra_for
from facecap.errors import FacecapError

_REACHED_WITHIN = 5.0  # seconds
_RETRIES_OUT_OF_MEMORY = "3"


@contextmanager
def joined(address: str, said: str) -> Iterator[Any]:
    """Ray, connected to a cluster; a connection that this process has already is taken and kept.

    Args:
        address: of the cluster, or "auto" for the one that runs on this machine.
        said: what the address is the value of, for errors.

    Raises:
        FacecapError: Ray is not installed, or no cluster answers.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_task_oom_retries", _RETRIES_OUT_OF_MEMORY)  # else without end
    os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")  # of 40 seconds each, 20 else
    os.environ.setdefault("RAY_DISABLE_FAILURE_SIGNAL_HANDLER", "1")  # it reports SIGTERM as a crash
    with extra_for(said, "cluster"):
        import ray
    if ray.is_initialized():
        yield ray
        return
    try:
        _try_to_reach(address)
        _keep_standard_output()
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise FacecapError(f"{said} {address}: no cluster can be used there: {lines[0]}") from error
    try:
        yield ray
    finally:
        ray.shutdown()


def words(error: BaseException) -> str:
    """Of what Ray says the part that tells what happened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = lines[-1] if "Traceback" in str(error) else lines[0] if lines else ""
    return f"{type(error).__name__}: {said}"


def _try_to_reach(address: str) -> None:
    """Raises OSError where nothing listens, which Ray would try for minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), _REACHED_WITHIN).close()


def _keep_standard_output() -> None:
    """Ray prints what becomes of workers there, whatever `log_to_driver` says; failed calls say it too."""
    from ray._private import worker

    worker._worker_logs_enabled = False  # as Ray's own debugger does


def draining() -> frozenset[str]:
    """Ids of the nodes that are about to end, as `ray drain-node` and autoscalers announce it."""
    from ray._private.state import state  # Ray's own libraries ask here, and nothing public says it

    return frozenset(state.get_draining_nodes())
