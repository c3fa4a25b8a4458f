"""Options that every run of a classifier has: recipe, network, start and machine."""

from __future__ import annotations

import argparse
from pathlib import Path

from facecap.cli.values import count, not_negative, positive, positive_number, share


def add_run_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add them to the parser of a task; returns the group of the recipe."""
    parser.add_argument(
        "--out", type=Path, required=True, help="run folder: made, or resumed when it holds a run"
    )
    parser.add_argument(
        "--network",
        metavar="NAME",
        default="ghostnet_1.0x",
        help="architecture, of the names in docs/networks.md (%(default)s)",
    )
    recipe = parser.add_argument_group("recipe")
    _add_recipe(recipe)
    _add_start(parser.add_argument_group("start"))
    machine = parser.add_argument_group("machine")
    add_machine_options(machine)
    machine.add_argument(
        "--cache",
        type=positive_number,
        metavar="MB",
        default=2048,
        help="memory for what was read of pictures, of all workers; the rest is read anew (%(default)s)",
    )
    return recipe


def _add_recipe(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--preset",
        choices=("default", "renew", "refine", "qat", "mission"),
        default="default",
        help="recipe; qat trains under the rounding of int8 (%(default)s)",
    )
    add_per_tensor(group)
    length = group.add_mutually_exclusive_group()
    length.add_argument(
        "--minutes",
        type=positive_number,
        help="time budget; 30 of the presets default, renew and qat, 10 of qat with --start, 15 of refine",
    )
    length.add_argument("--epochs", type=positive, help="passes over the data; 120 of the preset mission")
    group.add_argument("--batch", type=positive, help="pictures a step, of all processes; 64 when not given")
    add_optimisation(
        group,
        "2e-3 of the preset default and of qat without --start, 5e-4 of renew and refine, 1e-4 of mission "
        "and of qat with --start",
    )
    group.add_argument(
        "--seed", type=count, default=0, help="seed of weights, order and augmentation (%(default)s)"
    )


def add_optimisation(group: argparse._ActionsContainer, rate: str) -> None:
    """How the weights move, and how often they are measured; `rate` says what is taken without --rate."""
    group.add_argument("--rate", type=positive_number, help=f"highest learning rate; {rate}")
    group.add_argument(
        "--warm-up",
        type=share,
        metavar="SHARE",
        help="of the run, 0 to 1, in which the rate rises; 0.03 where a cosine follows, else 0",
    )
    group.add_argument(
        "--optimizer", choices=("adamw", "adam", "sgd"), help="sgd has a momentum of 0.9; else the preset's"
    )
    group.add_argument("--weight-decay", type=not_negative, metavar="X", help="0 or more; else the preset's")
    group.add_argument("--validations", type=positive, metavar="N", help="in a run, 10 when not given")


def _add_start(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--start",
        type=Path,
        metavar="FILE",
        help="best.pt, last.pt or .onnx of an earlier run of the same network to go on from",
    )
    group.add_argument(
        "--new-head", action="store_true", help="begin the last layer afresh, as where the outputs differ"
    )
    group.add_argument(
        "--freeze-backbone", action="store_true", help="let only the last layer learn; statistics stay"
    )
    group.add_argument(
        "--cache-features",
        type=positive,
        metavar="PASSES",
        help="of a frozen backbone: keep what it answers to so many passes of pictures and learn from that",
    )


def add_per_tensor(group: argparse._ActionsContainer) -> None:
    """How the preset qat rounds weights."""
    group.add_argument(
        "--per-tensor",
        action="store_true",
        help="of qat: one scale for all weights of a layer instead of one a channel",
    )


def add_machine_options(group: argparse._ArgumentGroup) -> None:
    """Where and how a run computes."""
    group.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto", help="where to compute (%(default)s)"
    )
    group.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16", "float16"),
        default="auto",
        help="of the products; auto takes what is fastest on the device (%(default)s)",
    )
    group.add_argument(
        "--threads", type=positive, default=1, help="threads of the network on a CPU (%(default)s)"
    )
    group.add_argument(
        "--workers",
        type=int,
        choices=range(17),
        metavar="N",
        default=1,
        help="processes that prepare pictures, 0 to 16 (%(default)s)",
    )


def side(text: str) -> int:
    """Pixels of a square input: a multiple of 16, 32 to 512."""
    pixels = int(text) if text.isdecimal() else 0
    if not 32 <= pixels <= 512 or pixels % 16:
        raise argparse.ArgumentTypeError(f"wanted a multiple of 16 from 32 to 512, found {text!r}")
    return pixels
