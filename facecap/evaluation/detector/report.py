"""`facecap eval fddb`, `widerface` and `masked-recall`: several detectors in one run, as a table, as JSON and
as curves."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from facecap.conversion.model_source import as_model
from facecap.evaluation.curves import Panel
from facecap.evaluation.detector import fddb, masked, widerface
from facecap.evaluation.detector.contenders import Views, looking, open_yunet
from facecap.evaluation.detector.detection import Found, Measured, PictureSet, detect_all, open_detector
from facecap.evaluation.detector.wider_ground_truth import read_official
from facecap.evaluation.detector.wider_predictions import read_predictions, write_predictions
from facecap.evaluation.report import aligned, number, print_json, write_results


@dataclass(frozen=True)
class Task:
    """How a task reads its pictures, what it makes of detections on them, and which curves it gives."""

    read: Callable[[Path], PictureSet]
    measure: Callable[[PictureSet, Sequence[Found]], Measured]
    panels: Sequence[Panel]


TASKS = {
    "fddb": Task(fddb.read, fddb.measure, fddb.PANELS),
    "widerface": Task(widerface.read, widerface.measure, widerface.PANELS),
    "masked-recall": Task(masked.read, masked.measure, masked.PANELS),
}


def main(args: argparse.Namespace) -> int:
    """Measure every contender that the options name (the shipped model when there is none) by `args.task`."""
    task = TASKS[args.task]
    ground_truth = getattr(args, "ground_truth", None)
    pictures = task.read(args.data) if ground_truth is None else read_official(ground_truth, args.images)
    write_to = getattr(args, "write_predictions", None)
    results: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, find in contenders(args, Path(folder)):
            print(f"{args.task}: {name}", file=sys.stderr)
            found = find(pictures)
            if write_to is not None:
                write_predictions(write_to, pictures.entries, found)
            results[name] = task.measure(pictures, found)
    figures = {name: measured.figures for name, measured in results.items()}
    if args.out is not None:
        curves = {name: measured.curves for name, measured in results.items()}
        rows = {name: measured.rows for name, measured in results.items()}
        write_results(args.out, args.task, figures, task.panels, curves, rows)
    if args.json:
        print_json(figures)
    else:
        print(table(figures))
    return 0


def contenders(
    args: argparse.Namespace, folder: Path
) -> Iterator[tuple[str, Callable[[PictureSet], list[Found]]]]:
    """Name and way to find of each: models, then YuNet, then folders of predictions. `folder` takes what
    checkpoints become."""
    views = Views(tuple(args.scales or (args.long_side,)), args.flip)
    predictions: list[Path] = getattr(args, "predictions", None) or []
    models: list[str | None] = args.model or ([] if args.yunet or predictions else [None])
    for model in models:
        opener = partial(open_detector, as_model(model, folder), runtime=args.runtime, provider=args.provider)
        yield model or "default", partial(detect_all, looking(opener, views))
    for model in args.yunet or []:
        yield f"{model} in OpenCV", partial(detect_all, looking(partial(open_yunet, model), views))
    for path in predictions:
        yield str(path), partial(_read_predictions, path)


def _read_predictions(folder: Path, pictures: PictureSet) -> list[Found]:
    return read_predictions(folder, pictures.entries)


def table(results: Mapping[str, Mapping[str, float]]) -> str:
    """One row a model, one column a figure."""
    columns = list(dict.fromkeys(name for figures in results.values() for name in figures))
    rows = [[model, *(number(figures[name]) for name in columns)] for model, figures in results.items()]
    return aligned([["model", *columns], *rows])
