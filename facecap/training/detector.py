"""Fine-tunes RetinaFace from given weights: short, at a low rate, and on a leash back to where it started."""

from __future__ import annotations

import argparse
import copy
import math
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from facecap.conversion.checkpoint import load_network
from facecap.conversion.import_checkpoint import MIN_SIZES, VARIANCES
from facecap.conversion.priors import prior_boxes
from facecap.training.detector_augment import CanvasMaker
from facecap.training.detector_choice import FACTORS, choose
from facecap.training.detector_data import Source, load_sources, read_pictures
from facecap.training.detector_loss import LossWeights, Rows, detection_loss, targets
from facecap.training.detector_weights import fold_norms, interpolate, unfold_norms
from facecap.training.retinaface import MOBILENET, RetinaFace, flatten
from facecap.training.run import LAST, Clock, Progress, RunFolder, TrainingError, seed_all

MEAN = np.array([104, 117, 123], np.float32)
KEPT_SHARE = 0.999  # of the running average of the weights, a step
REPORT_EVERY = 50  # steps
SAVE_EVERY = 250  # steps
RECIPE = (
    "first stage frozen, batch norm folded; AdamW {rate:g}, cosine, {minutes:g} minutes, {batch} canvases of "
    "{side} px a step; the teacher's sure faces as positives, 15 hard negatives to each, the starting "
    "network's own answers on all else; averaged weights, then part of the way back to the start, chosen on "
    "held-out pictures"
)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a run."""

    start: str
    data: str
    photos: str
    minutes: float
    batch: int
    side: int
    rate: float
    seed: int


class _Canvases(IterableDataset[tuple[Tensor, Tensor, Tensor]]):
    """Endless canvases with the targets of their priors."""

    def __init__(self, sources: list[Source], recipe: Recipe, layout: str, skip: int) -> None:
        self._sources, self._recipe, self._skip = sources, recipe, skip
        self._priors = prior_boxes(recipe.side, recipe.side, MIN_SIZES[layout])

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        worker = torch.utils.data.get_worker_info()
        seed = hash((self._recipe.seed, self._skip, worker.id if worker else 0)) % 2**32
        maker = CanvasMaker(self._sources, self._recipe.side, seed)
        while True:
            canvas = maker.draw()
            labels, deltas = targets(self._priors, canvas.faces, canvas.certain, (VARIANCES[0], VARIANCES[1]))
            image = canvas.image.astype(np.float32) - MEAN
            yield (
                torch.from_numpy(image).permute(2, 0, 1),
                torch.from_numpy(labels),
                torch.from_numpy(deltas),
            )


def train(args: argparse.Namespace) -> int:
    """`facecap train detector`: fine-tune, then keep every stage in the run folder."""
    recipe = Recipe(
        start=str(args.start),
        data=str(args.data),
        photos=str(args.photos or ""),
        minutes=args.minutes,
        batch=args.batch,
        side=args.side,
        rate=args.rate,
        seed=args.seed,
    )
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(0)  # its pool of threads would not survive the fork of the workers
    seed_all(recipe.seed)
    folder = RunFolder(args.out, asdict(recipe))
    published = load_network(args.start)
    if published.layout != MOBILENET:
        raise TrainingError(f"{args.start}: has the layout {published.layout.name}, wanted {MOBILENET.name}")
    network = fold_norms(published).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    sources = load_sources(args.data, args.photos)
    if not any(source.held_out for source in sources):
        raise TrainingError(
            f"{args.data}: too few labelled pictures under detect/ to hold some out of training"
        )
    read_pictures(sources)
    for source in sources:
        faces = sum(int(p.certain.sum()) for p in source.train)
        print(f"{source.name}: {len(source.train)} pictures, {faces} faces", file=sys.stderr)
    average = _fit(network, sources, recipe, folder, args.workers)
    start = fold_norms(published).state_dict()
    ends = {factor: interpolate(start, average, factor) for factor in FACTORS}
    candidates = {factor: unfold_norms(end, published) for factor, end in ends.items()}
    about = {
        "name": "retinaface-mobilenet0.25",
        "licence": "start MIT; pictures and teacher labels for research use only: research use",
        "origin": f"fine-tuned from {args.start.name}",
        "training": {
            "data": {source.name: len(source.train) for source in sources},
            "starting_point": args.start.name,
            "recipe": RECIPE.format(**asdict(recipe)),
            "command": f"facecap train detector --start {args.start.name} --data DATA --photos PHOTOS "
            f"--out RUN --minutes {recipe.minutes:g} --rate {recipe.rate:g} --seed {recipe.seed}",
            "seed": recipe.seed,
        },
    }
    factor = choose(published, candidates, sources, folder.path, about)
    print(f"took {factor:g} of the way from the start", file=sys.stderr)
    return 0


def _fit(
    network: RetinaFace, sources: list[Source], recipe: Recipe, folder: RunFolder, workers: int
) -> dict[str, Tensor]:
    average, reference = copy.deepcopy(network), copy.deepcopy(network)
    network.body.get_submodule("stage1").requires_grad_(False)
    learning = [weight for weight in network.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(learning, recipe.rate, weight_decay=0.0)
    step, spent = 0, 0.0
    if state := folder.load(LAST):
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = int(state["step"]), float(state["spent"])
    canvases = _Canvases(sources, recipe, network.layout.name, skip=step)
    loader = iter(DataLoader(canvases, recipe.batch, num_workers=workers))
    clock, progress = Clock(recipe.minutes * 60, spent), Progress()
    sums: dict[str, float] = {}

    def save() -> None:
        state = {"network": network.state_dict(), "average": average.state_dict()}
        position = {"optimizer": optimizer.state_dict(), "step": step, "spent": clock.spent}
        folder.save(LAST, {**state, **position})

    while (share := clock.share()) < 1:
        rate = recipe.rate * min(1.0, (step + 1) / 200) * 0.5 * (1 + math.cos(math.pi * share))
        for group in optimizer.param_groups:
            group["lr"] = rate
        parts = _step(network, reference, optimizer, next(loader))
        kept = min(KEPT_SHARE, (step + 1) / (step + 10))
        with torch.no_grad():
            for mean, now in zip(average.parameters(), network.parameters(), strict=True):
                mean.lerp_(now, 1 - kept)
        step += 1
        for key, value in parts.items():
            sums[key] = sums.get(key, 0.0) + value
        if step % REPORT_EVERY == 0:
            row = {key: value / REPORT_EVERY for key, value in sums.items()}
            folder.log({"step": step, **row})
            progress.update(
                share, clock, f"step {step}  " + "  ".join(f"{k} {v:.3f}" for k, v in row.items())
            )
            sums = {}
        if step % SAVE_EVERY == 0:
            save()
    save()
    folder.plot()
    return average.state_dict()


def _step(
    network: RetinaFace, reference: RetinaFace, optimizer: torch.optim.Optimizer, batch: list[Tensor]
) -> dict[str, float]:
    images, labels, deltas = batch
    with torch.autocast("cpu", torch.bfloat16):
        with torch.no_grad():
            fine = network.body.get_submodule("stage1")(images.contiguous(memory_format=torch.channels_last))
            known = _answer(reference, fine)
        answer = _answer(network, fine)
    parts = detection_loss(answer, known, labels, deltas, LossWeights())
    optimizer.zero_grad()
    parts["loss"].backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 10.0)
    optimizer.step()
    return {key: float(value.detach()) for key, value in parts.items()}


def _answer(network: RetinaFace, fine: Tensor) -> Rows:
    """The rows of `flatten`, from the frozen first stage on, as float32."""
    middle = network.body.get_submodule("stage2")(fine)
    coarse = network.body.get_submodule("stage3")(middle)
    boxes, logits, landmarks = flatten(network.answer([fine, middle, coarse]))
    return boxes.float(), logits.float(), landmarks.float()
