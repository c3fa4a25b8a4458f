"""What a conversion came to: a table, the same as JSON, and a picture of the trade-off."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from facecap._files import write_atomic
from facecap.conversion.cvimodel.answers import FLOAT, Evaluation
from facecap.conversion.cvimodel.mixed import Point
from facecap.conversion.cvimodel.picture import draw
from facecap.conversion.cvimodel.ranking import Ranked
from facecap.evaluation.report import aligned, number

LISTED = 12  # layers


@dataclass(frozen=True)
class Report:
    """The ends of the trade-off, the points between, the layers by harm, and which point was chosen."""

    chip: str
    int8: Point
    bf16: Point
    chosen: Point
    points: Sequence[Point] = ()
    ranked: Sequence[Ranked] = ()
    evaluation: Evaluation = field(default_factory=Evaluation)
    seconds: float = 0.0

    @property
    def loss(self) -> float | None:
        """Of the chosen point on evaluation pictures; None where it was not checked."""
        return self.evaluation.loss(self.precision)

    @property
    def precision(self) -> str:
        """Of the chosen point: `int8`, `mixed` or `bf16`."""
        if self.chosen is self.bf16:
            return "bf16"
        return "mixed" if self.chosen.variant.others else "int8"


def folder_of(out: Path) -> Path:
    """Where the report on a `.cvimodel` goes when nothing else is said: a folder beside it."""
    return out.with_name(f"{out.stem}-report")


def write_report(folder: Path, manifest: Mapping[str, Any], report: Report) -> None:
    """`report.txt`, `report.json` and `report.png` in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / "report.txt", (text(report) + "\n").encode())
    write_atomic(folder / "report.json", (json.dumps(to_json(manifest, report), indent=2) + "\n").encode())
    write_atomic(
        folder / "report.png", draw(manifest["name"], report.int8, report.bf16, report.points, report.chosen)
    )


def text(report: Report) -> str:
    """Tables for people."""
    blocks = [_points(report)]
    if report.ranked:
        rows = [["most harmful in int8, alone", "harm"]]
        rows += [[one.layer, f"{one.harm:+.5f}"] for one in report.ranked[:LISTED]]
        blocks.append(aligned(rows))
    kept = report.chosen.variant.others
    if report.precision == "mixed":
        blocks.append(f"in bf16: {', '.join(kept)}")
    blocks.append(_evaluation(report))
    return "\n\n".join(block for block in blocks if block)


def to_json(manifest: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The same for programs."""
    return {
        "model": manifest["name"],
        "chip": report.chip,
        "command": shlex.join(["facecap", *sys.argv[1:]]),
        "precision": report.precision,
        "int8": _point(report.int8),
        "bf16": _point(report.bf16),
        "trade_off": [_point(point) for point in report.points],
        "chosen": {**_point(report.chosen), "layers_in_bf16": list(report.chosen.variant.others)},
        "layers_by_harm": [{"layer": one.layer, "harm": one.harm} for one in report.ranked],
        "evaluation": {
            "dataset": report.evaluation.dataset,
            "pictures": report.evaluation.count,
            "figures": report.evaluation.figures,
            "loss_of": report.evaluation.measure or None,
            "loss": report.loss,
            "problem": report.evaluation.problem or None,
        },
        "seconds": round(report.seconds, 1),
    }


def figures_of(report: Report, command: str) -> list[dict[str, Any]]:
    """The `figures` of a manifest: those of the chosen model, and of the float one that whose fall is the
    loss."""
    evaluation = report.evaluation
    if not evaluation.figures:
        return []
    dataset = f"{evaluation.dataset}, {evaluation.count} pictures, on the simulator"
    named = {
        **evaluation.figures[report.precision],
        f"{evaluation.measure} of the float model": evaluation.figures[FLOAT][evaluation.measure],
    }
    return [
        {"measure": name, "dataset": dataset, "value": round(value, 4), "command": command}
        for name, value in named.items()
    ]


def _points(report: Report) -> str:
    keys = list(report.int8.figures)
    rows = [[f"{report.chip}, on calibration pictures", "bf16 layers", "bytes", "ION MB", *keys]]
    for point in (report.int8, *report.points, report.bf16):
        name = "bf16" if point is report.bf16 else "mixed" if point.variant.others else "int8"
        layers = "all" if point is report.bf16 else str(len(point.variant.others))
        mark = "  <- chosen" if point is report.chosen else ""
        cells = [number(point.figures[key]) for key in keys]
        rows.append([name + mark, layers, str(point.bytes), f"{point.ion:.2f}", *cells])
    return aligned(rows)


def _evaluation(report: Report) -> str:
    evaluation = report.evaluation
    if not evaluation.figures:
        return f"not checked on the simulator: {evaluation.problem}" if evaluation.problem else ""
    keys = list(next(iter(evaluation.figures.values())))
    rows = [[f"on the simulator, {evaluation.count} pictures", *keys]]
    rows += [[name, *(number(found[key]) for key in keys)] for name, found in evaluation.figures.items()]
    loss = f"loss of {report.precision}: {number(report.loss)} of {evaluation.measure}"
    return f"{evaluation.dataset}\n{aligned(rows)}\n{loss}"


def _point(point: Point) -> dict[str, Any]:
    return {
        "bf16_layers": len(point.variant.others) if point.variant.mode == "INT8" else "all",
        "bytes": point.bytes,
        "ion_megabytes": point.ion,
        "figures": point.figures,
    }
