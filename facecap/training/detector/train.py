"""Trains a face detector from given weights, by one of the presets of `recipe`."""

from __future__ import annotations

import argparse
import copy
import math
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import Tensor, nn

from facecap.evaluation.detector.detection import open_detector
from facecap.training import execution
from facecap.training.batches import loader
from facecap.training.detector.batches import DetectorBatches
from facecap.training.detector.choice import (
    FACTORS,
    choose,
    measure,
    most_precise,
    shortest,
    whole_way,
)
from facecap.training.detector.data import Source, load_sources, read_pictures
from facecap.training.detector.lesson import Lesson
from facecap.training.detector.recipe import Recipe, from_args
from facecap.training.execution import Execution
from facecap.training.quantisation import follow_run
from facecap.training.run import LAST, Clock, Progress, RunFolder, TrainingError, seed_all
from facecap.training.start import blend

KEPT_SHARE = 0.999  # of the running average of the weights, a step
REPORT_EVERY = 50  # steps
SAVE_EVERY = 250  # steps
AHEAD = 2  # batches of each worker, some 40 MB each at 640 px
HELD_OUT_FIGURES = 12  # times in a run that the averaged weights are measured on held-out pictures


def train(args: argparse.Namespace) -> int:
    """`facecap train detector`: train, choose on held-out pictures, keep every stage in the run folder."""
    recipe = from_args(args)
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(0)  # its pool of threads would not survive the fork of the workers
    seed_all(recipe.seed)
    lesson = open_lesson(args.start, recipe)
    machine = execution.choose(args.device, args.precision, fastest_on_cpu="bfloat16")
    sources = read_pictures(load_sources(args.data, args.photos))
    if not any(source.held_out for source in sources):
        raise TrainingError(
            f"{args.data}: too few labelled pictures under detect/ to hold some out of training"
        )
    if not any(picture.certain.any() for source in sources for picture in source.train):
        raise TrainingError(f"{args.data}: no face to train on that its labellers are sure of")
    folder = RunFolder(args.out, asdict(recipe))
    for source in sources:
        faces = sum(int(p.certain.sum()) for p in source.train)
        print(f"{source.name}: {len(source.train)} pictures, {faces} faces", file=sys.stderr)
    print(f"training on {machine}", file=sys.stderr)
    average = _Run(lesson, sources, recipe, folder, machine).fit(args.workers)
    factors = (0.0, recipe.take or 1.0) if recipe.way.rounded or recipe.take else FACTORS
    start = lesson.start()
    candidates = {factor: blend(start, average, factor) for factor in factors}
    about = {
        "name": lesson.name.replace("_", "-"),
        "licence": f"start {lesson.licence}; pictures and teacher labels for research use only: research use",
        "origin": f"fine-tuned from {args.start.name}",
        "training": {
            "data": {source.name: len(source.train) for source in sources},
            "shares": {source.name: source.weight for source in sources},
            "starting_point": args.start.name,
            "recipe": recipe.text(),
            "command": recipe.command(),
            "seed": recipe.seed,
        },
    }
    rule = whole_way if recipe.way.rounded or recipe.take else shortest if recipe.way.leash else most_precise
    factor = choose(lesson.write, candidates, sources, folder.path, about, rule)
    lesson.keep(candidates[factor], folder.path)
    print(f"took {factor:g} of the way from the start", file=sys.stderr)
    return 0


def open_lesson(start: Path, recipe: Recipe) -> Lesson:
    """What trains this start: a `.pth` is RetinaFace, an `.onnx` a detector with one answer a cell."""
    if start.suffix == ".onnx":
        from facecap.training.detector.point_lesson import PointLesson

        return PointLesson(start, recipe)
    from facecap.training.detector.prior_lesson import PriorLesson

    return PriorLesson(start, recipe)


