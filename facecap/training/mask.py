"""`facecap train mask`: GhostNet from scratch, to a folder with weights, curves and the exported model."""

from __future__ import annotations

import argparse
import pickle
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from facecap import MaskClassifier
from facecap.errors import FacecapError
from facecap.evaluation.classification import average_precision
from facecap.evaluation.mask import answer, measure, unknown_band
from facecap.evaluation.mask_sets import MaskSet, read_sets
from facecap.training import mask_model, mask_recipe
from facecap.training.mask_augment import SIDE
from facecap.training.mask_batches import batches_per_epoch, loader
from facecap.training.mask_data import Patch, describe, load_patches, read_faces
from facecap.training.mask_recipe import REFINED_SHARE, Recipe
from facecap.training.mask_steps import predict, prepare
from facecap.training.networks.ghostnet import GhostNet
from facecap.training.run import BEST, LAST, Clock, Progress, RunFolder, seed_all

SAVE_SECONDS = 60.0
CHECKS = 10  # validations in a run


def train(args: argparse.Namespace) -> int:
    """Train by the options of the command line; returns the exit code."""
    if (args.preset == "refine") != (args.start is not None):
        raise FacecapError("--preset refine and --start go together: the preset goes on from a checkpoint")
    if args.preset == "mission":
        recipe = mask_recipe.mission(args.epochs, args.batch, args.seed)
    elif args.preset == "refine":
        recipe = mask_recipe.refine(args.minutes, args.batch, args.seed)
    else:
        recipe = mask_recipe.default(args.minutes, args.batch, args.seed)
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(0)  # its thread pool does not survive the fork of the workers
    faces = read_faces(args.data, "train")
    if recipe.preset == "mission":
        faces = [face for face in faces if face.source == "mask"]
    patches = load_patches(faces)
    counts = describe(patches)
    validation, calibration = read_sets(args.data, "val"), read_sets(args.data, "calib")
    start = None if args.start is None else read_start(args.start)
    run = RunFolder(args.out, {"task": "mask", "faces": counts, **asdict(recipe)})
    progress = Progress()
    progress.say(f"training faces: {counts}")
    Trainer(recipe, run, patches, validation, progress, start).fit(args.workers)
    finish(run, recipe, [*validation, *calibration], counts, start)
    progress.say(f"model, manifest, curves and checkpoints: {run.path}")
    return 0


def read_start(path: Path) -> dict[str, torch.Tensor]:
    """The weights of a checkpoint that an earlier run left (`best.pt`).

    Raises:
        FacecapError: it is not one.
    """
    try:
        weights: dict[str, torch.Tensor] = torch.load(path, map_location="cpu", weights_only=True)["model"]
        GhostNet().load_state_dict(weights)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, KeyError, TypeError) as error:
        raise FacecapError(f"{path}: not a checkpoint of a mask run ({error}); give its best.pt") from error
    return weights


