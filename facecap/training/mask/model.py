"""The manifest of a trained mask classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from facecap.conversion.manifest import update_manifest
from facecap.conversion.network_onnx import INPUT, LOGITS
from facecap.training.inputs import section
from facecap.training.mask.augment import BORDER, SIDE
from facecap.training.mask.data import INCORRECT, SETS
from facecap.training.mask.recipe import COMPOSED, PRESETS, SMOOTHING
from facecap.training.model_file import head_only, stem
from facecap.training.quantisation import described
from facecap.training.recipe import Recipe

SHOWN = ("AP", "AUC", "accuracy", "bare called bare", "masked called masked", "calibration error", "unknown")
OPTION = {"occluded": " --occluders OCCLUDERS"}  # what a set needs
DRAWN = (
    "Half masked: real masks, drawn ones, real ones warped onto bare faces; half bare: as they are, behind "
    "drawn hands, objects, cloth and beards, with another bare lower face. Jittered boxes, turns, flips, "
    "blur, low resolution, JPEG, light, noise."
)
RECIPES = {
    "default": DRAWN,
    "renew": f"{DRAWN} Where the start had the same head, the model lies half-way, by weights, from it to "
    "the run's best checkpoint; batch norms that are not frozen then have statistics of their own.",
    "refine": "The real faces of every source as they are, flips and turns up to 30 degrees; then, where the "
    "start had the same head, 0.7 of the way from it to the end of this run, by weights; what the share of "
    "masks adds to the logit is taken out.",
    "qat": "The real faces of every source as they are, flips and turns up to 30 degrees. Of every layer ",
    "mission": "The faces of mask/ alone, flips and turns up to 30 degrees.",
}
CLASSES = ("no_mask", "mask", INCORRECT)
DRAWN_WRONGLY = (
    " A fifth of the crops is a third class, masks worn wrongly: drawn and real ones laid on bare faces with "
    "their upper edge below the nose or at the chin."
)
HIDDEN = " Of the bare faces, 30 % are behind cut-outs of hands, arms, scarves, bags, clothes and hair."
BAND = (
    " The unknown band is the narrowest, symmetric in log odds, that holds 60 % of the wrong answers on the "
    "validation and calibration faces, but at most 3 % of the right ones."
)
LICENCE = "Apache-2.0 for the code; the weights were trained on pictures for research use only: research use"


def manifest(
    recipe: Recipe,
    origin: str,
    band: tuple[float, float],
    faces: dict[str, int],
    occluders: int,
    folder_options: str = "",
    incorrect: bool = False,
) -> dict[str, Any]:
    """Everything of the manifest but `schema` and `file`; `faces` counts what was trained on.

    `origin` says where the weights started; `occluders` counts the real things that hid some of the faces;
    `folder_options` are those that say how class folders are read; `incorrect`: with the third class.
    """
    logits = "three logits" if incorrect else "one logit"
    text = f"{recipe.network}, {logits}, from {origin}. {head_only(recipe)}"
    text += f"{recipe.method()}, batch {recipe.batch}, {_loss(recipe)}, {_sides(recipe)}. "
    text += RECIPES[recipe.preset] + DRAWN_WRONGLY * incorrect
    if recipe.preset == "qat":
        text += f"{described(recipe.per_tensor)}{', batch norm folded' * (recipe.start is not None)}."
    further = sorted({name.rsplit(" ", 1)[0] for name in faces} - set(SETS))
    hidden = bool(occluders) and recipe.preset in COMPOSED
    return {
        "name": stem("mask", recipe.network).replace("_", "-"),
        "task": "mask",
        "architecture": recipe.network,
        "input": section(INPUT, SIDE),
        "outputs": [{"role": "logits", "name": LOGITS}],
        "classifier": {
            "output": "softmax" if incorrect else "sigmoid",
            "classes": list(CLASSES if incorrect else CLASSES[:2]),
            "unknown": list(band),
            "crop_border": BORDER,
        },
        "licence": LICENCE,
        "origin": f"trained by facecap train mask, preset {recipe.preset}, from {origin}",
        "training": {
            "data": {"faces": faces, "split": "train"} | ({"occluders": occluders} if hidden else {}),
            "starting_point": origin,
            "recipe": text + HIDDEN * hidden + BAND,
            "command": f"facecap train mask --data DATA --out RUN{folder_options} "
            + "--occluders OCCLUDERS " * hidden
            + "".join(f"--more {source} " for source in further)
            + "--incorrect " * incorrect
            + recipe.options(PRESETS[recipe.preset]),
            "seed": recipe.seed,
        },
    }


def _loss(recipe: Recipe) -> str:
    if recipe.focal_alpha is not None:
        return f"focal loss with alpha {recipe.focal_alpha:g}"
    return f"cross entropy with labels smoothed by {SMOOTHING:g}"


def _sides(recipe: Recipe) -> str:
    if recipe.small_side is None:
        return f"at {SIDE} px"
    return f"the first {100 * recipe.small_share:g} % of the run at {recipe.small_side} px, then {SIDE}"


def add_figures(path: Path, figures: dict[str, dict[str, Any]], folder_options: str = "") -> None:
    """Put what `facecap eval mask` measured on the validation split into the manifest beside the model;
    `folder_options` as of `manifest`."""
    rows = [
        {
            "measure": measure,
            "dataset": f"{name} val, {entry['faces']} faces",
            "value": round(entry[measure], 5),
            "command": f"facecap eval mask --data DATA --model {path.name}{folder_options}"
            + OPTION.get(name, ""),
        }
        for name, entry in figures.items()
        for measure in SHOWN
        if measure in entry
    ]
    update_manifest(path.with_suffix(".json"), {"figures": rows})
