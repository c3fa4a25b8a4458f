"""The trained mask classifier as a model file and its manifest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from facecap.conversion.ghostnet_onnx import INPUT, OUTPUT, to_onnx
from facecap.conversion.manifest import update_manifest, write_model
from facecap.evaluation.classification import unknown_band
from facecap.evaluation.mask_sets import MaskSet
from facecap.training.mask_augment import BORDER, SIDE
from facecap.training.mask_recipe import Recipe
from facecap.training.mask_steps import MEAN, STD, predict
from facecap.training.networks.ghostnet import GhostNet

NAME = "mask_ghostnet"
SHOWN = ("AP", "AUC", "accuracy", "bare called bare", "masked called masked", "calibration error", "unknown")
START = "GhostNet 1.0x, one logit, from random weights. "
RECIPES = {
    "default": START + "AdamW 2e-3, cosine, weight decay 0.05 on weights and scales, label smoothing "
    "0.03; the first 40 % of the time at 64 px, then 112. Half masked: real masks, drawn ones, real ones "
    "warped onto bare faces; half bare: as they are, behind drawn hands, objects, cloth and beards, with "
    "another bare lower face. Jittered boxes, turns, flips, blur, low resolution, JPEG, light, noise.",
    "refine": "From the best checkpoint of a run of the default preset (GhostNet 1.0x, one logit, from "
    "random weights; real, drawn and warped masks, bare faces behind drawn things): AdamW 5e-4, cosine, "
    "weight decay 0.05, label smoothing 0.03, at 112 px on the real faces of every source as they are, "
    "flips and turns up to 30 degrees; then 0.7 of the way from the checkpoint to the end of this run, by "
    "weights.",
    "mission": START + "Adam 1e-4, L2 1e-6, focal loss alpha 0.34, batch 64, flips, turns up to 30 degrees, "
    "mask/ alone.",
}
STARTS = {
    "default": "random weights",
    "mission": "random weights",
    "refine": "the best checkpoint of a run of the default preset, itself from random weights",
}
BAND = (
    " The unknown band is the narrowest, symmetric in log odds, that holds 60 % of the wrong answers on the "
    "validation and calibration faces, but at most 3 % of the right ones."
)
LICENCE = "MIT for the code; the weights were trained on pictures for research use only: research use"


def export(
    model: GhostNet, folder: Path, recipe: Recipe, sets: Sequence[MaskSet], faces: dict[str, int]
) -> Path:
    """Write `mask_ghostnet.onnx` and its manifest into the folder; `sets` choose the unknown band."""
    chance = np.concatenate([predict(model, part.crops) for part in sets])
    band = unknown_band(chance, np.concatenate([part.masked for part in sets]))
    manifest = {
        "name": NAME.replace("_", "-"),
        "task": "mask",
        "architecture": "ghostnet_1.0x",
        "input": {
            "name": INPUT,
            "width": SIDE,
            "height": SIDE,
            "fit": "fixed",
            "color": "rgb",
            "mean": [MEAN] * 3,
            "std": [STD] * 3,
        },
        "outputs": [{"role": "logits", "name": OUTPUT}],
        "classifier": {
            "output": "sigmoid",
            "classes": ["no_mask", "mask"],
            "unknown": list(band),
            "crop_border": BORDER,
        },
        "licence": LICENCE,
        "origin": f"trained from {STARTS[recipe.preset]} by facecap train mask, preset {recipe.preset}",
        "training": {
            "data": {"faces": faces, "split": "train"},
            "starting_point": STARTS[recipe.preset],
            "recipe": RECIPES[recipe.preset] + BAND,
            "command": _command(recipe),
            "seed": recipe.seed,
        },
    }
    path = folder / f"{NAME}.onnx"
    write_model(path, to_onnx(model, SIDE), manifest)
    return path


def add_figures(path: Path, figures: dict[str, dict[str, Any]]) -> None:
    """Put what `facecap eval mask` measured on the validation split into the manifest beside the model."""
    rows = [
        {
            "measure": measure,
            "dataset": f"{name} val, {entry['faces']} faces",
            "value": round(entry[measure], 5),
            "command": f"facecap eval mask --data DATA --model {path.name}",
        }
        for name, entry in figures.items()
        for measure in SHOWN
        if measure in entry
    ]
    update_manifest(path.with_suffix(".json"), {"figures": rows})


def _command(recipe: Recipe) -> str:
    length = f"--epochs {recipe.epochs}" if recipe.minutes is None else f"--minutes {recipe.minutes:g}"
    options = f"--preset {recipe.preset} {length} --batch {recipe.batch} --seed {recipe.seed}"
    if recipe.preset == "refine":
        options += " --start BEST.pt"
    return f"facecap train mask --data DATA --out RUN {options}"
