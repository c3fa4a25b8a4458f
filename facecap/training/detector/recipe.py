"""What decides a detector's training run: the options, and the presets that they start from."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from facecap.training.quantisation import described
from facecap.training.run import TrainingError


@dataclass(frozen=True)
class Preset:
    """A way to train: how long, how fast, what is frozen and what the loss asks for.

    `leash`: teach only what the start gets wrong and keep its answers elsewhere, with the layers up to
    stride 8 frozen; without it every layer learns how sure the labellers are of a face. `smallest`: pixels,
    on smaller faces nothing is asked. `rounded`: under the rounding of int8, to the end of the way.
    `warm_up`: steps until the rate is reached.
    """

    minutes: float
    rate: float
    leash: bool
    smallest: float
    text: str
    rounded: bool = False
    warm_up: int = 200


PRESETS = {
    "finetune": Preset(
        minutes=20,
        rate=5e-5,
        leash=True,
        smallest=10.0,
        text="layers up to stride 8 frozen; the teacher's sure faces as positives, 15 hard negatives each, "
        "the starting network's own answers on all else",
    ),
    "distil": Preset(
        minutes=120,
        rate=6e-5,
        leash=False,
        smallest=7.0,
        text="every layer; of each score a share of the starting network's own, the rest says how sure the "
        "labellers are of a face there; their boxes",
    ),
    "qat": Preset(
        minutes=6,
        rate=1e-5,
        leash=False,
        smallest=7.0,
        text="every layer under the rounding of int8, else as distil",
        rounded=True,
        warm_up=20,
    ),
}


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run."""

    preset: str
    start: str
    data: str
    photos: str
    minutes: float
    batch: int
    side: int
    rate: float
    seed: int
    smallest: float
    start_share: float
    frozen: bool
    take: float = 0.0  # share of the way from the start, 0: chosen on held-out pictures
    per_tensor: bool = False

    @property
    def way(self) -> Preset:
        """The preset by its name."""
        return PRESETS[self.preset]

    def text(self) -> str:
        """One sentence for the manifest."""
        end = (
            f"; of every layer {described(self.per_tensor)}"
            if self.way.rounded
            else f", then {self.take:g} of the way from the start"
            if self.take
            else ", then part of the way back to the start, chosen on held-out pictures"
        )
        return (
            f"{self.preset}: batch norm folded; {self.way.text}; AdamW {self.rate:g}, cosine, "
            f"{self.minutes:g} minutes, {'layers up to stride 8 frozen, ' * self._freezes}"
            f"{self.batch} canvases of {self.side} px a step, faces from {self.smallest:g} px, "
            f"share of the start {self.start_share:g}; averaged weights{end}"
        )

    @property
    def _freezes(self) -> bool:
        """Whether more is frozen than the preset says."""
        return self.frozen and not self.way.leash

    def command(self) -> str:
        """What repeats the run, without the folders of this machine."""
        start = self.start.replace("\\", "/").rsplit("/", 1)[-1]
        flags = " --freeze" * self._freezes + " --per-tensor" * self.per_tensor
        flags += f" --take {self.take:g}" if self.take else ""
        return (
            f"facecap train detector --preset {self.preset} --start {start} --data DATA --photos PHOTOS "
            f"--out RUN --minutes {self.minutes:g} --rate {self.rate:g} --batch {self.batch} "
            f"--side {self.side} --smallest {self.smallest:g} --start-share {self.start_share:g} "
            f"--seed {self.seed}{flags}"
        )


def from_args(args: argparse.Namespace) -> Recipe:
    """The recipe of a command line; what it leaves open comes from the preset."""
    preset = PRESETS[args.preset]
    if args.side % 32:
        raise TrainingError(f"--side {args.side}: wanted a multiple of 32")
    if args.per_tensor and not preset.rounded:
        raise TrainingError("--per-tensor is for --preset qat, the one that rounds")
    return Recipe(
        preset=args.preset,
        start=str(args.start),
        data=str(args.data),
        photos=str(args.photos or ""),
        minutes=args.minutes or preset.minutes,
        batch=args.batch,
        side=args.side,
        rate=args.rate or preset.rate,
        seed=args.seed,
        smallest=args.smallest or preset.smallest,
        start_share=args.start_share,
        frozen=args.freeze or preset.leash,
        take=args.take,
        per_tensor=args.per_tensor,
    )
