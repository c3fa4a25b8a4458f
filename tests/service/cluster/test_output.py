"""What a service on a cluster prints: its log, and nothing of Ray's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
from postgresql import Server
from served import eventually

from facecap.benchmark.local_cluster import LocalCluster

SETTINGS = """
[server]
port = 0
[store]
url = "{url}"
crops = "database"
[cluster]
address = "{address}"
namespace = "output"
[pipeline]
detector = "{detector}"
classifier = "{classifier}"
refiner = "{refiner}"
"""


def pushed(address: str, face: bytes) -> bool:
    return httpx.post(f"{address}/v1/cameras/door/frames", content=face, timeout=60).is_success


def test_a_service_prints_its_log_and_nothing_else(
    cluster: LocalCluster, postgresql: Server, pipeline: dict[str, Any], face: bytes, tmp_path: Path
) -> None:
    file, output, errors = (tmp_path / name for name in ("facecap.toml", "output", "errors"))
    file.write_text(SETTINGS.format(url=postgresql.empty_database(), address=cluster.address, **pipeline))
    command = [sys.executable, "-m", "facecap", "serve", "--settings", file]
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(command, stdout=out, stderr=err)
    try:
        eventually(lambda: b'"listening"' in errors.read_bytes(), 120)
        (address,) = (line["address"] for line in lines(errors) if line["message"] == "listening")
        assert pushed(address, face)
        (worker,) = (number for number, title in cluster.workers().items() if "CameraActor" in title)
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: pushed(address, face), 60)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(120)
    assert code == 0
    assert lines(errors)
    assert not output.read_text()


def lines(log: Path) -> list[dict[str, Any]]:
    """Of a log that has JSON objects alone."""
    return [json.loads(line) for line in log.read_text().splitlines()]