class Trainer:
    """The loop: steps, validations, checkpoints."""

    def __init__(
        self,
        recipe: Recipe,
        run: RunFolder,
        patches: list[Patch],
        sets: list[MaskSet],
        progress: Progress,
        start: dict[str, torch.Tensor] | None = None,
    ) -> None:
        """Starts where the run folder's last checkpoint stands, else from `start`, else afresh."""
        seed_all(recipe.seed)
        self._recipe, self._run, self._patches, self._sets = recipe, run, patches, sets
        self._progress = progress
        self.model = GhostNet()
        if start is not None:
            self.model.load_state_dict(start)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizer = mask_recipe.optimizer(recipe, self.model)
        self._step, self._best = 0, float("-inf")
        spent = 0.0
        state = run.load(LAST)
        if state is not None:
            self.model.load_state_dict(state["model"])
            self._optimizer.load_state_dict(state["optimizer"])
            self._step, self._best, spent = state["step"], state["best"], state["spent"]
            progress.say(f"resumed at step {self._step} after {spent / 60:.1f} minutes")
        self._clock = Clock(None if recipe.minutes is None else 60 * recipe.minutes, spent)
        self._steps = None
        if recipe.epochs is not None:
            self._steps = recipe.epochs * batches_per_epoch(patches, recipe)

    def share(self) -> float:
        """Done part of the run, 0 to 1."""
        return self._clock.share() if self._steps is None else min(1.0, self._step / self._steps)

    def fit(self, workers: int) -> None:
        """Train to the end; an interruption leaves a checkpoint to resume from."""
        if self.share() >= 1.0:
            return
        checks = int(self.share() * CHECKS)
        saved = self._clock.spent
        mean_loss = 0.0
        try:
            for images, masked in loader(self._patches, self._recipe, self._step, workers):
                share = self.share()
                if share >= 1.0:
                    break
                value = self._train_step(images, masked, share)
                mean_loss = value if mean_loss == 0.0 else 0.98 * mean_loss + 0.02 * value
                self._step += 1
                self._progress.update(share, self._clock, f"step {self._step}  loss {mean_loss:.4f}")
                if int(share * CHECKS) > checks:
                    checks = int(share * CHECKS)
                    self._check(share, mean_loss)
                if self._clock.spent - saved > SAVE_SECONDS:
                    self._save()
                    saved = self._clock.spent
        except KeyboardInterrupt:
            self._save()
            raise
        self._check(1.0, mean_loss)
        self._save()

    def _train_step(self, images: torch.Tensor, masked: torch.Tensor, share: float) -> float:
        self.model.train()
        for group in self._optimizer.param_groups:
            group["lr"] = mask_recipe.learning_rate(self._recipe, share)
        inputs = prepare(images, mask_recipe.side(self._recipe, share, SIDE))
        loss = mask_recipe.loss(self._recipe, self.model(inputs)[:, 0], masked)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self._optimizer.step()
        return float(loss.detach())

    def _check(self, share: float, mean_loss: float) -> None:
        """Validate; the best checkpoint is the one with the highest `figure` at the full side."""
        side = mask_recipe.side(self._recipe, share, SIDE)
        figures = validate(self.model, self._sets, side)
        self._run.log({"step": self._step, "minutes": self._clock.spent / 60, "loss": mean_loss, **figures})
        self._run.plot()
        self._progress.say("  ".join(f"{name} {value:.4f}" for name, value in figures.items()))
        if side == SIDE and figures["figure"] >= self._best:
            self._best = figures["figure"]
            self._run.save(BEST, {"model": self.model.state_dict(), "step": self._step, "figures": figures})
        self._save()

    def _save(self) -> None:
        state: dict[str, Any] = {"model": self.model.state_dict(), "optimizer": self._optimizer.state_dict()}
        self._run.save(LAST, {**state, "step": self._step, "best": self._best, "spent": self._clock.spent})


def finish(
    run: RunFolder,
    recipe: Recipe,
    sets: list[MaskSet],
    faces: dict[str, int],
    start: dict[str, torch.Tensor] | None = None,
) -> None:
    """Export the best checkpoint, measure it as it runs in production, note the figures in its manifest.

    A refined one is first taken back towards its `start`, which forgets less of what the first run drew.
    """
    state = run.load(BEST)
    assert state is not None
    model = GhostNet()
    model.load_state_dict(state["model"] if start is None else blend(start, state["model"], REFINED_SHARE))
    path = mask_model.export(model, run.path, recipe, sets, faces)
    classifier = MaskClassifier(str(path))
    band = unknown_band(classifier)
    answers = answer(classifier, [part for part in sets if part.split == "val"])
    mask_model.add_figures(path, {entry.part.name: measure(entry, band) for entry in answers})


def blend(
    start: dict[str, torch.Tensor], end: dict[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """Weights on the line from `start` (share 0) to `end` (share 1); counters are the end's."""
    return {
        name: start[name].lerp(value, share) if value.is_floating_point() else value
        for name, value in end.items()
    }


def validate(model: GhostNet, sets: list[MaskSet], side: int) -> dict[str, float]:
    """Accuracy at 0.5 of every set, AP where both labels are, and `figure`, their mean, which ranks."""
    figures: dict[str, float] = {}
    for part in sets:
        chance = predict(model, part.crops, side)
        figures[f"{part.name} accuracy"] = float(((chance >= 0.5) == part.masked).mean())
        if part.masked.any() and not part.masked.all():
            figures[f"{part.name} AP"] = average_precision(chance, part.masked)
    figures["figure"] = float(np.mean(list(figures.values())))
    return figures
