"""`facecap train TASK`: train a model on a folder of pictures and write a run folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `train` and one sub-command a task."""
    parser = subparsers.add_parser("train", help="train a model", description=__doc__)
    tasks = parser.add_subparsers(dest="task", metavar="TASK", required=True)
    _add_mask(tasks)


def run(args: argparse.Namespace) -> int:
    """Run the chosen task; returns the exit code."""
    code: int = args.run_task(args)
    return code


def _add_mask(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser("mask", help="the mask classifier (GhostNet, one logit)")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder that holds mask/ and, optionally, detect/"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="run folder: made, or resumed when it holds a run"
    )
    parser.add_argument(
        "--preset", choices=("default", "mission"), default="default", help="recipe (%(default)s)"
    )
    parser.add_argument("--minutes", type=float, help="time budget of the default preset, 30 when not given")
    parser.add_argument(
        "--epochs", type=int, help="passes over the data of the mission preset, 120 when not given"
    )
    parser.add_argument("--batch", type=int, help="pictures a step, 64 when not given")
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of weights, order and augmentation (%(default)s)"
    )
    parser.add_argument("--threads", type=int, default=1, help="threads of the network (%(default)s)")
    parser.add_argument(
        "--workers", type=int, default=1, help="processes that prepare pictures (%(default)s)"
    )
    parser.set_defaults(run_task=_run_mask)


def _run_mask(args: argparse.Namespace) -> int:
    from facecap.training.mask import train

    return train(args)
