"""Where a training run computes, and in which precision."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from facecap.training import processes
from facecap.training.run import TrainingError

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Execution:
    """A device and the type of the products in forward and backward; weights stay float32."""

    device: torch.device
    precision: torch.dtype

    def autocast(self) -> AbstractContextManager[object]:
        """Computes in the precision; losses are to be taken in float32."""
        mixed = self.precision is not torch.float32
        return torch.autocast(self.device.type, self.precision if mixed else None, enabled=mixed)

    def scaler(self) -> torch.amp.GradScaler:
        """Keeps small gradients of float16 above zero; without effect for other precisions."""
        return torch.amp.GradScaler(self.device.type, enabled=self.precision is torch.float16)

    def __str__(self) -> str:
        """A line for the user."""
        name = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu"
        return f"{name}, {str(self.precision).removeprefix('torch.')}"


def choose(device: str, precision: str, fastest_on_cpu: str = "float32") -> Execution:
    """`device` auto, cpu or cuda; `precision` auto or a name of PRECISIONS; `fastest_on_cpu` is what auto is
    there.

    Raises:
        TrainingError: the machine has no such device, or the device no such precision.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainingError("--device cuda: torch finds no GPU here; give --device cpu, or auto")
    on_gpu = device != "cpu" and torch.cuda.is_available()
    if not on_gpu and precision == "float16":
        raise TrainingError("--precision float16 needs a GPU; give bfloat16 or float32")
    if precision == "auto":
        precision = _fastest_on_gpu() if on_gpu else fastest_on_cpu
    if not on_gpu:
        return Execution(torch.device("cpu"), PRECISIONS[precision])
    if processes.local_rank() >= torch.cuda.device_count():
        raise TrainingError(
            f"{torch.cuda.device_count()} GPUs for process {processes.local_rank()}, counted from 0: give "
            "torchrun a smaller --nproc-per-node, or --device cpu"
        )
    return Execution(torch.device("cuda", processes.local_rank()), PRECISIONS[precision])


def _fastest_on_gpu() -> str:
    return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"
