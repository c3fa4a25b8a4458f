"""`facecap train refiner`: whether a crop shows a face, its five points and its blur, to a run folder."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import torch

from facecap.conversion.export_run import export_run
from facecap.evaluation.report import counted
from facecap.training import execution
from facecap.training.loop import Loop
from facecap.training.recipe import tuned, unsaid
from facecap.training.refiner.data import describe, read_crops
from facecap.training.refiner.model import RECIPE
from facecap.training.refiner.start import begin
from facecap.training.refiner.task import RefinerTask
from facecap.training.run import BEST, Progress, RunFolder, seed_all

MODEL = "refiner.onnx"


def train(args: argparse.Namespace) -> int:
    """Train by the options of the command line; returns the exit code."""
    start = None if args.start is None else str(args.start)
    recipe = tuned(replace(RECIPE, start=start), args)
    machine = execution.choose(args.device, args.precision)
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(0)  # its thread pool does not survive the fork of the workers
    crops, held_out = (read_crops(args.crops, part) for part in ("train", "val"))
    counts = describe(crops)
    run = RunFolder(args.out, {"task": "refiner", "crops": counts, **asdict(recipe)}, unsaid(RECIPE))
    progress = Progress()
    progress.say(f"training crops: {counted(counts)}; held out {len(held_out)}; {machine}")
    seed_all(recipe.seed)
    network, origin = begin(args.start)
    task = RefinerTask(recipe, origin, crops, held_out, args.workers)
    Loop(recipe, task, network, run, progress, machine).fit()
    progress.say(f"model, manifest, curves and checkpoints: {export(run)}")
    return 0


def export(run: RunFolder) -> Path:
    """The best checkpoint as `refiner.onnx` with its manifest; returns the folder."""
    state = run.load(BEST)
    assert state is not None
    export_run(state, run.path / BEST, run.path / MODEL, {})
    return run.path
