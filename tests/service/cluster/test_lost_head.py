"""A service whose cluster has no head that answers says so, and works on while its actors do."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from served import Served, eventually

from cluster.conftest import Start
from facecap.benchmark.local_cluster import LocalCluster


@contextmanager
def head_silent(cluster: LocalCluster) -> Iterator[None]:
    """The process of the head that keeps the cluster's tables is halted, and goes on in the end."""
    [process] = [one for one in cluster.own() if b"gcs_server" in Path(f"/proc/{one}/cmdline").read_bytes()]
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def readiness(service: Served) -> tuple[int, str]:
    """The status, and the code of the problem."""
    answer = service.client.get("/readyz")
    return answer.status_code, "" if answer.status_code == 200 else answer.json()["code"]


def test_a_service_is_not_ready_while_the_head_is_lost(
    cluster: LocalCluster, start: Start, face: bytes
) -> None:
    service = start()
    assert service.push("door", face).status_code == 200
    eventually(lambda: readiness(service) == (200, ""))
    with head_silent(cluster):
        eventually(lambda: readiness(service) == (503, "cluster_unavailable"))
        assert service.client.get("/livez").status_code == 200
        assert service.push("door", face).status_code == 200
        assert "facecap_cluster_failing_since_seconds 0.0" not in service.client.get("/metrics").text
    eventually(lambda: readiness(service) == (200, ""))
    eventually(lambda: "facecap_cluster_failing_since_seconds 0.0" in service.client.get("/metrics").text)
