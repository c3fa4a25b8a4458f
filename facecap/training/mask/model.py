"""The manifest of a trained mask classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from facecap.conversion.manifest import update_manifest
from facecap.conversion.network_onnx import INPUT, LOGITS
from facecap.training.inputs import section
from facecap.training.mask.augment import BORDER, SIDE
from facecap.training.mask.data import INCORRECT, SETS
from facecap.training.mask.recipe import COMPOSED
from facecap.training.model_file import FROZEN, stem
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
    "default": "AdamW 2e-3, cosine, weight decay 0.05 on weights and scales, label smoothing 0.03; the first "
    f"40 % of the run at 64 px, then 112. {DRAWN}",
    "renew": "AdamW 5e-4, cosine, weight decay 0.05 on weights and scales, label smoothing 0.03, at 112 px. "
    + DRAWN,
    "refine": "AdamW 5e-4, cosine, weight decay 0.05, label smoothing 0.03, at 112 px on the real faces of "
    "every source as they are, flips and turns up to 30 degrees; then, where the start had the same head, "
    "0.7 of the way from it to the end of this run, by weights; what the share of masks adds to the logit is "
    "taken out.",
    "qat": "AdamW 1e-4, cosine, label smoothing 0.03, at 112 px on the real faces of every source, as "
    "they are, flips and turns up to 30 degrees; batch norm folded, of every layer ",
    "mission": "Adam 1e-4, L2 1e-6, focal loss alpha 0.34, batch 64, flips, turns up to 30 degrees, mask/ "
    "alone.",
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
    incorrect: bool = False,
) -> dict[str, Any]:
    """Everything of the manifest but `schema` and `file`; `faces` counts what was trained on.

    `origin` says where the weights started; `occluders` counts the real things that hid some of the faces;
    `incorrect`: with the third class.
    """
    logits = "three logits" if incorrect else "one logit"
    text = f"{recipe.network}, {logits}, from {origin}. {FROZEN * recipe.freeze_backbone}"
    text += RECIPES[recipe.preset] + DRAWN_WRONGLY * incorrect
    if recipe.preset == "qat":
        text += f"{described(recipe.per_tensor)}."
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
            "command": f"facecap train mask --data DATA --out RUN {'--occluders OCCLUDERS ' * hidden}"
            + "".join(f"--more {source} " for source in further)
            + "--incorrect " * incorrect
            + recipe.options(),
            "seed": recipe.seed,
        },
    }


def add_figures(path: Path, figures: dict[str, dict[str, Any]]) -> None:
    """Put what `facecap eval mask` measured on the validation split into the manifest beside the model."""
    rows = [
        {
            "measure": measure,
            "dataset": f"{name} val, {entry['faces']} faces",
            "value": round(entry[measure], 5),
            "command": f"facecap eval mask --data DATA --model {path.name}" + OPTION.get(name, ""),
        }
        for name, entry in figures.items()
        for measure in SHOWN
        if measure in entry
    ]
    update_manifest(path.with_suffix(".json"), {"figures": rows})
