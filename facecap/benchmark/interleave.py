"""Timing that holds where the speed drifts: the contenders take turns and are compared turn by turn."""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Turns:
    """Seconds of every contender, turn by turn: of the clock of `take_turns`."""

    seconds: dict[str, list[float]]

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, base: str) -> float:
        """Median over the turns of name's time divided by base's."""
        pairs = zip(self.seconds[name], self.seconds[base], strict=True)
        return statistics.median(a / b for a, b in pairs)


def medians(turns: Any) -> dict[str, float]:
    """Over the turns, of each list of a dataclass by its name."""
    return {name: statistics.median(values) for name, values in dataclasses.asdict(turns).items()}


def take_turns(
    contenders: Mapping[str, Callable[[], object]],
    turns: int,
    warm_up: int = 3,
    clock: Callable[[], float] = time.process_time,
) -> Turns:
    """Calls every contender once a turn. `clock` gives seconds: of all threads of the process, unless another
    is given, as for devices that compute while the processor waits."""
    for call in contenders.values():
        for _ in range(warm_up):
            call()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(turns):
        for name, call in contenders.items():
            start = clock()
            call()
            seconds[name].append(clock() - start)
    return Turns(seconds)


def peak_memory_mb() -> float:
    """Largest resident memory of this process so far, in MB; nan where the system does not say."""
    return _status_mb("VmHWM:")


def resident_memory_mb() -> float:
    """Resident memory of this process now, in MB; nan where the system does not say."""
    return _status_mb("VmRSS:")


def _status_mb(key: str) -> float:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(key)), float("nan"))
