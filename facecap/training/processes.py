"""One run in several processes that `torchrun` starts: each learns from its part of every batch.

Gradients, statistics of batch norm and ranges are those of the whole batch in every process, so that the run
is that of one process but for rounding. The first process writes the run folder and measures.
"""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING

from facecap.errors import FacecapError

if TYPE_CHECKING:
    import torch

LONGEST_WAIT = timedelta(hours=6)  # of the others, while the first process measures


def count() -> int:
    """Processes of this run."""
    return int(os.environ["WORLD_SIZE"]) if _started_by_torchrun() else 1


def rank() -> int:
    """The number of this process, from 0."""
    return int(os.environ["RANK"]) if _started_by_torchrun() else 0


def local_rank() -> int:
    """Its number among those of this machine, from 0: the number of its GPU."""
    return int(os.environ["LOCAL_RANK"]) if _started_by_torchrun() else 0


def _started_by_torchrun() -> bool:
    return "TORCHELASTIC_RUN_ID" in os.environ


def own_places(batch: int) -> range:
    """The places of a batch, from 0, that this process makes and learns from."""
    return range(rank(), batch, count())


def check_batch(pictures: int) -> None:
    """Nothing where a step's pictures can be divided among the processes.

    Raises:
        FacecapError: some would get more than others.
    """
    if pictures % count():
        raise FacecapError(
            f"a step of {pictures} pictures cannot be divided among {count()} processes: give a --batch that "
            f"is a multiple of {count()}, and at most as many as there are pictures"
        )


@contextmanager
def joined(device: torch.device) -> Iterator[None]:
    """The processes of the run, connected; one process alone needs no connection.

    Raises:
        FacecapError: the connection broke, as where another process ended.
    """
    if count() == 1:
        yield
        return
    from torch import distributed

    import_module("torch.distributed.nn")  # imported later, its default arguments would keep the connection

    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    try:
        distributed.init_process_group(backend, timeout=LONGEST_WAIT)
        yield
    except RuntimeError as error:
        if not isinstance(error, distributed.DistError) and "gloo" not in str(error):
            raise
        raise FacecapError(f"process {rank()} lost the others; one of them says why: {error}") from error
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()
            gc.collect()  # gloo's threads end with the last who holds them; at Python's own end they abort it


def total(values: torch.Tensor) -> torch.Tensor:
    """The sum of the processes' values, in place."""
    return _reduce(values, "SUM")


def largest(values: torch.Tensor) -> torch.Tensor:
    """The largest of the processes' values, in place."""
    return _reduce(values, "MAX")


def _reduce(values: torch.Tensor, operation: str) -> torch.Tensor:
    if count() > 1:
        from torch import distributed

        distributed.all_reduce(values, getattr(distributed.ReduceOp, operation))
    return values


def meet() -> None:
    """Wait until every process is here."""
    if count() > 1:
        from torch import distributed

        distributed.barrier()


@contextmanager
def noted_signals() -> Iterator[list[int]]:
    """Of several processes, let SIGINT and SIGTERM be noted in the list, so that they end at the same step;
    one alone is interrupted at once."""
    came: list[int] = []
    if count() == 1:
        yield came
        return

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)

    earlier = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def agreed(share: float, stop: bool) -> tuple[float, bool]:
    """The first process's share of the run that is done, and whether any process is to stop."""
    if count() == 1:
        return share, stop
    import torch

    values = total(torch.tensor([share if rank() == 0 else 0.0, float(stop)], dtype=torch.float64))
    return float(values[0]), bool(values[1])
