"""`facecap bench service` on a real service: every frame is accounted for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="the extra 'service' is not installed")
if not Path("/proc/self/schedstat").exists():
    pytest.skip("the system does not count CPU times", allow_module_level=True)


def test_it_answers_for_every_frame() -> None:
    command = [
        sys.executable,
        "-m",
        "facecap",
        "bench",
        "service",
        "--turns",
        "1",
        "--count",
        "300",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert set(figures["cpu_seconds_a_frame"]) == {"640x480", "64x64"}
    assert all(cost["http"] > 0 and cost["alone"] > 0 for cost in figures["cpu_seconds_a_frame"].values())
    statuses = figures["at_the_limit"]["statuses"]
    assert set(statuses) <= {"200", "429"} and sum(statuses.values()) == 300
    assert figures["at_the_limit"]["latency_seconds"]["p99"] > 0
    several_cores = len(os.sched_getaffinity(0)) > 1
    for part in ("side_by_side", "flood"):
        assert (figures[part] is not None) == several_cores
    if several_cores:
        names = {"same_cores", "bound", "doubled", "without_http", "rates"}
        assert set(figures["side_by_side"]) == names and min(figures["side_by_side"].values()) > 0
        assert {"worked", "worked_by_cpu", "paced"} < set(figures["flood"]) and figures["flood"]["worked"] > 0
