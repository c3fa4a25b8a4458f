"""`facecap train refiner-crops` and `facecap train refiner`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from facecap.cli.train_options import add_machine_options, add_optimisation
from facecap.cli.values import count, positive, positive_number


def add_refiner_crops(tasks: argparse._SubParsersAction[Any]) -> None:
    """Add the task that cuts faces and false alarms out of photographs."""
    parser = tasks.add_parser(
        "refiner-crops", help="cut faces, and what detectors mistake for faces, for `train refiner`"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds detect/ and mask/")
    parser.add_argument(
        "--photos", type=Path, help="folder of folders of photographs; refiner.json in it says what they show"
    )
    parser.add_argument("--teacher", type=Path, required=True, help="SCRFD with landmarks, .onnx")
    parser.add_argument(
        "--detector",
        action="append",
        metavar="MODEL",
        help="whose boxes and false alarms are cut, repeatable; the shipped default",
    )
    parser.add_argument(
        "--yunet", type=Path, action="append", metavar="ONNX", help="YuNet through OpenCV, one more detector"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write into, or to go on in")
    parser.set_defaults(run_task=_run_crops)


def _run_crops(args: argparse.Namespace) -> int:
    from facecap.training.refiner.crops import write_crops

    return write_crops(args)


def add_refiner(tasks: argparse._SubParsersAction[Any]) -> None:
    """Add the task that trains a refiner."""
    parser = tasks.add_parser("refiner", help="the refiner: is it a face, its five points, how blurred")
    parser.add_argument("--crops", type=Path, required=True, help="folder of `train refiner-crops`")
    parser.add_argument(
        "--out", type=Path, required=True, help="run folder: made, or resumed when it holds a run"
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="PTH",
        help="RetinaFace of MobileNetV1 x0.25, published layout: its body goes on, the first level stays",
    )
    group = parser.add_argument_group("recipe")
    length = group.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=positive_number, help="time budget, 35 when not given")
    length.add_argument("--epochs", type=positive, help="passes over the faces, instead of a time")
    group.add_argument("--batch", type=positive, default=96, help="crops a step (%(default)s)")
    add_optimisation(group, "3e-3 when not given")
    group.add_argument(
        "--seed", type=count, default=0, help="seed of weights, order and augmentation (%(default)s)"
    )
    add_machine_options(parser.add_argument_group("machine"))
    parser.set_defaults(run_task=_run_refiner)


def _run_refiner(args: argparse.Namespace) -> int:
    from facecap.training.refiner.train import train

    return train(args)
