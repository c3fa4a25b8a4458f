"""The training loop of every classifier: steps, validations, checkpoints, curves, resumption."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from facecap.training.backbone import train_mode
from facecap.training.batches import Batch
from facecap.training.execution import Execution
from facecap.training.quantisation import follow_run
from facecap.training.recipe import Recipe, learning_rate, optimizer, side
from facecap.training.run import BEST, LAST, Clock, Progress, RunFolder, TrainingError

SAVE_SECONDS = 60.0
CHECKS = 10  # validations in a run
LARGEST_GRADIENT = 5.0  # norm


class Task(Protocol):
    """What differs between the runs that the loop drives."""

    side: int  # px of the pictures in production

    def steps_per_epoch(self) -> int:
        """Batches in one pass over the data."""

    def batches(self, first: int) -> Iterable[Batch]:
        """Endless batches from number `first` on, which depend on the seed and their number alone."""

    def loss(self, model: nn.Module, pictures: Tensor, labels: Tensor, side: int) -> Tensor:
        """The loss of a batch whose pictures are brought to `side`."""

    def validate(self, model: nn.Module, side: int) -> dict[str, float]:
        """Validation figures; `figure` ranks, more is better."""

    def checkpoint(self, model: nn.Module) -> Mapping[str, Any]:
        """What `best.pt` holds beside step and figures: `model` and `manifest`."""


class Loop:
    """One run of one model."""

    def __init__(
        self,
        recipe: Recipe,
        task: Task,
        model: nn.Module,
        run: RunFolder,
        progress: Progress,
        execution: Execution,
    ) -> None:
        """Stands where the run folder's last checkpoint stands, else at the beginning."""
        self._recipe, self._task, self._run, self._progress = recipe, task, run, progress
        self._execution = execution
        self.model = model.to(execution.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._optimizer = optimizer(recipe, self.model)
        self._scaler = execution.scaler()
        self._step, self._checks, self._best, self._mean_loss = 0, 0, float("-inf"), math.nan
        spent = self._take_up()
        self._clock = Clock(None if recipe.minutes is None else 60 * recipe.minutes, spent)
        self._steps = None if recipe.epochs is None else recipe.epochs * task.steps_per_epoch()

    def share(self) -> float:
        """Done part of the run, 0 to 1."""
        return self._clock.share() if self._steps is None else min(1.0, self._step / self._steps)

    def fit(self) -> None:
        """Train to the end; an interruption leaves a checkpoint to resume from."""
        if self._checks == CHECKS:
            return
        saved = self._clock.spent
        try:
            for pictures, labels in self._task.batches(self._step):
                share = self.share()
                if share >= 1.0:
                    break
                if int(share * CHECKS) > self._checks:
                    self._check(share)
                self._train_step(pictures, labels, share)
                self._progress.update(share, self._clock, f"step {self._step}  loss {self._mean_loss:.4f}")
                if self._clock.spent - saved > SAVE_SECONDS:
                    self._save()
                    saved = self._clock.spent
        except KeyboardInterrupt:
            self._save()
            raise
        self._check(1.0)

    def _train_step(self, pictures: Tensor, labels: Tensor, share: float) -> None:
        if len(labels) < 2:
            raise TrainingError(
                "a step of one picture, batch norm needs two: give a larger --batch, or more data"
            )
        torch.manual_seed(self._recipe.seed + (self._step << 32))  # dropout, the same after a resumption
        train_mode(self.model)
        follow_run(self.model, share)
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(self._recipe, share)
        device = self._execution.device
        pictures, labels = (part.to(device, non_blocking=True) for part in (pictures, labels))
        with self._execution.autocast():
            loss = self._task.loss(self.model, pictures, labels, self._side(share))
        self._note(float(loss.detach()))
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.unscale_(self._optimizer)
        nn.utils.clip_grad_norm_(self.model.parameters(), LARGEST_GRADIENT)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._step += 1

    def _note(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is {loss} at step {self._step}: give --precision float32 or a larger --batch"
            )
        self._mean_loss = loss if math.isnan(self._mean_loss) else 0.98 * self._mean_loss + 0.02 * loss

    def _check(self, share: float) -> None:
        """Validate; the best checkpoint is the one with the highest `figure` at the full side."""
        figures = self._task.validate(self.model, self._side(share))
        row = {"step": self._step, "minutes": self._clock.spent / 60, "loss": self._mean_loss, **figures}
        self._run.log(row)
        self._run.plot()
        self._progress.say("  ".join(f"{name} {value:.4f}" for name, value in figures.items()))
        if self._side(share) == self._task.side and figures["figure"] >= self._best:
            self._best = figures["figure"]
            state = {**self._task.checkpoint(self.model), "step": self._step, "figures": figures}
            self._run.save(BEST, state)
        self._checks = int(share * CHECKS)
        self._save()

    def _side(self, share: float) -> int:
        return side(self._recipe, share, self._task.side)

    def _take_up(self) -> float:
        """Go on from the last checkpoint, where the folder has one; the seconds spent so far."""
        state = self._run.load(LAST)
        if state is None:
            return 0.0
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._scaler.load_state_dict(state["scaler"])
        self._step, self._best, self._mean_loss = state["step"], state["best"], state["mean_loss"]
        self._checks = state.get("checks", 0)  # older checkpoints lack it, and are validated once more
        spent = float(state["spent"])
        self._progress.say(f"resumed at step {self._step} after {spent / 60:.1f} minutes")
        return spent

    def _save(self) -> None:
        state: dict[str, Any] = {"model": self.model.state_dict(), "optimizer": self._optimizer.state_dict()}
        state |= {"scaler": self._scaler.state_dict(), "step": self._step, "best": self._best}
        state |= {"checks": self._checks, "mean_loss": self._mean_loss}
        self._run.save(LAST, {**state, "spent": self._clock.spent})
