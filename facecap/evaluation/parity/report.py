"""`facecap eval parity`: the golden frames through every way that is there, in one table."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from facecap._cvimodel import cviruntime_path
from facecap._model import onnxruntime_path
from facecap.errors import FacecapError
from facecap.evaluation.parity import golden, ways
from facecap.evaluation.parity.difference import Bounds, Difference, difference
from facecap.evaluation.report import aligned, number
from facecap.models import DEFAULTS, SHIPPED, list_models

ELSEWHERE = Bounds(box=0.5, landmark=0.5, probability=0.01)
"""Of the expected captures, made on one machine, from those of ONNX Runtime on any other."""
SAME = Bounds(box=0.01, landmark=0.01, probability=1e-4)
"""Of two programs that run the same networks on one machine: what rounding to JSON leaves."""
CHIP = Bounds(box=4.0, landmark=4.0, probability=0.05)
"""Of the chip's models from the float ones, faces being 120 pixels wide."""

FLOAT = "its float models"
"""What a chip's models are held against: those that they were made from, at the chip's input size."""

COLUMNS = ("way", "against", "captures", "events", "other answers", "box px", "landmarks px", "P(mask)", "")


@dataclass(frozen=True)
class Way:
    """One row: how captures are made."""

    name: str
    run: Callable[[Path], golden.Captures]
    bounds: Bounds = SAME
    against: str = "python"


@dataclass(frozen=True)
class Row:
    """What came of a way; `absent` says why it could not be run."""

    way: Way
    found: Difference | None
    absent: str = ""

    @property
    def verdict(self) -> str:
        """`within`, `outside` or `not run`."""
        if self.found is None:
            return "not run"
        return "within" if self.found.within(self.way.bounds) else "outside"

    def cells(self) -> list[str]:
        """The line of the table."""
        if self.found is None:
            return [self.way.name, self.way.against, *["-"] * 6, self.verdict]
        found = self.found
        return [
            self.way.name,
            self.way.against,
            f"{found.found} of {found.expected}",
            "differ" if found.events else "equal",
            *(number(value) for value in (found.answers, found.box, found.landmark, found.probability)),
            self.verdict,
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        found = asdict(self.found) if self.found else None
        return {
            "way": self.way.name,
            "against": self.way.against,
            "verdict": self.verdict,
            "absent": self.absent or None,
            "bounds": asdict(self.way.bounds),
            "difference": found,
        }


def main(args: argparse.Namespace) -> int:
    """Run every way and print the table; returns 1 where one lies outside its bounds or was not run."""
    with tempfile.TemporaryDirectory() as name:
        frames = Path(name)
        golden.write_frames(frames)
        if args.write_expected:
            golden.write_expected(ways.in_process(frames, None, None, _progress("python")))
            print(f"written: {golden.EXPECTED}", file=sys.stderr)
            return 0
        rows = _measure(_ways(args), frames, args.chip)
    for row in rows:
        if args.json:
            print(json.dumps(row.to_json()))
        elif row.absent or (row.found and row.found.events):
            print(f"{row.way.name}: {row.absent or (row.found and row.found.events)}", file=sys.stderr)
    if not args.json:
        print(aligned([COLUMNS, *(row.cells() for row in rows)], left=2))
    return int(any(row.verdict != "within" for row in rows))


def _measure(all_ways: list[Way], frames: Path, chip: str) -> list[Row]:
    known = {"expected": golden.expected()}
    rows: list[Row] = []
    for way in all_ways:
        try:
            captures = way.run(frames)
            if way.against == FLOAT and FLOAT not in known:
                known[FLOAT] = float_captures(frames, chip_model(chip, "face_detection"))
        except FacecapError as error:
            rows.append(Row(way, None, str(error)))
            continue
        known.setdefault(way.name, captures)
        rows.append(Row(way, difference(known.get(way.against, known["expected"]), captures)))
    return rows


def _ways(args: argparse.Namespace) -> list[Way]:
    def chip(task: str) -> str:
        return chip_model(args.chip, task)

    def board(
        frames: Path, detector: str, classifier: str, library: str | None, **more: Any
    ) -> golden.Captures:
        if args.board is None:
            raise FacecapError("give --board PROGRAM: docs/board.md says how facecap-board is built")
        return ways.on_board(args.board, frames, detector, classifier, library, **more)

    def at_size() -> dict[str, Any]:
        return {"size": made_from(chip("face_detection"))[1]}

    def emulated(frames: Path) -> golden.Captures:
        if not args.aarch64_onnxruntime.is_file():
            raise FacecapError(
                f"{args.aarch64_onnxruntime}: no such file: tools/fetch_onnxruntime.sh writes it there"
            )
        return ways.on_board(
            args.aarch64, frames, *onnx, str(args.aarch64_onnxruntime), emulator=ways.AARCH64
        )

    onnx = (str(SHIPPED / DEFAULTS["face_detection"]), str(SHIPPED / DEFAULTS["mask"]))
    listed = [
        Way("python", lambda f: ways.in_process(f, None, None, _progress("python")), ELSEWHERE, "expected"),
        Way("http", lambda f: ways.over_http(f, _progress("http"))),
        Way("facecap-board", lambda f: board(f, *onnx, onnxruntime_path())),
        Way(
            f"python, {args.chip}",
            lambda f: ways.in_process(
                f, chip("face_detection"), chip("mask"), _progress(args.chip), **at_size()
            ),
            CHIP,
            FLOAT,
        ),
        Way(
            f"facecap-board, {args.chip}",
            lambda f: board(f, chip("face_detection"), chip("mask"), cviruntime_path(), **at_size()),
            CHIP,
            FLOAT,
        ),
    ]
    if args.aarch64 is not None:
        listed.append(Way("facecap-board, aarch64", emulated, ELSEWHERE))
    return listed


def made_from(detector: str) -> tuple[str, tuple[int, int]]:
    """The float model that a chip's detector was made from, and the one input size that it computes."""
    manifest = next(model for model in list_models() if str(model.path) == detector).manifest
    return manifest["conversion"]["source"]["name"], (manifest["input"]["width"], manifest["input"]["height"])


def float_captures(frames: Path, detector: str) -> golden.Captures:
    """The captures of the float model behind a chip's detector, and of the default mask model."""
    source, size = made_from(detector)
    return ways.in_process(frames, source, None, _progress(FLOAT), size)


def chip_model(chip: str, task: str) -> str:
    """The registered model of a task for a chip; the smallest where there are several.

    Raises:
        FacecapError: there is none.
    """
    fit = [m for m in list_models() if m.task == task and m.manifest.get("chip") == chip]
    if not fit:
        raise FacecapError(f"no model of the task {task} for {chip} is registered: facecap convert cvimodel")
    return str(min(fit, key=lambda model: model.path.stat().st_size).path)


def _progress(name: str) -> ways.Step:
    start = "\r" if sys.stderr.isatty() else ""

    def step(done: int, total: int) -> None:
        if start or done % 20 == 0 or done == total:
            end = "" if start and done < total else "\n"
            print(f"{start}{name}: {done} of {total} frames", end=end, file=sys.stderr, flush=True)

    return step
