"""What decides a classifier's training run: how long, how fast, from where, and which network."""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, replace
from typing import Any, Literal

from torch import nn
from torch.optim import Adam, AdamW, Optimizer

from facecap.training.backbone import check_network, takes_side
from facecap.training.run import TrainingError


@dataclass(frozen=True)
class Recipe:
    """A recipe; `minutes` bounds it by time, else `epochs` by passes over the data."""

    preset: str
    minutes: float | None
    epochs: int | None
    batch: int
    learning_rate: float
    weight_decay: float
    decay: Literal["l2", "decoupled"]  # in the gradient of Adam, or beside it in AdamW
    schedule: Literal["constant", "cosine"]
    small_side: int | None = None  # px of the first part of the run
    small_share: float = 0.0  # of the run
    seed: int = 0
    network: str = "ghostnet_1.0x"
    start: str | None = None
    new_head: bool = False
    freeze_backbone: bool = False
    per_tensor: bool = False  # one scale for the weights of a layer, of the preset qat

    def options(self) -> str:
        """What to type to get this recipe, but for the data and the run folder."""
        length = f"--epochs {self.epochs}" if self.minutes is None else f"--minutes {self.minutes:g}"
        words = [f"--network {self.network} --preset {self.preset} {length}"]
        words += [f"--batch {self.batch} --seed {self.seed}"]
        words += ["--start BEST.pt"] * (self.start is not None)
        words += ["--new-head"] * self.new_head + ["--freeze-backbone"] * self.freeze_backbone
        words += ["--per-tensor"] * self.per_tensor
        return " ".join(words)


def choose(presets: dict[str, Recipe], args: argparse.Namespace) -> Recipe:
    """The preset that the command line names, changed by what else it says.

    Raises:
        FacecapError: no network has the name; `renew`, `refine` or `qat` without a start, or options of a
            start or of `qat` without it.
    """
    check_network(args.network)
    recipe = presets[args.preset]
    if args.start is None:
        for asked, option in (
            (args.preset in ("renew", "refine", "qat"), f"--preset {args.preset}"),
            (args.new_head, "--new-head"),
            (args.freeze_backbone, "--freeze-backbone"),
        ):
            if asked:
                raise TrainingError(f"{option} needs --start: give the best.pt of an earlier run")
    if args.per_tensor and args.preset != "qat":
        raise TrainingError("--per-tensor is for --preset qat, the one that rounds")
    changes: dict[str, Any] = {"seed": args.seed, "network": args.network}
    changes |= {"new_head": args.new_head, "freeze_backbone": args.freeze_backbone}
    changes["per_tensor"] = args.per_tensor
    changes["start"] = None if args.start is None else str(args.start)
    if args.batch is not None:
        changes["batch"] = args.batch
    if args.minutes is not None or args.epochs is not None:
        changes |= {"minutes": args.minutes, "epochs": args.epochs}
    if recipe.small_side and not takes_side(args.network, recipe.small_side):
        changes |= {"small_side": None, "small_share": 0.0}
    return replace(recipe, **changes)


def optimizer(recipe: Recipe, model: nn.Module) -> Optimizer:
    """Adam with L2, or AdamW whose decay reaches weights and scales, but no bias; of what may learn."""
    learning = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    if recipe.decay == "l2":
        return Adam([p for _, p in learning], recipe.learning_rate, weight_decay=recipe.weight_decay)
    biases = [p for name, p in learning if name.endswith("bias")]
    others = [p for name, p in learning if not name.endswith("bias")]
    groups: list[dict[str, Any]] = [{"params": others}, {"params": biases, "weight_decay": 0.0}]
    return AdamW(groups, recipe.learning_rate, weight_decay=recipe.weight_decay)


def learning_rate(recipe: Recipe, share: float) -> float:
    """At this share of the run: constant, or up over the first 3 %, then down by a cosine."""
    if recipe.schedule == "constant":
        return recipe.learning_rate
    warm = min(1.0, 0.02 + share / 0.03)
    return recipe.learning_rate * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share)))


def side(recipe: Recipe, share: float, full: int) -> int:
    """Side of the pictures in px at this share of the run."""
    return recipe.small_side if recipe.small_side and share < recipe.small_share else full
