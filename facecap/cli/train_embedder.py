"""The options of `facecap train embedder`."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import Any

from facecap.cli.train_options import add_machine_options, add_optimisation
from facecap.cli.values import count, positive, positive_number


def add_embedder(tasks: argparse._SubParsersAction[Any]) -> None:
    """Add the sub-command."""
    parser = tasks.add_parser(
        "embedder", help="identity vectors of faces: MobileFaceNet by an angular margin"
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder with a sub-folder of pictures for each person, or one that holds mask/index.csv",
    )
    parser.add_argument(
        "--exclude",
        type=Path,
        metavar="TXT",
        help="names, one a line, of people not to train on, beside those of DATA/lfw_dev",
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="run folder: made, or resumed when it holds a run"
    )
    group = parser.add_argument_group("recipe")
    length = group.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=positive_number, help="time budget; 30 when not given")
    length.add_argument("--epochs", type=positive, help="passes over the faces instead")
    group.add_argument("--batch", type=positive, default=64, help="faces a step (%(default)s)")
    add_optimisation(group, "1e-3 when not given")
    group.add_argument("--margin", type=_margin, default=0.5, help="radians, 0 to 1.5 (%(default)s)")
    group.add_argument(
        "--scale", type=positive_number, default=32.0, help="of the cosines in the loss (%(default)s)"
    )
    group.add_argument(
        "--seed", type=count, default=0, help="of weights, order and held-out people (%(default)s)"
    )
    group.add_argument("--start", type=Path, metavar="PT", help="best.pt of an earlier run to go on from")
    add_machine_options(parser.add_argument_group("machine"))
    parser.set_defaults(run_task=_run)


def _run(args: argparse.Namespace) -> int:
    from facecap.training.embedder.train import train

    return train(args)


def _margin(text: str) -> float:
    try:
        margin = float(text)
    except ValueError:
        margin = math.nan
    if not 0 <= margin <= 1.5:
        raise argparse.ArgumentTypeError(f"wanted radians from 0 to 1.5, found {text!r}")
    return margin