class _Run:
    """The loop of one run: the lesson's network learns, and its average is kept."""

    def __init__(
        self,
        lesson: Lesson,
        sources: list[Source],
        recipe: Recipe,
        folder: RunFolder,
        machine: Execution,
    ) -> None:
        lesson.network = lesson.network.to(machine.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._lesson, self._sources = lesson, sources
        self._recipe, self._folder, self._machine = recipe, folder, machine
        self._reference = copy.deepcopy(lesson.network)
        lesson.prepare(recipe)
        network = self._network = lesson.network
        self._average = copy.deepcopy(network)
        learning = [weight for weight in network.parameters() if weight.requires_grad]
        self._optimizer = torch.optim.AdamW(learning, recipe.rate, weight_decay=0.0)
        self._scaler = machine.scaler()
        self._step = 0

    def fit(self, workers: int) -> dict[str, Tensor]:
        """Train until the time is spent, going on from the folder's checkpoint; the averaged weights, in
        the keys of the start. An interruption leaves a checkpoint to resume from."""
        spent = self._take_up()
        batches = DetectorBatches(self._sources, self._recipe, self._lesson.batch, self._step)
        clock, progress = Clock(self._recipe.minutes * 60, spent), Progress()
        try:
            self._steps(iter(loader(batches, workers, AHEAD)), clock, progress)
        except KeyboardInterrupt:
            self._save(clock)
            raise
        self._save(clock)
        self._folder.plot()
        return self._lesson.weights(self._average)

    def _steps(self, batches: Iterator[tuple[Tensor, ...]], clock: Clock, progress: Progress) -> None:
        sums: dict[str, float] = {}
        reported = self._step
        measured = int(clock.share() * HELD_OUT_FIGURES)
        while (share := clock.share()) < 1:
            for key, value in self._learn(next(batches), share).items():
                sums[key] = sums.get(key, 0.0) + value
            if self._step % REPORT_EVERY == 0:
                row = {key: value / (self._step - reported) for key, value in sums.items()}
                due = int(share * HELD_OUT_FIGURES) > measured
                if due and self._recipe.preset == "distil":
                    row |= self._held_out()
                row["rate"] = self._rate(share)
                self._folder.log({"step": self._step, **row})
                if due:
                    measured = int(share * HELD_OUT_FIGURES)
                    self._folder.plot()
                text = "  ".join(f"{k} {v:.3g}" for k, v in row.items())
                progress.update(share, clock, f"step {self._step}  {text}")
                sums, reported = {}, self._step
            if self._step % SAVE_EVERY == 0:
                self._save(clock)

    def _rate(self, share: float) -> float:
        """It warms up and falls along a cosine."""
        warm = min(1.0, (self._step + 1) / self._recipe.way.warm_up)
        return self._recipe.rate * warm * 0.5 * (1 + math.cos(math.pi * share))

    def _learn(self, batch: tuple[Tensor, ...], share: float) -> dict[str, float]:
        """One step of the optimizer."""
        rate = self._rate(share)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        follow_run(self._network, share)
        moved = tuple(part.to(self._machine.device, non_blocking=True) for part in batch)
        parts = self._lesson.loss(self._network, self._reference, moved, self._machine)
        if not math.isfinite(float(parts["loss"].detach())):
            raise TrainingError(
                f"the loss is no number at step {self._step}: give a lower --rate, or --precision float32"
            )
        self._optimizer.zero_grad()
        self._scaler.scale(parts["loss"]).backward()  # type: ignore[no-untyped-call]
        self._scaler.unscale_(self._optimizer)
        nn.utils.clip_grad_norm_(self._network.parameters(), 10.0)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        kept = min(KEPT_SHARE, (self._step + 1) / (self._step + 10))
        with torch.no_grad():
            for mean, now in zip(self._average.parameters(), self._network.parameters(), strict=True):
                mean.lerp_(now, 1 - kept)
        self._step += 1
        return {key: float(value.detach()) for key, value in parts.items()}

    def _held_out(self) -> dict[str, float]:
        """Figures of the averaged weights on the pictures that training does not see."""
        path = self._folder.path / "measured.onnx"
        about = dict.fromkeys(("name", "licence", "origin"), "in training")
        self._lesson.write(self._lesson.weights(self._average), path, about)
        quality = asdict(measure(partial(open_detector, path), self._sources))
        for suffix in (".onnx", ".json"):
            path.with_suffix(suffix).unlink()
        return {f"held_out_{key}": float(value) for key, value in quality.items()}

    def _take_up(self) -> float:
        """Go on from the folder's checkpoint, where it has one; the seconds spent so far."""
        state = self._folder.load(LAST)
        if state is None:
            return 0.0
        self._network.load_state_dict(state["network"])
        self._average.load_state_dict(state["average"])
        self._optimizer.load_state_dict(state["optimizer"])
        if state.get("scaler"):  # empty but for float16
            self._scaler.load_state_dict(state["scaler"])
        self._step, spent = int(state["step"]), float(state["spent"])
        print(f"resumed at step {self._step} after {spent / 60:.1f} minutes", file=sys.stderr)
        return spent

    def _save(self, clock: Clock) -> None:
        state: dict[str, Any] = {"network": self._network.state_dict(), "average": self._average.state_dict()}
        state["scaler"] = self._scaler.state_dict()
        position = {"optimizer": self._optimizer.state_dict(), "step": self._step, "spent": clock.spent}
        self._folder.save(LAST, {**state, **position})
