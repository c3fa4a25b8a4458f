"""Starting from the checkpoint of an earlier run: its weights, with or without the head."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from facecap.conversion.checkpoint import CheckpointError, is_checkpoint, read_checkpoint, weights_in
from facecap.conversion.export_run import is_run
from facecap.conversion.onnx_weights import weights_of_onnx
from facecap.training import inputs, processes
from facecap.training.backbone import freeze_backbone, head_names
from facecap.training.batches import Batch
from facecap.training.folding import restore_norms
from facecap.training.networks.registry import build, recognise
from facecap.training.norms import fresh_statistics
from facecap.training.quantisation import Ranges, finish_state, is_rounded, prepare_qat, set_ranges
from facecap.training.recipe import Recipe
from facecap.training.run import TrainingError, seed_all

Weights = dict[str, Tensor]

NORM_BATCHES = 24  # of all processes together, of which statistics are taken
RANDOM = "random weights"  # the origin of a run without a start


@dataclass(frozen=True)
class Start:
    """Weights to start from; `whole` unless the head was dropped; `origin` says in words what they are.

    `ranges` are those of a run under rounding, by layer; `folded` where batch norms have no statistics, as in
    an ONNX file.
    """

    weights: Weights
    whole: bool
    origin: str
    ranges: Ranges = field(default_factory=dict)
    folded: bool = False


def from_options(recipe: Recipe, outputs: int) -> Start | None:
    """What the recipe starts from; None for random weights."""
    if recipe.start is None:
        return None
    return read_start(Path(recipe.start), recipe.network, outputs, recipe.new_head)


def read_start(path: Path, network: str, outputs: int, new_head: bool) -> Start:
    """The weights of a checkpoint, as they fit the asked network: the `best.pt` or `last.pt` of a run, a
    state_dict, or the ONNX file that a run left.

    The head is dropped when `new_head` says so or when it has another number of outputs.

    Raises:
        TrainingError: it is not a checkpoint, or one of another network.
    """
    try:
        folded = not is_checkpoint(path)
        checkpoint: dict[str, Any] = {} if folded else read_checkpoint(path)
        weights = weights_of_onnx(path, network) if folded else weights_in(checkpoint, path)
    except CheckpointError as error:
        raise TrainingError(f"{error}; to start from an earlier run give its best.pt") from error
    ranges: Ranges = checkpoint.get("ranges", {})
    if is_rounded(weights):
        weights, ranges = _finished(weights, network, path)
    if folded:
        found, origin = network, f"the model {path.name}"
        beside = path.with_suffix(".json")
        if beside.is_file():
            manifest = json.loads(beside.read_text(encoding="utf-8-sig"))
            origin += f" ({manifest.get('origin', 'of unknown origin')})"
    elif is_run(checkpoint):
        manifest = checkpoint["manifest"]
        found = manifest.get("architecture", network)
        origin = f"the best checkpoint of a run ({manifest.get('origin', 'of unknown origin')})"
    else:
        recognised = recognise(weights)
        found = network if recognised is None else recognised.network
        weights = weights if recognised is None else dict(recognised.weights)
        origin = f"the weights of {path.name}"
    if found != network:
        raise TrainingError(f"{path} holds {found}, wanted {network}: give --network {found}")
    wanted = build(network, outputs).state_dict()
    head = head_names(network)
    fits = all(name in weights and weights[name].shape == wanted[name].shape for name in head)
    dropped = head if new_head or not fits else frozenset[str]()
    kept = {name: value for name, value in weights.items() if name not in dropped}
    wrong = kept.keys() ^ (wanted.keys() - dropped)
    wrong |= {name for name in kept.keys() & wanted.keys() if kept[name].shape != wanted[name].shape}
    if wrong:
        raise TrainingError(
            f"{path} does not fit {network} ({len(wrong)} weights differ, {min(wrong)} for one); "
            "give its best.pt, and the --network that it was trained with"
        )
    return Start(kept, not dropped, origin + ", with its ranges" * bool(ranges), ranges, folded)


def _finished(weights: Weights, network: str, path: Path) -> tuple[Weights, Ranges]:
    """Of a run under rounding that stands at its `last.pt`."""
    counts = {len(weights[name]) for name in head_names(network) if name in weights}
    finished = [finish_state(build(network, count), weights) for count in counts]
    if not finished or finished[0] is None:
        raise TrainingError(f"{path} holds a run of another network than {network}: give its --network")
    return finished[0]


def begin(recipe: Recipe, outputs: int, start: Start | None) -> nn.Module:
    """The network at the beginning of a run; what the start does not bring is drawn by the seed."""
    seed_all(recipe.seed)
    model = build(recipe.network, outputs)
    if start is not None:
        model.load_state_dict({**model.state_dict(), **start.weights})
    if recipe.freeze_backbone:
        freeze_backbone(model, recipe.network)
    if recipe.preset != "qat":
        return model
    rounded = prepare_qat(model, not recipe.per_tensor, fold=start is not None)
    if start is not None:
        set_ranges(rounded, start.ranges)
    return rounded


def measure_norms(model: nn.Module, start: Start | None, batches: Iterable[Batch], side: int) -> None:
    """Where batch norms of the start have no statistics, take those of the run's first pictures.

    Args:
        model: as `begin` made it.
        start: what it began from.
        batches: of the run.
        side: px of the network's input.
    """
    if start is not None and start.folded:
        restore_norms(model, _first_inputs(batches, side, NORM_BATCHES))


def take_statistics(model: nn.Module, batches: Iterable[Batch], side: int) -> None:
    """Give batch norms whose weights were blended the statistics of the first of the batches; frozen ones
    keep theirs. It is the work of one process, which reads more batches where it has a part of each."""
    with fresh_statistics(model), torch.no_grad():
        for pictures in _first_inputs(batches, side, NORM_BATCHES * processes.count()):
            model(pictures)


def _first_inputs(batches: Iterable[Batch], side: int, count: int) -> Iterator[Tensor]:
    return (inputs.prepare(pictures, side) for pictures, _ in islice(batches, count))


def blend(start: Weights, end: Weights, share: float) -> Weights:
    """Weights on the line from `start` (share 0) to `end` (share 1); counters are the end's."""
    return {
        name: start[name].lerp(value, share) if value.is_floating_point() else value
        for name, value in end.items()
    }
