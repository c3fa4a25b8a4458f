"""`facecap train classifier`: a classifier of any classes, to a folder with weights, curves and the model."""

from __future__ import annotations

import argparse
from dataclasses import asdict

import cv2
import torch

from facecap.conversion.manifest import update_manifest
from facecap.training import execution, model_file, recipe
from facecap.training.backbone import takes_side
from facecap.training.classifier.data import Split, load_crops, load_pictures, read_split
from facecap.training.classifier.recipe import PRESETS, at_side
from facecap.training.classifier.task import ClassifierTask
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
    pictures = load_pictures(split.train, args.side, classes)
    crops = load_crops(split.val, args.side, classes)
    counts = {"train": len(pictures.codes), "val": len(crops.labels)}
    config = {"task": "classifier", "classes": classes, "pictures": counts, "side": args.side}
    run = RunFolder(args.out, {**config, **asdict(chosen)})
    progress = Progress()
    progress.say(f"{len(classes)} classes, pictures: {counts}; {machine}")
    origin = RANDOM if start is None else start.origin
    task = ClassifierTask(chosen, origin, classes, pictures, crops, args.side, args.workers)
    model = begin(chosen, len(classes), start)
    measure_norms(model, start, task.batches(0), args.side)
    Loop(chosen, task, model, run, progress, machine).fit()
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
            "dataset": f"{len(task.crops.labels)} pictures {part}",
            "value": round(value, 5),
            "command": manifest["training"]["command"] if split.drawn else again,
        }
        for name, value in state["figures"].items()
        if name.startswith("val top")
    ]
    update_manifest(path.with_suffix(".json"), {"figures": rows})
