"""A Ray cluster on this machine: a head without processors and nodes that can be added and lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from facecap._extra import extra_for

_STORE_BYTES = 80 * 1024 * 1024
"""Of Ray's object store on each node, the least that it takes."""
_CHECKS = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 1000,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 3,
}
"""How soon Ray takes a node for lost, as docs/cluster.md advises."""


class LocalCluster:
    """Nodes are processes of this machine. They find modules where this process does.

    Args:
        nodes: besides the head, which has no processor to place anything on.
        cpus: of each.
    """

    def __init__(self, nodes: int = 3, cpus: float = 1) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        with extra_for("a local cluster", "cluster"):
            from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "include_dashboard": False, "_system_config": _CHECKS}
        self._cpus = cpus
        with _path_of_this_process():
            self._cluster: Any = Cluster(True, head_node_args={**head, "object_store_memory": _STORE_BYTES})
        self.address: str = self._cluster.address
        """For the setting cluster.address."""
        self.nodes: list[Any] = []
        """Those that take work; the `node_id` of each is Ray's."""
        for _ in range(nodes):
            self.add()

    def add(self) -> Any:
        """Another node."""
        with _path_of_this_process():
            node = self._cluster.add_node(num_cpus=self._cpus, object_store_memory=_STORE_BYTES)
        self.nodes.append(node)
        return node

    def kill(self, node: Any) -> None:
        """End a node as a lost machine would: its processes are killed."""
        self.nodes.remove(node)
        self._cluster.remove_node(node, allow_graceful=False)

    def drain(self, node: Any) -> None:
        """Announce that a node is about to end, as `ray drain-node` and autoscalers do."""
        self.nodes.remove(node)
        reason = ["--reason", "DRAIN_NODE_REASON_PREEMPTION", "--reason-message", "it ends"]
        command = [sys.executable, "-m", "ray.scripts.scripts", "drain-node", "--address", self.address]
        command += ["--node-id", node.node_id, *reason, "--deadline-remaining-seconds", "600"]
        subprocess.run(command, check=True, capture_output=True)

    def workers(self) -> dict[int, str]:
        """Processes on all nodes that work on something, by their ids, each with its title; Linux."""
        raylets = {node.all_processes["raylet"][0].process.pid for node in self.nodes}
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent in raylets:
                    found[int(folder.name)] = (folder / "cmdline").read_text().rstrip("\0")
        return found

    def own(self) -> list[int]:
        """Processes of Ray itself, by their ids, the head's among them."""
        nodes = [self._cluster.head_node, *self.nodes]
        return [one.process.pid for node in nodes for group in node.all_processes.values() for one in group]

    def end_actors(self) -> None:
        """End all actors that have names; this process must be connected."""
        import ray

        for actor in ray.util.list_named_actors(all_namespaces=True):
            with suppress(ValueError):  # it has just gone
                ray.kill(ray.get_actor(**actor))

    def stop(self) -> None:
        """End all of it, and the connection of this process, with which it would not end."""
        import ray

        ray.shutdown()
        self._cluster.shutdown()


@contextmanager
def _path_of_this_process() -> Iterator[None]:
    """What is started finds the same modules."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


@contextmanager
def local_cluster(nodes: int = 3, cpus: float = 1) -> Iterator[LocalCluster]:
    """A cluster until the block ends."""
    cluster = LocalCluster(nodes, cpus)
    try:
        yield cluster
    finally:
        cluster.stop()
