"""A short run of a tiny network into a folder: `torchrun ... -m tests.training.shared_run FOLDER`."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from facecap.training import execution, processes
from facecap.training.batches import loader
from facecap.training.loop import Loop
from facecap.training.run import Progress, RunFolder, seed_all

from .test_loop import RECIPE, Squares, Task, network


class OwnSquares(Squares):
    """Of every batch the part of this process."""

    def make(self, number):
        return tuple(part[processes.own_places(len(part))] for part in super().make(number))


class SharedTask(Task):
    def batches(self, first):
        return loader(OwnSquares(first), workers=0)


def run(folder: Path) -> None:
    seed_all(0)
    machine = execution.choose("cpu", "float32")
    with processes.joined(machine.device):
        recipe = replace(RECIPE, validations=2, optimizer="sgd")  # adam follows noise
        Loop(recipe, SharedTask(), network(), RunFolder(folder, {}), Progress(every=1e9), machine).fit()


def thread_names() -> list[str]:
    names = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):  # it has ended meanwhile
            names.append((task / "comm").read_text().strip())
    return names


if __name__ == "__main__":
    RunFolder.plot = lambda self: None
    run(Path(sys.argv[1]))
    end = time.monotonic() + 30
    while any("gloo" in name for name in thread_names()):  # one that has ended may be listed for a moment
        assert time.monotonic() < end, "threads of gloo abort a process that ends before them"
