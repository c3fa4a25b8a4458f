"""`facecap bench providers`: detectors and mask classifiers by what computes them, all in one run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from facecap import Detector, MaskClassifier, ModelError, crop_face, models
from facecap._registry import PRECISIONS, in_precision
from facecap.benchmark import frames
from facecap.benchmark.interleave import Turns, take_turns
from facecap.benchmark.report import machine, table

MODELS = ("yunet-n", "retinaface-mobilenet0.25", "mask-ghostnet")
SIZE = (640, 480)
FACES = 40  # in a detector's frame
BATCHES = (1, 8)  # crops of a mask classifier
ON_THE_PROCESSOR = ("cpu", "openvino")


@dataclass(frozen=True)
class Way:
    """How a model is computed."""

    provider: str
    precision: str

    def __str__(self) -> str:
        return f"{self.provider} {self.precision}"


PLAIN = Way("cpu", PRECISIONS[0])


@dataclass(frozen=True)
class Measured:
    """One model's times in every way that it has, of one frame or so many crops."""

    name: str
    turns: Turns
    providers: dict[str, list[str]]  # way -> what computed


@dataclass(frozen=True)
class Results:
    measured: list[Measured]
    clock: str
    runtime_version: str


def measure(
    names: Sequence[str], providers: Sequence[str], turns: int, progress: Callable[[str], None]
) -> Results:
    """All models by all providers, in float32 and, of detectors that have it, in int8; one thread.

    Args:
        names: registry names of detectors and mask classifiers.
        providers: beside "cpu", which everything is compared with.
        turns: how often everybody runs.
        progress: called with what goes on.

    Raises:
        ModelError: a model or a provider cannot be used.
    """
    ways = [Way(one, precision) for one in dict.fromkeys(("cpu", *providers)) for precision in PRECISIONS]
    on_processor = all(way.provider in ON_THE_PROCESSOR for way in ways)
    clock = time.process_time if on_processor else time.perf_counter
    measured, version = [], ""
    for name in names:
        progress(f"{name}: {turns} turns")
        calls, infos = _calls(name, ways)
        version = infos[str(PLAIN)]["runtime_version"]
        computing = {way: list(info["providers"]) for way, info in infos.items()}
        for what, contenders in calls.items():
            measured.append(Measured(what, take_turns(contenders, turns, clock=clock), computing))
    return Results(measured, "CPU" if on_processor else "wall", version)


Calls = dict[str, dict[str, Callable[[], object]]]


def _calls(name: str, ways: Sequence[Way]) -> tuple[Calls, dict[str, Any]]:
    """What is timed -> way -> call, and `.info` by way."""
    model = models.find(name)
    if model.task == "face_detection":
        frame = frames.crowd(FACES, *SIZE)
        detectors = {
            str(way): Detector(name, input_size=SIZE, provider=way.provider, precision=way.precision)
            for way in ways
            if way.precision == PLAIN.precision or _has(model, way.precision)
        }
        calls: dict[str, Callable[[], object]] = {
            way: partial(detector.detect, frame) for way, detector in detectors.items()
        }
        return {name: calls}, {way: detector.info for way, detector in detectors.items()}
    classifiers = {
        str(way): MaskClassifier(name, provider=way.provider)
        for way in ways
        if way.precision == PLAIN.precision
    }
    picture = frames.crowd(1, *SIZE)
    by_batch: Calls = {}
    for batch in BATCHES:
        crops = np.stack([crop_face(picture, (40 * i, 100, 40 * i + 150, 300)) for i in range(batch)])
        by_batch[f"{name} x{batch}"] = {way: partial(one.predict, crops) for way, one in classifiers.items()}
    return by_batch, {way: one.info for way, one in classifiers.items()}


def _has(model: models.RegisteredModel, precision: str) -> bool:
    try:
        in_precision(str(model.path), precision)
    except ModelError:
        return False
    return True


def report(results: Results) -> str:
    """What `measure` found, as text."""
    base = str(PLAIN)
    rows = [
        (
            f"{one.name}, {way}",
            f"{1000 * one.turns.median(way):.2f}",
            f"{one.turns.ratio(way, base):.2f}",
            f"{one.turns.ratio(base, way):.2f}",
            "+".join(one.providers[way]),
        )
        for one in results.measured
        for way in one.turns.seconds
    ]
    header = ("", f"{results.clock} ms", f"/ {base}", "times as many", "computed by")
    return "\n".join(
        (
            table(header, rows),
            f"one thread, detectors on {SIZE[0]}x{SIZE[1]} with {FACES} faces, with all that facecap does "
            f"around the network; onnxruntime {results.runtime_version}; {machine()['processor']}",
        )
    )


def to_json(results: Results) -> dict[str, Any]:
    """The same for programs."""
    return {
        "machine": machine(),
        "onnxruntime": results.runtime_version,
        "clock": results.clock,
        "models": [
            {
                "model": one.name,
                "ms": {way: 1000 * one.turns.median(way) for way in one.turns.seconds},
                "over_cpu_float32": {way: one.turns.ratio(way, str(PLAIN)) for way in one.turns.seconds},
                "providers": one.providers,
            }
            for one in results.measured
        ],
    }
