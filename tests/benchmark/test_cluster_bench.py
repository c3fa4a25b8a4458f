"""`facecap bench cluster` on a real cluster and database: every camera and every capture is accounted for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'service' is not installed")
pytest.importorskip("ray", reason="the extra 'cluster' is not installed")
if not Path("/proc/self/schedstat").exists():
    pytest.skip("the system does not count CPU times", allow_module_level=True)

from postgresql import Server


def bench(url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "facecap", "bench", "cluster", "--database", url]
    command += ["--turns", "1", "--cameras", "24", "--json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def test_it_accounts_for_every_camera_and_refuses_a_database_in_use() -> None:
    server = Server()
    try:
        url = server.empty_database()
        done = bench(url)
        assert done.returncode == 0, done.stderr
        figures = json.loads(done.stdout)
        failure = figures["failure"]
        assert sum(failure["placed"]) == sum(failure["placed_after"]) == 24
        assert len(failure["placed"]) == 3 and len(failure["placed_after"]) == 2
        assert len(failure["outages"]) == failure["lost"] > 0
        assert 0 < failure["captures"] <= failure["frames"] - failure["refused"]
        assert figures["nodes_over_threads"] > 0 and figures["memory_mb"]["first"] > 0
        assert all(cost > 0 for cost in figures["cpu_seconds_a_frame"].values())
        again = bench(url)
        assert again.returncode == 1 and "wanted an empty database" in again.stderr
        assert "postgres@" not in again.stderr
    finally:
        server.stop()
