"""`facecap eval mask`: a mask classifier as it runs in production, on pictures kept from training."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import MaskClassifier
from facecap._files import write_atomic
from facecap.evaluation.classification import average_precision, calibration_error, confusion, roc_auc
from facecap.evaluation.mask_sets import MaskSet, read_sets

THRESHOLD = 0.5
BATCH = 64
COLUMNS = (
    *("faces", "AP", "AUC", "accuracy", "masked called masked", "bare called bare"),
    *("calibration error", "unknown", "accuracy where known"),
)
SHEET_COLUMNS, SHEET_ROWS = 10, 4


@dataclass(frozen=True)
class Answers:
    """A set and the classifier's probabilities for it."""

    part: MaskSet
    probabilities: NDArray[np.float64]

    def errors(self) -> NDArray[np.float64]:
        """How far each probability is from the truth, 0 to 1; above 0.5 it is a wrong answer."""
        return np.where(self.part.masked, 1 - self.probabilities, self.probabilities)


def main(args: argparse.Namespace) -> int:
    """Measure by the options of the command line and print; returns the exit code."""
    classifier = MaskClassifier(args.model)
    low, high = unknown_band(classifier)
    answers = answer(classifier, read_sets(args.data, args.split))
    figures = {entry.part.name: measure(entry, (low, high)) for entry in answers}
    if args.json:
        print(json.dumps({"model": str(classifier.info["path"]), "unknown": [low, high], "sets": figures}))
    else:
        print(table(figures))
        print(f"unknown: probabilities strictly between {low:g} and {high:g}")
    if args.sheet is not None:
        write_atomic(args.sheet, contact_sheet(answers))
        print(f"worst errors of each set: {args.sheet}", file=sys.stderr)
    return 0


def unknown_band(classifier: MaskClassifier) -> tuple[float, float]:
    """The probabilities between which the model's manifest answers `unknown`."""
    low, high = classifier.info["manifest"]["classifier"]["unknown"]
    return (float(low), float(high))


def answer(classifier: MaskClassifier, sets: Sequence[MaskSet]) -> list[Answers]:
    """Run the classifier over every set."""
    answers = []
    for part in sets:
        chunks = [
            classifier.predict(part.crops[start : start + BATCH], color="rgb")
            for start in range(0, len(part.crops), BATCH)
        ]
        answers.append(Answers(part, np.concatenate(chunks).astype(np.float64)))
    return answers


def measure(answers: Answers, unknown: tuple[float, float]) -> dict[str, Any]:
    """Figures of one set; AP and AUC only where it has both labels, shares between 0 and 1."""
    chance, masked = answers.probabilities, answers.part.masked
    wrong = answers.errors() > THRESHOLD
    wrong |= (chance == THRESHOLD) & ~masked
    inside = (chance > unknown[0]) & (chance < unknown[1])
    figures: dict[str, Any] = {"faces": len(chance), "accuracy": float((~wrong).mean())}
    if masked.any() and not masked.all():
        figures["AP"] = average_precision(chance, masked)
        figures["AUC"] = roc_auc(chance, masked)
    if masked.any():
        figures["masked called masked"] = float((chance[masked] >= THRESHOLD).mean())
    if not masked.all():
        figures["bare called bare"] = float((chance[~masked] < THRESHOLD).mean())
    figures["calibration error"] = calibration_error(chance, masked)
    figures["unknown"] = float(inside.mean())
    figures["accuracy where known"] = float((~wrong[~inside]).mean()) if not inside.all() else float("nan")
    figures["confusion"] = {
        f"{threshold:g}": confusion(chance, masked, threshold)
        for threshold in (unknown[0], THRESHOLD, unknown[1])
    }
    return figures


def table(figures: dict[str, dict[str, Any]]) -> str:
    """Sets in rows, figures in columns."""
    rows = [["set", *COLUMNS]]
    rows += [[name, *(_cell(entry.get(column)) for column in COLUMNS)] for name, entry in figures.items()]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(lines)


def contact_sheet(answers: Sequence[Answers]) -> bytes:
    """A PNG with the worst errors of every set, worst first, each with its probability of a mask."""
    rows = []
    for entry in answers:
        worst = np.argsort(-entry.errors())[: SHEET_COLUMNS * SHEET_ROWS]
        tiles = [_tile(entry, int(index)) for index in worst]
        tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % SHEET_COLUMNS)
        rows += [
            np.hstack(tiles[start : start + SHEET_COLUMNS]) for start in range(0, len(tiles), SHEET_COLUMNS)
        ]
    _, code = cv2.imencode(".png", cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))
    return code.tobytes()


def _tile(entry: Answers, index: int) -> NDArray[np.uint8]:
    crop = entry.part.crops[index]
    footer = np.zeros((14, crop.shape[1], 3), np.uint8)
    colour = (255, 90, 90) if entry.errors()[index] > THRESHOLD else (120, 220, 120)
    text = (
        f"{entry.part.name} {'mask' if entry.part.masked[index] else 'bare'} {entry.probabilities[index]:.3f}"
    )
    cv2.putText(footer, text, (2, 11), cv2.FONT_HERSHEY_PLAIN, 0.75, colour, 1, cv2.LINE_AA)
    return np.vstack([crop, footer])


def _cell(value: float | int | None) -> str:
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4f}"
