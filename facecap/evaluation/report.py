"""What every evaluation leaves: tables, one JSON object a model, and a folder with results, curves and the
answers for each picture."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from facecap._files import write_atomic, write_table
from facecap.evaluation.curves import Curve, Panel, draw

Rows = Sequence[Mapping[str, Any]]
"""What a model answered for each picture: cells by the name of their column, the same in every row."""


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """A table with its first `left` columns flush left and the others flush right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if place < left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def number(value: float | str | None) -> str:
    """A cell: words and whole numbers as they are, others with four digits, "-" for none."""
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def counted(counts: Mapping[str, int]) -> str:
    """What there is of each kind, in words: "30 bare, 32 mask"."""
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def print_json(results: Mapping[str, Mapping[str, Any]]) -> None:
    """One line a model."""
    for model, figures in results.items():
        print(json.dumps({"model": model, **figures}))


def write_results(
    out: Path,
    task: str,
    results: Mapping[str, Mapping[str, Any]],
    panels: Sequence[Panel],
    curves: Mapping[str, Mapping[str, Curve]],
    rows: Mapping[str, Rows],
) -> None:
    """`TASK.json` with the command and the figures of each model, `TASK.png` with their curves, and
    `TASK.csv` with their rows, the model's name in front."""
    out.mkdir(parents=True, exist_ok=True)
    about = {
        "task": task,
        "command": shlex.join(["facecap", *sys.argv[1:]]),
        "models": [{"model": model, **figures} for model, figures in results.items()],
    }
    write_atomic(out / f"{task}.json", (json.dumps(about, indent=2) + "\n").encode())
    write_atomic(out / f"{task}.png", draw(panels, curves))
    columns = list(dict.fromkeys(column for some in rows.values() for row in some[:1] for column in row))
    named = ({"model": model, **row} for model, some in rows.items() for row in some)
    write_table(out / f"{task}.csv", ["model", *columns], named)
    print(f"results, curves and the answers for each picture: {out}", file=sys.stderr)
