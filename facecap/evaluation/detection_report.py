"""`facecap eval fddb`, `widerface` and `masked-recall`: several detectors in one run, as a table or as
JSON."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from facecap.evaluation import fddb, masked, widerface
from facecap.evaluation.detection import Detect, open_detector

MEASURES: dict[str, Callable[[Detect, Path], dict[str, float]]] = {
    "fddb": fddb.evaluate,
    "widerface": widerface.evaluate,
    "masked-recall": masked.evaluate,
}


def main(args: argparse.Namespace) -> int:
    """Measure every model of `args.model` (the shipped one when there is none) by `args.task`."""
    models: list[str | None] = args.model or [None]
    results = {model or "default": MEASURES[args.task](open_detector(model), args.data) for model in models}
    if args.json:
        for model, figures in results.items():
            print(json.dumps({"model": model, **figures}))
    else:
        print(table(results))
    return 0


def table(results: dict[str, dict[str, float]]) -> str:
    """One row a model, one column a figure."""
    columns = list(dict.fromkeys(name for figures in results.values() for name in figures))
    width = max(len("model"), *(len(model) for model in results))
    lines = [f"{'model':{width}}  " + "  ".join(columns)]
    for model, figures in results.items():
        cells = [f"{_number(figures[name]):>{len(name)}}" for name in columns]
        lines.append(f"{model:{width}}  " + "  ".join(cells))
    return "\n".join(lines)


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.4f}"
