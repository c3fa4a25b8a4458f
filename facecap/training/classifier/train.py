"""`facecap train classifier`: a classifier of any classes, to a folder with weights, curves and the model."""

from __future__ import annotations

import argparse
from dataclasses import asdict

import cv2
import torch

from facecap.conversion.manifest import update_manifest
from facecap.evaluation.report import counted
from facecap.training import execution, model_file, processes, recipe
from facecap.training.backbone import takes_side
from facecap.training.cache import SharedCache
from facecap.training.classifier.data import Crops, Pictures, Split, read_split
from facecap.training.classifier.recipe import PRESETS, at_side
from facecap.training.classifier.task import ClassifierTask
from facecap.training.features import as_cached
from facecap.training.loop import Loop
from facecap.training.networks.registry import build
from facecap.training.recipe import Recipe
from facecap.training.run import BEST, Progress, RunFolder, TrainingError
from facecap.training.start import RANDOM, begin, from_options, measure_norms


def train(args: argparse.Namespace) -> int:
    """Train by the options of the command line; returns the exit code."""
    chosen = at_side(recipe.choose(PRESETS, args), args.side)
    if not takes_side(chosen.network, args.side):
        raise TrainingError(f"--side {args.side}: {chosen.network} takes no such pictures; give 112")
    machine = execution.choose(args.device, args.precision)
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(0)  # its thread pool does not survive the fork of the workers
    split = read_split(args.data, chosen.seed)
    classes = split.classes
    start = from_options(chosen, len(classes))
    counts = {"train": len(split.train), "val": len(split.val)}
    cache = SharedCache(sum(counts.values()), args.cache)
    pictures = Pictures(split.train, args.side, classes, cache)
    crops = Crops(split.val, args.side, classes, cache, first=counts["train"])
    config = {"task": "classifier", "classes": classes, "pictures": counts, "side": args.side}
    processes.check_batch(min(chosen.batch, counts["train"]))
    progress = Progress()
    progress.say(f"{len(classes)} classes, pictures: {counted(counts)}; {machine}")
    origin = RANDOM if start is None else start.origin
    task = ClassifierTask(chosen, origin, classes, pictures, crops, args.side, args.workers)
    with processes.joined(machine.device):
        run = RunFolder(args.out, {**config, **asdict(chosen)}, recipe.unsaid(PRESETS[chosen.preset]))
        model = begin(chosen, len(classes), start)
        measure_norms(model, start, task.batches(0), args.side)
        learnt = as_cached(task, model, chosen, machine, progress)
        Loop(chosen, learnt, model, run, progress, machine).fit()
    if processes.rank() == 0:
        finish(run, chosen, task, split)
        progress.say(f"model, manifest, curves and checkpoints: {run.path}")
    return 0


def finish(run: RunFolder, chosen: Recipe, task: ClassifierTask, split: Split) -> None:
    """Export the best checkpoint and note its figures in the manifest."""
    state = run.load(BEST)
    assert state is not None
    model = build(chosen.network, len(split.classes)).eval()
    model.load_state_dict(state["model"])
    path = run.path / f"{model_file.stem('classifier', chosen.network)}.onnx"
    manifest = task.manifest()
    model_file.export(model, path, manifest)
    part = "held out of DATA" if split.drawn else "of DATA/val"
    again = f"facecap eval classifier --data DATA --model {path.name}"
    rows = [
        {
            "measure": name.removeprefix("val "),
            "dataset": f"{task.crops.readable()} pictures {part}",
            "value": round(value, 5),
            "command": manifest["training"]["command"] if split.drawn else again,
        }
        for name, value in state["figures"].items()
        if name.startswith("val top")
    ]
    update_manifest(path.with_suffix(".json"), {"figures": rows})
