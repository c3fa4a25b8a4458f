"""Runs networks of the toolchain's own form (MLIR) on many inputs, in the toolchain's environment.

    python worker.py JOB.json

A job names a task, `ranges` or `answers`; `top` (.mlir), the float network; `inputs` (.npy), the pictures as
it is fed with them; and
    ranges:  `out` (.json): low and high of every tensor over the inputs
    answers: `variants`, each with `lower`, a command that writes `mlir`, or none for the float network, and
             `out` (.npz), which gets every output over all inputs
Lines that begin with "@ " tell how far it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pymlir


def main(job: dict[str, Any]) -> None:
    """Do what the job asks for."""
    pymlir.set_mem_mode("force_value_mem" if job["task"] == "ranges" else "value_mem")
    inputs = np.load(job["inputs"], mmap_mode="r")
    os.chdir(Path(job["top"]).parent)  # weights lie beside the network, which names them without a folder
    if job["task"] == "ranges":
        write_ranges(job, inputs)
        return
    for variant in job["variants"]:
        write_answers(variant, inputs)


def write_ranges(job: dict[str, Any], inputs: Any) -> None:
    """Low and high of every tensor, 0 always within."""
    network = load(job["top"])
    ranges: dict[str, tuple[float, float]] = {}
    for done, picture in enumerate(inputs, 1):
        feed(network, picture)
        network.invoke(False)
        for name, value in network.get_all_tensor().items():
            low, high = ranges.get(name, (0.0, 0.0))
            ranges[name] = (min(low, float(value.min())), max(high, float(value.max())))
        if done % 16 == 0 or done == len(inputs):
            print(f"@ calibrated with {done} of {len(inputs)} pictures", flush=True)
    Path(job["out"]).write_text(json.dumps(ranges))


def write_answers(variant: dict[str, Any], inputs: Any) -> None:
    """Every output for every picture."""
    if variant["lower"]:
        subprocess.run(variant["lower"], check=True)
    network = load(variant["mlir"])
    answers: dict[str, list[Any]] = {}
    for picture in inputs:
        feed(network, picture)
        network.invoke()
        for name in network.output_names:
            answers.setdefault(name, []).append(network.get_tensor(name).copy())
    whole: dict[str, Any] = {name: np.concatenate(parts) for name, parts in answers.items()}
    np.savez(variant["out"], **whole)


def load(path: str) -> Any:
    """A network, ready for pictures."""
    network = pymlir.module()
    network.load(path)
    network.set_progress_silent(True)
    return network


def feed(network: Any, picture: Any) -> None:
    """Set the only input."""
    blob = np.ascontiguousarray(picture[None])
    network.set_tensor(network.input_names[0], blob, blob.shape)


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
