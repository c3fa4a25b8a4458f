"""What decides a classifier's training run: how long, how fast, from where, and which network."""

from __future__ import annotations

import argparse
import math
import shlex
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from facecap.training import processes
from facecap.training.backbone import check_network, takes_side
from facecap.training.run import TrainingError

MOMENTUM = 0.9  # of sgd
METHODS = {"adamw": "AdamW, weight decay", "adam": "Adam, L2", "sgd": f"SGD with momentum {MOMENTUM:g}, L2"}
# Field of a recipe -> the option that changes it.
TUNED = {
    "learning_rate": "rate",
    "warm_up": "warm-up",
    "weight_decay": "weight-decay",
    "optimizer": "optimizer",
    "focal_alpha": "focal-alpha",
    "validations": "validations",
}


@dataclass(frozen=True)
class Recipe:
    """A recipe; `minutes` bounds it by time, else `epochs` by passes over the data."""

    preset: str
    minutes: float | None
    epochs: int | None
    batch: int
    learning_rate: float
    weight_decay: float
    optimizer: Literal["adamw", "adam", "sgd"]  # weight decay is in the gradient, but of adamw beside it
    schedule: Literal["constant", "cosine"]
    small_side: int | None = None  # px of the first part of the run
    small_share: float = 0.0  # of the run
    seed: int = 0
    network: str = "ghostnet_1.0x"
    start: str | None = None
    new_head: bool = False
    freeze_backbone: bool = False
    per_tensor: bool = False  # one scale for the weights of a layer, of the preset qat
    warm_up: float = 0.03  # share of the run in which the rate rises
    validations: int = 10  # in a run
    focal_alpha: float | None = None  # focal loss with this weight of masks, else cross entropy
    cache_features: int | None = None  # passes whose features the head learns from, else pictures every time

    def options(self, preset: Recipe) -> str:
        """What to type to get this recipe from its preset, but for the data and the run folder."""
        words = [f"--network {self.network} --preset {self.preset} {self.tuning(preset)}"]
        words += ["--new-head"] * self.new_head + ["--freeze-backbone"] * self.freeze_backbone
        words += ["--per-tensor"] * self.per_tensor
        if self.cache_features is not None:
            words.append(f"--cache-features {self.cache_features}")
        return " ".join(words)

    def tuning(self, preset: Recipe) -> str:
        """The options of `tuned` that make this recipe of the preset, and the start by its file's name."""
        length = f"--epochs {self.epochs}" if self.minutes is None else f"--minutes {self.minutes:g}"
        words = [f"{length} --batch {self.batch} --seed {self.seed}"]
        for field, option in TUNED.items():
            value = getattr(self, field)
            if value != getattr(preset, field):
                words.append(f"--{option} {value if isinstance(value, str) else format(value, 'g')}")
        if self.start is not None:
            words += ["--start", shlex.quote(self.start.replace("\\", "/").rsplit("/", 1)[-1])]
        return " ".join(words)

    def method(self) -> str:
        """Optimizer, rate and schedule in words."""
        rising = f" after a rise over {100 * self.warm_up:g} % of the run" if self.warm_up else ""
        return (
            f"{METHODS[self.optimizer]} {self.weight_decay:g}, rate {self.learning_rate:g}, "
            f"{self.schedule}{rising}"
        )


def choose(presets: dict[str, Recipe], args: argparse.Namespace) -> Recipe:
    """The preset that the command line names, changed by what else it says.

    Raises:
        FacecapError: no network has the name; `renew` or `refine` without a start, or options that need a
            start, a frozen backbone or `qat` without it.
    """
    check_network(args.network)
    recipe = presets[args.preset]
    if args.start is None:
        for asked, option in (
            (args.preset in ("renew", "refine"), f"--preset {args.preset}"),
            (args.per_tensor, "--per-tensor"),
            (args.new_head, "--new-head"),
            (args.freeze_backbone, "--freeze-backbone"),
        ):
            if asked:
                raise TrainingError(f"{option} needs --start: give the best.pt of an earlier run")
        if args.preset == "qat":  # as long and as fast as other runs from random weights
            recipe = replace(presets["default"], preset="qat", small_side=None, small_share=0.0)
    if args.per_tensor and args.preset != "qat":
        raise TrainingError("--per-tensor is for --preset qat, the one that rounds")
    _check_cache(args)
    changes: dict[str, Any] = {"network": args.network, "per_tensor": args.per_tensor}
    changes |= {"new_head": args.new_head, "freeze_backbone": args.freeze_backbone}
    changes["start"] = None if args.start is None else str(args.start)
    changes["cache_features"] = args.cache_features
    if recipe.small_side and (args.cache_features or not takes_side(args.network, recipe.small_side)):
        changes |= {"small_side": None, "small_share": 0.0}
    return tuned(replace(recipe, **changes), args)


def _check_cache(args: argparse.Namespace) -> None:
    if args.cache_features is None:
        return
    for wrong, reason in (
        (not args.freeze_backbone, "needs --freeze-backbone: features of a backbone that learns do not stay"),
        (args.preset == "qat", "is not for --preset qat, whose ranges move"),
        (processes.count() > 1, "is for one process: start it without torchrun"),
    ):
        if wrong:
            raise TrainingError(f"--cache-features {reason}")


def tuned(recipe: Recipe, args: argparse.Namespace) -> Recipe:
    """The recipe, changed by what the command line says of length, batch, seed and the fields of TUNED."""
    given = {field: vars(args).get(option.replace("-", "_")) for field, option in TUNED.items()}
    changes = {field: value for field, value in {**given, "batch": args.batch}.items() if value is not None}
    if args.minutes is not None or args.epochs is not None:
        changes |= {"minutes": args.minutes, "epochs": args.epochs}
    return replace(recipe, seed=args.seed, **changes)


def unsaid(preset: Recipe) -> dict[str, Any]:
    """What a run of the preset did where the configuration that an older version kept of it lacks an option,
    or that of this version one of the older."""
    return {**asdict(preset), "decay": "l2" if preset.optimizer == "adam" else "decoupled"}


def optimizer(recipe: Recipe, model: nn.Module) -> Optimizer:
    """Adam or SGD with L2, or AdamW whose decay reaches weights and scales, but no bias; of what may
    learn."""
    learning = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimizer == "adam":
        return Adam([p for _, p in learning], rate, weight_decay=decay)
    if recipe.optimizer == "sgd":
        return SGD([p for _, p in learning], rate, MOMENTUM, weight_decay=decay)
    biases = [p for name, p in learning if name.endswith("bias")]
    others = [p for name, p in learning if not name.endswith("bias")]
    groups: list[dict[str, Any]] = [{"params": others}, {"params": biases, "weight_decay": 0.0}]
    return AdamW(groups, rate, weight_decay=decay)


def learning_rate(recipe: Recipe, share: float) -> float:
    """At this share of the run: up over its warm-up, beside it constant or down by a cosine."""
    rise = min(1.0, 0.02 + share / recipe.warm_up) if recipe.warm_up else 1.0
    fall = 1.0 if recipe.schedule == "constant" else 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * share))
    return recipe.learning_rate * rise * fall


def side(recipe: Recipe, share: float, full: int) -> int:
    """Side of the pictures in px at this share of the run."""
    return recipe.small_side if recipe.small_side and share < recipe.small_share else full
