"""A Ray cluster of three nodes on this machine, and services on it that keep captures in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray", reason="the extra 'cluster' is not installed")

from postgresql import Server
from served import Served, running

from facecap.benchmark.local_cluster import LocalCluster, local_cluster
from facecap_service.settings import Settings

NODES = 3
Start = Callable[..., Served]


@pytest.fixture(scope="package")
def lasting_cluster() -> Iterator[LocalCluster]:
    """A cluster for all tests."""
    import ray

    with local_cluster(NODES) as cluster:
        ray.init(cluster.address, log_to_driver=False, logging_level="error")
        yield cluster


@pytest.fixture
def cluster(lasting_cluster: LocalCluster) -> Iterator[LocalCluster]:
    """A cluster with all its nodes, whatever earlier tests took; in the end nothing of the test is left."""
    while len(lasting_cluster.nodes) < NODES:
        lasting_cluster.add()
    yield lasting_cluster
    lasting_cluster.end_actors()


@pytest.fixture(scope="package")
def postgresql() -> Iterator[Server]:
    """A running server."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, cluster: LocalCluster, postgresql: Server, tmp_path: Path
) -> Callable[..., Settings]:
    """Settings of services on the cluster and on one empty database; their actors are those of one test."""
    store = {"url": postgresql.empty_database(), "folder": tmp_path, "crops": "database"}

    def make(**sections: Any) -> Settings:
        own = {"address": cluster.address, "namespace": request.node.name, **sections.pop("cluster", {})}
        return Settings(store=store, cluster=own, **sections)

    return make


@pytest.fixture
def start(settings: Callable[..., Settings], pipeline: dict[str, Any]) -> Iterator[Start]:
    """Starts services with the scripted models; a face is captured at each second frame."""
    capture = {"mode": "fast", "min_hits": 2, "interval": 2, "max_captures": 0}
    with ExitStack() as stack:

        def start_one(**sections: Any) -> Served:
            own = {"pipeline": pipeline, "capture": capture}
            return stack.enter_context(running(settings(**own | sections)))

        yield start_one
