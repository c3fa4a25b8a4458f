"""CPU time and memory of other processes; Linux."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_SCHEDULED = 2  # CPUCLOCK_SCHED of the kernel


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of a process so far, ended ones included."""
    # Linux makes the clock's number of the process's: clock_getcpuclockid(3), which Python does not have.
    return time.clock_gettime(~pid << 3 | _SCHEDULED)


def resident_mb(pid: int) -> float:
    """Resident memory of a process now."""
    return _megabytes(Path(f"/proc/{pid}/status"), "VmRSS:")


def own_mb(pids: Iterable[int]) -> list[float]:
    """Memory of each process now, what it shares with others divided among them (PSS)."""
    found = []
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            found.append(_megabytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss:"))
    return found


def _megabytes(path: Path, key: str) -> float:
    return next(
        int(line.split()[1]) * 1024 / 1e6 for line in path.read_text().splitlines() if line.startswith(key)
    )
