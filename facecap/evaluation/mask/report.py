"""`facecap eval mask`: classifiers side by side, by set and by condition."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facecap import MaskClassifier
from facecap._files import write_atomic
from facecap.conversion.model_source import as_model
from facecap.errors import FacecapError
from facecap.evaluation.curves import short_names
from facecap.evaluation.mask.answers import Answers, answer, classify, face_rows, measure, pool, unknown_band
from facecap.evaluation.mask.conditions import by_condition
from facecap.evaluation.mask.curves import curves, panels
from facecap.evaluation.mask.sets import HARD, OCCLUDED, PLAIN, TIGHT, MaskSet, read_sets
from facecap.evaluation.mask.sheet import contact_sheet
from facecap.evaluation.mask.wrongly_worn import WornSet, read_wrongly_worn, shares
from facecap.evaluation.network_size import network_size
from facecap.evaluation.report import Rows, aligned, number, print_json, write_results
from facecap.training.mask.class_folders import from_options, read_labelled
from facecap.training.mask.data import INCORRECT

COLUMNS = (
    *("faces", "AP", "AUC", "accuracy", "masked called masked", "bare called bare"),
    *("calibration error", "unknown", "accuracy where known"),
)
CONDITION_COLUMNS = ("faces", "masked", "accuracy", "bare called mask", "mask called bare", "unknown")
SIZE_COLUMNS = ("architecture", "parameters", "multiply-adds", "MB", "ms a crop")
WORN_COLUMNS = ("faces", "called mask", "called no_mask", "called incorrect", "called unknown")
CALLS = ("mask called mask", "mask called bare", "bare called mask", "bare called bare")
ONCE = ("mask", TIGHT, "udacity", "rmfd")  # every face once, boxed as a detector does
HIDDEN = (HARD, OCCLUDED)


@dataclass(frozen=True)
class Report:
    """What one model reached; `groups` are all plain faces as one set, then the hidden ones; `rows` are the
    answers face by face."""

    answers: list[Answers]
    groups: list[Answers]
    figures: dict[str, Any]
    rows: Rows


def main(args: argparse.Namespace) -> int:
    """Measure by the options of the command line and print; returns the exit code."""
    how = from_options(args)
    sets = read_sets(args.data, args.split, args.occluders, how, args.more)
    if not sets:
        raise FacecapError(f"{args.data}: no faces of the split {args.split}")
    worn = read_wrongly_worn(read_labelled(args.data, args.split, how), args.more, args.split)
    reports: dict[str, Report] = {}
    with tempfile.TemporaryDirectory() as folder:
        for model in args.model or [None]:
            print(f"mask: {model or 'default'}", file=sys.stderr)
            opened = as_model(model, Path(folder))
            classifier = MaskClassifier(opened, runtime=args.runtime, provider=args.provider)
            reports[model or "default"] = report(classifier, sets, worn)
    if args.sheet is not None:
        [one] = reports.values()
        write_atomic(args.sheet, contact_sheet(one.answers))
        print(f"worst answers of each set: {args.sheet}", file=sys.stderr)
    if args.out is not None:
        _write(args.out, reports)
    if args.json:
        print_json({model: one.figures for model, one in reports.items()})
    else:
        print(text(reports))
    return 0


def report(classifier: MaskClassifier, sets: Sequence[MaskSet], worn: Sequence[WornSet] = ()) -> Report:
    """Run a classifier over the sets and measure it by set, by group and by condition; `worn` apart."""
    side = sets[0].crops.shape[1]
    if classifier.info["input_size"] != (side, side):
        width, height = classifier.info["input_size"]
        raise FacecapError(
            f"{classifier.info['path']}: wants crops of {width}x{height}, those here are {side}x{side}"
        )
    band = unknown_band(classifier)
    answers = answer(classifier, sets)
    wrongly = {part.name: classify(classifier, part.crops) for part in worn}
    plain = pool([entry for entry in answers if entry.part.name in ONCE], PLAIN)
    groups = [plain, *(entry for entry in answers if entry.part.name in HIDDEN)]
    faces = sum(len(entry.probabilities) for entry in answers)
    figures = {
        "name": classifier.info["manifest"]["name"],
        "unknown": list(band),
        **network_size(classifier.info),
        "ms a crop": 1000 * sum(entry.seconds for entry in answers) / faces,
        "sets": {entry.part.name: measure(entry, band) for entry in [*answers, plain]},
        "conditions": by_condition(plain, groups[1:], band),
        "worn wrongly": {name: shares(said) for name, said in wrongly.items()},
    }
    rows = [row for entry in answers for row in entry.rows]
    for part in worn:
        labels = [INCORRECT] * len(part.origins)
        rows += face_rows(part.name, part.origins, labels, wrongly[part.name])
    return Report(answers, groups, figures, rows)


def text(reports: Mapping[str, Report]) -> str:
    """The tables: sizes of several models, sets, then conditions and confusion of each model."""
    names = short_names(list(reports))
    sets = next(iter(reports.values())).figures["sets"]
    rows = [["set", "model", *COLUMNS]]
    for part in sets:
        for model, one in reports.items():
            figures = one.figures["sets"][part]
            rows.append([part, names[model], *(number(figures.get(column)) for column in COLUMNS)])
    blocks = [_sizes(reports, names), aligned(rows, left=2), *_worn(reports, names)]
    blocks += [f"{names[model]}\n{_details(one.figures)}" for model, one in reports.items()]
    return "\n\n".join(blocks)


def _sizes(reports: Mapping[str, Report], names: Mapping[str, str]) -> str:
    rows = [["model", *SIZE_COLUMNS]]
    for model, one in reports.items():
        rows.append([names[model], *(number(one.figures.get(column)) for column in SIZE_COLUMNS)])
    return aligned(rows)


def _worn(reports: Mapping[str, Report], names: Mapping[str, str]) -> list[str]:
    """What the models answer to masks that are worn wrongly, where there are some."""
    rows = [["worn wrongly", "model", *WORN_COLUMNS]]
    for part in next(iter(reports.values())).figures["worn wrongly"]:
        for model, one in reports.items():
            figures = one.figures["worn wrongly"][part]
            rows.append([part, names[model], *(number(figures.get(column, 0.0)) for column in WORN_COLUMNS)])
    return [aligned(rows, left=2)] if len(rows) > 1 else []


def _details(figures: Mapping[str, Any]) -> str:
    low, high = figures["unknown"]
    rows = [["condition", "", *CONDITION_COLUMNS]]
    for row in figures["conditions"]:
        cells = [number(row[column]) for column in CONDITION_COLUMNS]
        rows.append([row["condition"], row["bin"], *cells])
    counts = [["called a mask from", "set", *CALLS]]
    for group in (PLAIN, *HIDDEN):
        for threshold, table in figures["sets"].get(group, {}).get("confusion", {}).items():
            counts.append([threshold, group, *(str(table[call.replace(" ", "_")]) for call in CALLS)])
    said = f"unknown: probabilities strictly between {low:g} and {high:g}"
    return "\n".join([said, aligned(rows, left=2), "", aligned(counts, left=2)])


def _write(out: Path, reports: Mapping[str, Report]) -> None:
    groups = [entry.part.name for entry in next(iter(reports.values())).groups]
    drawn = {model: curves(one.groups) for model, one in reports.items()}
    figures = {model: one.figures for model, one in reports.items()}
    rows = {model: one.rows for model, one in reports.items()}
    write_results(out, "mask", figures, panels(groups), drawn, rows)
    for model, name in short_names(list(reports)).items():
        sheet = out / f"worst_{name.replace('/', '_')}.png"
        write_atomic(sheet, contact_sheet(reports[model].answers))
