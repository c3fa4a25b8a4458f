"""A service in a process of its own, to be measured from outside; Linux."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from facecap.benchmark import processes
from facecap.errors import FacecapError


class ServiceProcess:
    """A server on a free port of the loopback."""

    def __init__(self, process: subprocess.Popen[str], host: str, port: int) -> None:
        self._process = process
        self.host = host
        self.port = port

    def cpu_seconds(self) -> float:
        """CPU time of all its threads so far, ended ones included."""
        return processes.cpu_seconds(self._process.pid)

    def memory_mb(self) -> float:
        """Resident memory now."""
        return processes.resident_mb(self._process.pid)


@contextmanager
def service(
    folder: Path, settings: str, cores: Collection[int] = (), database: str | None = None
) -> Iterator[ServiceProcess]:
    """A service with settings in TOML, on `cores` alone where some are named.

    Its store lies in `folder`, or in a database of PostgreSQL.

    Raises:
        FacecapError: it does not start.
    """
    file = folder / "facecap.toml"
    file.write_text(settings)
    command = ["facecap", "serve", "--settings", str(file), "--server-port", "0"]
    environment = dict(os.environ)
    if database is None:
        command += ["--store-url", f"sqlite:///{folder / 'facecap.db'}"]
        command += ["--store-folder", str(folder / "crops")]
    else:
        command += ["--store-crops", "database"]
        environment["FACECAP_STORE_URL"] = database  # not on the command line, which everybody sees
    with _running(command, folder, cores, environment) as process:
        yield process


@contextmanager
def on_cores(cores: Collection[int]) -> Iterator[None]:
    """This thread, and what it starts, on these cores alone meanwhile; none named: wherever it may run."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def bare_server(folder: Path, size: tuple[int, int] | None) -> Iterator[ServiceProcess]:
    """`facecap.benchmark.bare_server`; `size` of the network's input, None for the model's own."""
    with _running(["facecap.benchmark.bare_server", *map(str, size or ())], folder) as process:
        yield process


@contextmanager
def _running(
    command: list[str],
    folder: Path,
    cores: Collection[int] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[ServiceProcess]:
    with (folder / "log").open("w+") as log:
        with on_cores(cores):
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                stdout=log,
                stderr=subprocess.PIPE,
                text=True,
                env=environment,
            )
        try:
            host, port = _address(process)
            # What it says later must not fill the pipe.
            drain = subprocess.Popen(["cat"], stdin=process.stderr, stdout=log)
            yield ServiceProcess(process, host, port)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(120)
        drain.wait(10)


def _address(process: subprocess.Popen[str]) -> tuple[str, int]:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line.strip())
        try:
            address = json.loads(line).get("address")
        except ValueError:
            continue
        if address:
            host, _, port = address.removeprefix("http://").rpartition(":")
            return host, int(port)
    raise FacecapError(f"the service did not start: {' '.join(said)[-500:]}")
