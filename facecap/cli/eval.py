"""`facecap eval TASK`: measure a model on pictures that it was not trained on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

DETECTION = {
    "fddb": "a detector on FDDB, fold 8: average precision",
    "widerface": "a detector on WIDER FACE pictures, by the official protocol: easy, medium, hard",
    "masked-recall": "a detector on photographs of masked people: recall, and false alarms there and on FDDB",
}


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `eval` and one sub-command a task."""
    parser = subparsers.add_parser("eval", help="measure a model", description=__doc__)
    tasks = parser.add_subparsers(dest="task", metavar="TASK", required=True)
    _add_mask(tasks)
    for task, text in DETECTION.items():
        _add_detection(tasks, task, text)


def run(args: argparse.Namespace) -> int:
    """Run the chosen task; returns the exit code."""
    code: int = args.run_task(args)
    return code


def _add_mask(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser("mask", help="the mask classifier")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder that holds mask/ and, optionally, detect/"
    )
    parser.add_argument("--model", help="model file or registry name; the shipped default when not given")
    parser.add_argument(
        "--split", choices=("val", "calib"), default="val", help="part of the data (%(default)s)"
    )
    parser.add_argument("--sheet", type=Path, help="write a contact sheet of the worst errors to this PNG")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.set_defaults(run_task=_run_mask)


def _run_mask(args: argparse.Namespace) -> int:
    from facecap.evaluation.mask import main

    return main(args)


def _add_detection(tasks: argparse._SubParsersAction[Any], task: str, text: str) -> None:
    parser = tasks.add_parser(task, help=text)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds detect/")
    parser.add_argument(
        "--model",
        action="append",
        help="model file or registry name, repeatable; the shipped default when not given",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object a model instead of a table"
    )
    parser.set_defaults(run_task=_run_detection)


def _run_detection(args: argparse.Namespace) -> int:
    from facecap.evaluation.detection_report import main

    return main(args)
