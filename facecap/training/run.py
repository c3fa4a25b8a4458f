"""What every training run shares: its folder, its clock, its checkpoints and its report."""

from __future__ import annotations

import csv
import io
import json
import random
import shlex
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TextIO

import numpy as np

from facecap._files import write_atomic
from facecap.errors import FacecapError
from facecap.training import processes

CONFIG = "config.json"
CURVES_CSV = "curves.csv"
CURVES_PNG = "curves.png"
LAST = "last.pt"
BEST = "best.pt"


class TrainingError(FacecapError):
    """A run that cannot start or go on: the text says what was found, what was wanted and what to do."""


def seed_all(seed: int) -> None:
    """Seed Python, NumPy and torch."""
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002  (libraries that draw from the global generator)
    torch.manual_seed(seed)


class RunFolder:
    """A folder that holds one run: how to repeat it, its figures over time and its weights.

    `config.json` has the configuration, the command and the versions; `curves.csv` and `curves.png` the
    figures; `last.pt` is what a resumed run continues from, `best.pt` the weights with the best figure.
    """

    def __init__(
        self, path: Path, config: Mapping[str, Any], unsaid: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Make the folder, or take up the run in it; another configuration there is refused.

        `unsaid`: what options are where a configuration lacks them, as that of an older version may; one
        that is not in it either is off.
        """
        self.path = path
        self._unsaid = {**unsaid}
        self.history: list[dict[str, float]] = []
        path.mkdir(parents=True, exist_ok=True)
        wanted = json.loads(json.dumps(dict(config)))
        config_file = path / CONFIG
        self._writes = processes.rank() == 0
        if self._writes and not config_file.exists():
            _write_config(config_file, wanted)
        processes.meet()
        self._check_same(_read_config(config_file), wanted)

    def _check_same(self, found: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
        for key in sorted(found.keys() | wanted.keys()):
            ours, theirs = ({**self._unsaid, **config}.get(key, False) for config in (wanted, found))
            if theirs != ours:
                raise TrainingError(
                    f"{self.path} holds a run with {key} = {theirs!r}, wanted {ours!r}: "
                    "give the same options to resume it, or another --out"
                )

    def save(self, name: str, state: Mapping[str, Any]) -> None:
        """Write a checkpoint, in the first process of a run; the history of figures goes along."""
        if not self._writes:
            return
        import torch

        buffer = io.BytesIO()
        torch.save({**state, "history": self.history}, buffer)
        write_atomic(self.path / name, buffer.getvalue())

    def load(self, name: str) -> dict[str, Any] | None:
        """Read a checkpoint and take its history over; None where there is none."""
        import torch

        path = self.path / name
        if not path.exists():
            return None
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        self.history = state.pop("history")
        return state

    def log(self, row: Mapping[str, float]) -> None:
        """Add one row of figures; a row has its place on the x axis in `step`."""
        self.history.append(dict(row))
        columns = list(dict.fromkeys(key for entry in self.history for key in entry))
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.history)
        write_atomic(self.path / CURVES_CSV, text.getvalue().encode())

    def plot(self) -> None:
        """Draw every column of the history but the minutes over `step` into one PNG."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        logged = dict.fromkeys(key for row in self.history for key in row)
        names = [name for name in logged if name not in ("step", "minutes")]
        if not names:
            return
        columns = min(3, len(names))
        rows = -(-len(names) // columns)
        figure = Figure(figsize=(4.2 * columns, 2.8 * rows), layout="constrained")
        canvas = FigureCanvasAgg(figure)
        for place, name in enumerate(names, start=1):
            points = [(row["step"], row[name]) for row in self.history if name in row]
            axes = figure.add_subplot(rows, columns, place, title=name, xlabel="step")
            axes.plot(*zip(*points, strict=True))
            axes.grid(alpha=0.3)
        buffer = io.BytesIO()
        canvas.print_png(buffer)  # type: ignore[no-untyped-call]
        write_atomic(self.path / CURVES_PNG, buffer.getvalue())


class Clock:
    """Seconds spent on a run, over all its resumptions, against a budget."""

    def __init__(self, budget: float | None, spent: float = 0.0) -> None:
        """`budget` and `spent` in seconds; no budget means that steps decide the end."""
        self.budget = budget
        self._start = time.monotonic() - spent

    @property
    def spent(self) -> float:
        """Seconds since the run began, pauses between resumptions left out."""
        return time.monotonic() - self._start

    def share(self) -> float:
        """Used share of the budget, 0 to 1."""
        if self.budget is None:
            raise ValueError("a clock without a budget has no share")
        return min(1.0, self.spent / self.budget)


class Progress:
    """One line of progress now and then, with an estimate of the time that is left."""

    def __init__(self, every: float = 10.0, stream: TextIO | None = None) -> None:
        """`every`: seconds between two lines; `stream`: standard error when not given."""
        self._every = every
        self._stream = stream
        self._last = 0.0

    def update(self, share: float, clock: Clock, text: str) -> None:
        """`share`: done part of the run, 0 to 1."""
        now = time.monotonic()
        if now - self._last < self._every:
            return
        self._last = now
        left = clock.spent * (1.0 - share) / share if share > 0 else float("nan")
        estimate = f"{_minutes(left)} left" if share > 0 else "estimating"
        self.say(f"{100 * share:5.1f} %  {_minutes(clock.spent)} spent, {estimate}  {text}")

    def say(self, text: str) -> None:
        """A line at once."""
        print(text, file=self._stream or sys.stderr, flush=True)


def _write_config(path: Path, config: Mapping[str, Any]) -> None:
    import torch

    versions = {"python": sys.version.split()[0], "torch": torch.__version__, "numpy": np.__version__}
    about = {"config": config, "command": shlex.join(["facecap", *sys.argv[1:]]), "versions": versions}
    write_atomic(path, json.dumps(about, indent=2).encode() + b"\n")


def _read_config(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["config"])
    except (ValueError, LookupError, TypeError) as error:
        raise TrainingError(f"{path}: not of a training run ({error!r}): give another --out") from error


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
