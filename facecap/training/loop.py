"""The training loop of every classifier: steps, validations, checkpoints, curves, resumption."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from facecap.training import processes
from facecap.training.batches import Batch
from facecap.training.execution import Execution
from facecap.training.norms import following_norms, fresh_statistics, train_mode
from facecap.training.quantisation import follow_run
from facecap.training.recipe import Recipe, learning_rate, optimizer, side
from facecap.training.run import BEST, LAST, Clock, Progress, RunFolder, TrainingError
from facecap.training.sharing import connect

SAVE_SECONDS = 60.0
FEWEST, MOST = 4, 16  # batches that statistics of batch norm are taken over before a validation
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


class Upcoming:
    """Batches in their order, which can be looked at before their turn."""

    def __init__(self, batches: Iterable[Batch]) -> None:
        self._batches = iter(batches)
        self._seen: deque[Batch] = deque()

    def next(self) -> Batch:
        """The next batch."""
        return self._seen.popleft() if self._seen else next(self._batches)

    def look(self, count: int) -> list[Batch]:
        """The next `count` batches, whose turn is still to come."""
        self._seen.extend(islice(self._batches, max(0, count - len(self._seen))))
        return list(islice(self._seen, count))


class Loop:
    """One run of one model, in one process or in several: see `processes`."""

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
        self._network = connect(self.model, execution)
        self._optimizer = optimizer(recipe, self.model)
        self._scaler = execution.scaler()
        self._step, self._best, self._mean_loss = 0, float("-inf"), math.nan
        self._checks, self._checked = 0, 0  # validations, and the step of the latest
        spent = self._take_up()
        self._clock = Clock(None if recipe.minutes is None else 60 * recipe.minutes, spent)
        self._steps = None if recipe.epochs is None else recipe.epochs * task.steps_per_epoch()

    def share(self) -> float:
        """Done part of the run, 0 to 1."""
        return self._clock.share() if self._steps is None else min(1.0, self._step / self._steps)

    def fit(self) -> None:
        """Train to the end; an interruption leaves a checkpoint to resume from."""
        if self._checks == self._recipe.validations:
            return
        saved = self._clock.spent
        with processes.noted_signals() as signals:
            upcoming = Upcoming(self._task.batches(self._step))
            try:
                while (share := self._agreed_share(signals)) < 1.0:
                    if int(share * self._recipe.validations) > self._checks:
                        self._check(share, upcoming)
                    self._train_step(*upcoming.next(), share)
                    text = f"step {self._step}  loss {self._mean_loss:.4f}  rate {self._rate(share):.2g}"
                    self._progress.update(share, self._clock, text)
                    if self._clock.spent - saved > SAVE_SECONDS:
                        self._save()
                        saved = self._clock.spent
            except KeyboardInterrupt:
                self._save()
                raise
            self._check(1.0, upcoming)

    def _agreed_share(self, signals: list[int]) -> float:
        """Of every process the same; where one was told to stop, all are interrupted."""
        share, stop = processes.agreed(self.share(), bool(signals))
        if stop:
            raise KeyboardInterrupt
        return share

    def _rate(self, share: float) -> float:
        return learning_rate(self._recipe, share)

    def _train_step(self, pictures: Tensor, labels: Tensor, share: float) -> None:
        if len(labels) < 2:
            raise TrainingError(
                "a step of one picture, batch norm needs two: give a larger --batch, or more data"
            )
        torch.manual_seed(self._recipe.seed + (self._step << 32))  # dropout, the same after a resumption
        train_mode(self.model)
        follow_run(self.model, share)
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate(share)
        loss = self._loss(self._network, (pictures, labels), share)
        self._note(float(processes.total(loss.detach().clone())) / processes.count())
        self._optimizer.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.unscale_(self._optimizer)
        nn.utils.clip_grad_norm_(self.model.parameters(), LARGEST_GRADIENT)
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._step += 1

    def _loss(self, network: nn.Module, batch: Batch, share: float) -> Tensor:
        device = self._execution.device
        pictures, labels = (part.to(device, non_blocking=True) for part in batch)
        with self._execution.autocast():
            return self._task.loss(network, pictures, labels, self._side(share))

    def _note(self, loss: float) -> None:
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is {loss} at step {self._step}: give --precision float32 or a larger --batch"
            )
        self._mean_loss = loss if math.isnan(self._mean_loss) else 0.98 * self._mean_loss + 0.02 * loss

    def _check(self, share: float, upcoming: Upcoming) -> None:
        """Take statistics of batch norm and validate with them, in the first process; the others go on."""
        self._take_statistics(share, upcoming)
        if processes.rank() == 0:
            self._validate(share)
        self._checks, self._checked = int(share * self._recipe.validations), self._step
        self._save()

    def _take_statistics(self, share: float, upcoming: Upcoming) -> None:
        """Over upcoming batches: they depend on the step alone, whether the run was interrupted or not."""
        if not following_norms(self.model):
            return
        count = min(MOST, max(FEWEST, self._step - self._checked))
        with torch.no_grad(), fresh_statistics(self.model):
            for batch in upcoming.look(count):
                self._loss(self.model, batch, share)

    def _validate(self, share: float) -> None:
        """The best checkpoint is the one with the highest `figure` at the full side."""
        figures = self._task.validate(self.model, self._side(share))
        row = {"step": self._step, "minutes": self._clock.spent / 60, "rate": self._rate(share)}
        self._run.log({**row, "loss": self._mean_loss, **figures})
        self._run.plot()
        self._progress.say("  ".join(f"{name} {value:.4f}" for name, value in figures.items()))
        if self._side(share) == self._task.side and figures["figure"] >= self._best:
            self._best = figures["figure"]
            state = {**self._task.checkpoint(self.model), "step": self._step, "figures": figures}
            self._run.save(BEST, state)

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
        # Older checkpoints lack these, and are validated once more.
        self._checks, self._checked = state.get("checks", 0), state.get("checked", 0)
        spent = float(state["spent"])
        self._progress.say(f"resumed at step {self._step} after {spent / 60:.1f} minutes")
        return spent

    def _save(self) -> None:
        state: dict[str, Any] = {"model": self.model.state_dict(), "optimizer": self._optimizer.state_dict()}
        state |= {"scaler": self._scaler.state_dict(), "step": self._step, "best": self._best}
        state |= {"checks": self._checks, "checked": self._checked, "mean_loss": self._mean_loss}
        self._run.save(LAST, {**state, "spent": self._clock.spent})
