"""`facecap train embedder`: MobileFaceNet by an angular margin, to a folder with its curves and model."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from typing import Any

import cv2
import torch

from facecap.conversion.export_run import export_run
from facecap.conversion.manifest import update_manifest
from facecap.evaluation.detector.scaled_detector import ScaledDetector
from facecap.evaluation.report import counted
from facecap.training import execution
from facecap.training.embedder.arcface import ArcFace, Margined
from facecap.training.embedder.data import SIDE, load_faces, split_people
from facecap.training.embedder.people import read_excluded, read_people
from facecap.training.embedder.task import DIMENSIONS, EmbedderTask
from facecap.training.loop import Loop
from facecap.training.recipe import Recipe, tuned, unsaid
from facecap.training.run import BEST, Progress, RunFolder, TrainingError
from facecap.training.start import RANDOM, begin, from_options

NAME = "embedder_mobilefacenet"
LICENCE = "unknown: that of the pictures"
RECIPE = Recipe("default", 30.0, None, 64, 1e-3, 0.05, "adamw", "cosine", network="mobilefacenet")


def train(args: argparse.Namespace) -> int:
    """Train by the options of the command line; returns the exit code."""
    start_path = None if args.start is None else str(args.start)
    recipe = tuned(replace(RECIPE, start=start_path), args)
    machine = execution.choose(args.device, args.precision)
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(0)  # its thread pool does not survive the fork of the workers
    progress = Progress()
    excluded = read_excluded(args.data, args.exclude)
    if not excluded:
        progress.say("nobody is excluded by name: do not judge this model by LFW; see --exclude")
    people = read_people(args.data, excluded)
    progress.say(f"{people}; {machine}")
    learning, held = split_people(people.people, recipe.seed)
    start = from_options(recipe, DIMENSIONS)
    if start is not None and start.folded:
        raise TrainingError(f"--start {args.start}: its batch norms are folded; give the best.pt of its run")
    detector = ScaledDetector(None, SIDE)
    faces, held_out = (load_faces(part, detector) for part in (learning, held))
    data = {
        "people": faces.people,
        "faces": len(faces.labels),
        "people held out": held_out.people,
        "faces held out": len(held_out.labels),
        "names excluded": len(excluded),
        "people excluded": people.excluded,
    }
    progress.say(counted({name: count for name, count in data.items() if isinstance(count, int)}))
    config = {"task": "embedder", "data": data, "margin": args.margin, "scale": args.scale}
    run = RunFolder(args.out, {**config, **asdict(recipe)}, unsaid(RECIPE))
    origin = RANDOM if start is None else start.origin
    task = EmbedderTask(recipe, faces, held_out, args.workers, about(args, recipe, origin, data))
    network = begin(recipe, DIMENSIONS, start)
    model = Margined(network, ArcFace(DIMENSIONS, faces.people, args.scale, args.margin))
    Loop(recipe, task, model, run, progress, machine).fit()
    finish(run, task)
    progress.say(f"model, manifest, curves and checkpoints: {run.path}")
    return 0


def about(args: argparse.Namespace, recipe: Recipe, origin: str, data: dict[str, Any]) -> dict[str, Any]:
    """What the manifest says of the run."""
    options = f"{recipe.tuning(RECIPE)} --margin {args.margin:g} --scale {args.scale:g}"
    return {
        "name": NAME.replace("_", "-"),
        "licence": LICENCE,
        "origin": f"trained from {origin} by facecap train embedder",
        "training": {
            "data": data,
            "starting_point": origin,
            "recipe": f"ArcFace, scale {args.scale:g}, margin {args.margin:g} rad; "
            f"{recipe.method()}; faces flipped, moved by a few pixels, some degraded. same_person lets 1 % "
            "of the held-out different pairs in.",
            "command": f"facecap train embedder --data DATA --out RUN {options}",
            "seed": recipe.seed,
        },
    }


def finish(run: RunFolder, task: EmbedderTask) -> None:
    """Export the best checkpoint and note its figures in the manifest."""
    state = run.load(BEST)
    assert state is not None
    path = run.path / f"{NAME}.onnx"
    export_run(state, run.path / BEST, path, {})
    rows = [
        {
            "measure": {"figure": "held-out ROC area"}.get(name, name),
            "dataset": f"people held out, {len(task.pairs.same)} pairs",
            "value": round(value, 5),
            "command": state["manifest"]["training"]["command"],
        }
        for name, value in state["figures"].items()
    ]
    update_manifest(path.with_suffix(".json"), {"figures": rows})
