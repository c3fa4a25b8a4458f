"""`facecap train mask`: a classifier of masked faces, to a folder with weights, curves and the model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path

import cv2
import torch
from torch import nn

from facecap import MaskClassifier
from facecap.evaluation.mask.answers import answer, measure, unknown_band
from facecap.evaluation.mask.sets import MaskSet, read_sets
from facecap.evaluation.mask.wrongly_worn import read_wrongly_worn
from facecap.evaluation.report import counted
from facecap.training import execution, model_file, processes, recipe
from facecap.training.backbone import freeze_backbone, head_names
from facecap.training.features import as_cached
from facecap.training.loop import Loop
from facecap.training.mask import model as mask_model
from facecap.training.mask.augment import SIDE
from facecap.training.mask.class_folders import from_options as class_folders_of
from facecap.training.mask.class_folders import read_labelled
from facecap.training.mask.data import describe, read_more
from facecap.training.mask.model import CLASSES
from facecap.training.mask.occluders import read_occluders
from facecap.training.mask.patches import check_landmarks, training_patches
from facecap.training.mask.recipe import BLENDED, COMPOSED, PRESETS
from facecap.training.mask.task import MaskTask
from facecap.training.networks.registry import build
from facecap.training.recipe import Recipe
from facecap.training.run import BEST, Progress, RunFolder, TrainingError
from facecap.training.start import (
    RANDOM,
    Weights,
    begin,
    blend,
    from_options,
    measure_norms,
    take_statistics,
)


def train(args: argparse.Namespace) -> int:
    """Train by the options of the command line; returns the exit code."""
    chosen = recipe.choose(PRESETS, args)
    machine = execution.choose(args.device, args.precision)
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(0)  # its thread pool does not survive the fork of the workers
    outputs = len(CLASSES) if args.incorrect else 1
    if args.incorrect and chosen.preset not in COMPOSED:
        raise TrainingError(f"--incorrect needs a preset that draws such faces: {' or '.join(COMPOSED)}")
    if args.incorrect and chosen.focal_alpha is not None:
        raise TrainingError("--focal-alpha is for two classes: leave it out, or --incorrect")
    start = from_options(chosen, outputs)
    how = class_folders_of(args)
    faces = read_labelled(args.data, "train", how)
    if chosen.preset == "mission":
        faces = [face for face in faces if face.source == "mask"]
    faces += [face for further in read_more(args.more, "train").values() for face in further]
    if not args.incorrect:
        faces = [face for face in faces if not face.incorrect]
    patches = training_patches(faces, args.cache)
    counts = describe(patches.faces)
    occluders = [] if args.occluders is None else read_occluders(args.occluders, "train")
    validation, calibration = (read_sets(args.data, split, args.occluders, how) for split in ("val", "calib"))
    worn = []
    if args.incorrect:
        held_out = read_labelled(args.data, "val", how)
        check_landmarks(patches.faces, "train")
        check_landmarks(held_out, "val")
        worn = read_wrongly_worn(held_out, (), "val")
    config = {"task": "mask", "faces": counts, "occluders": len(occluders), **asdict(chosen)}
    config |= {"class_folders": how.options()} if how.options() else {}
    config |= {"incorrect": True} if args.incorrect else {}
    composed = chosen.preset in COMPOSED
    processes.check_batch(chosen.batch if composed else min(chosen.batch, len(patches)))
    progress = Progress()
    progress.say(f"training faces: {counted(counts)}; {machine}")
    origin = RANDOM if start is None else start.origin
    task = MaskTask(
        chosen, origin, patches, occluders, validation, args.workers, how.options(), worn, args.incorrect
    )
    with processes.joined(machine.device):
        run = RunFolder(args.out, config, recipe.unsaid(PRESETS[chosen.preset]))
        model = begin(chosen, outputs, start)
        measure_norms(model, start, task.batches(0), SIDE)
        blends = chosen.preset in BLENDED and start is not None and start.whole
        began = deepcopy(model.state_dict()) if blends else None
        learnt = as_cached(task, model, chosen, machine, progress)
        Loop(chosen, learnt, model, run, progress, machine).fit()
    if processes.rank() == 0:
        finish(run, chosen, task, [*validation, *calibration], began, outputs)
        progress.say(f"model, manifest, curves and checkpoints: {run.path}")
    return 0


def finish(
    run: RunFolder,
    chosen: Recipe,
    task: MaskTask,
    sets: Sequence[MaskSet],
    began: Weights | None,
    outputs: int,
) -> Path:
    """Export the best checkpoint, measure it as it runs in production, note the figures in its manifest.

    It is first taken back towards the weights that the run began with, where these are given; a refined one
    answers as if both labels came as often.
    """
    state = run.load(BEST)
    assert state is not None
    share = 1.0 if began is None else BLENDED[chosen.preset]
    model = build(chosen.network, outputs).eval()
    model.load_state_dict(state["model"] if began is None else blend(began, state["model"], share))
    if began is not None and chosen.preset == "renew":
        if chosen.freeze_backbone:
            freeze_backbone(model, chosen.network)
        take_statistics(model, task.batches(0), SIDE)
    if chosen.preset == "refine":
        even_odds(model, chosen.network, task.label_odds() * share)
    path = run.path / f"{model_file.stem('mask', chosen.network)}.onnx"
    model_file.export(model, path, task.manifest(model, sets))
    classifier = MaskClassifier(str(path))
    band = unknown_band(classifier)
    answers = answer(classifier, [part for part in sets if part.split == "val"])
    figures = {entry.part.name: measure(entry, band) for entry in answers}
    mask_model.add_figures(path, figures, task.folder_options)
    return path


def even_odds(model: nn.Module, network: str, log_odds: float) -> None:
    """Take what the share of masks in training adds to the logit out of the last bias.

    A classifier learns log odds that hold the labels' own; without them it answers for equal chances (M.
    Saerens et al., 2002, "Adjusting the outputs of a classifier to new a priori probabilities").
    """
    bias = next(name for name in sorted(head_names(network)) if name.endswith("bias"))
    with torch.no_grad():
        model.get_parameter(bias).sub_(log_odds)
