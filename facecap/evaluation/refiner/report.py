"""`facecap eval refiner`: refiners, and a second detector's opinion, side by side."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facecap import Detector, Refiner
from facecap._files import write_atomic
from facecap.conversion.model_source import as_model
from facecap.evaluation.curves import short_names
from facecap.evaluation.detector.contenders import open_yunet
from facecap.evaluation.detector.detection import open_detector
from facecap.evaluation.refiner.answers import (
    OPINION_SIDE,
    PANELS,
    Answers,
    Judge,
    ask,
    by_detector,
    by_refiner,
    by_the_detector,
    case_rows,
    curves,
    empty_pictures,
    measure,
)
from facecap.evaluation.refiner.cases import SCORE, Case, read_cases
from facecap.evaluation.refiner.sheet import contact_sheet
from facecap.evaluation.report import aligned, number, print_json, write_results
from facecap.training.detector.teacher import Teacher
from facecap.training.refiner.look import TEACHER_LOWEST

OPINION = 0.5  # score from which a second detector confirms
DETECTOR = "the detector itself"


def main(args: argparse.Namespace) -> int:
    """Measure by the options of the command line and print; returns the exit code."""
    judges: dict[str, Judge] = {}
    answers: dict[str, Answers] = {}
    refiners: dict[str, Refiner] = {}
    with tempfile.TemporaryDirectory() as folder:
        for model in args.model or []:
            refiner = Refiner(str(as_model(model, Path(folder))))
            threshold = float(refiner.info["manifest"]["refiner"]["not_a_face"])
            judges[model], answers[model] = by_refiner(refiner), Answers(threshold)
            refiners[model] = refiner
        for model in args.opinion or []:
            name = f"opinion of {model}"
            judges[name], answers[name] = by_detector(open_detector(model, OPINION_SIDE)), Answers(OPINION)
        for path in args.yunet or []:
            name = f"opinion of {path}"
            judges[name], answers[name] = by_detector(open_yunet(path, OPINION_SIDE)), Answers(OPINION)
        detector = Detector(args.detector, score_threshold=SCORE)
        cases: list[Case] = []
        teacher = None if args.teacher is None else Teacher(args.teacher, threshold=TEACHER_LOWEST)
        for image, found in read_cases(args.data, args.empty, detector, teacher):
            ask(judges, answers, image, found)
            cases += found
    answers[DETECTOR] = by_the_detector(cases)
    figures = {model: measure(cases, said) for model, said in answers.items()}
    for model, refiner in refiners.items():
        figures[model] |= size(refiner)
    if args.out is not None:
        _write(args.out, cases, answers, figures, refiners)
    if args.json:
        print_json(figures)
    else:
        print(f"detector: {detector.info['manifest']['name']}, score {SCORE:g}")
        if args.empty is not None:
            print(f"pictures without faces with a detection: {empty_pictures(cases)}")
        print(text(figures))
    return 0


def size(refiner: Refiner) -> dict[str, Any]:
    """`MB`; where torch is installed and knows the architecture also `parameters` and `multiply-adds`."""
    found: dict[str, Any] = {"MB": Path(refiner.info["path"]).stat().st_size / 1e6}
    try:
        from facecap.training.networks.counting import multiply_adds, parameters
        from facecap.training.networks.face_refiner import FaceRefiner
        from facecap.training.refiner.model import ARCHITECTURE
    except ImportError:
        return found
    if refiner.info["manifest"]["architecture"] == ARCHITECTURE:
        network = FaceRefiner()
        found["parameters"] = parameters(network)
        found["multiply-adds"] = multiply_adds(network, refiner.info["input_size"][0])
    return found


def text(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """A row a figure, a column a judge."""
    names = short_names(list(figures))
    keys = list(dict.fromkeys(key for one in figures.values() for key in one))
    rows = [["", *names.values()]]
    rows += [[key, *(number(one.get(key)) for one in figures.values())] for key in keys]
    return aligned(rows)


def _write(
    out: Path,
    cases: list[Case],
    answers: Mapping[str, Answers],
    figures: Mapping[str, Mapping[str, Any]],
    refiners: Mapping[str, Refiner],
) -> None:
    drawn = {model: curves(cases, said) for model, said in answers.items()}
    rows = {model: case_rows(cases, said) for model, said in answers.items()}
    write_results(out, "refiner", figures, PANELS, drawn, rows)
    for model, name in short_names(list(refiners)).items():
        sheet = out / f"worst_{name.replace('/', '_')}.png"
        write_atomic(sheet, contact_sheet(cases, answers[model]))
        print(f"worst answers: {sheet}", file=sys.stderr)
