"""The manifest of a trained refiner."""

from __future__ import annotations

from typing import Any

from facecap.conversion.network_onnx import INPUT
from facecap.training.inputs import section
from facecap.training.recipe import Recipe
from facecap.training.refiner.augment import BORDER, SIDE

ARCHITECTURE = "face_refiner"
RECIPE = Recipe("default", 35.0, None, 96, 3e-3, 0.02, "adamw", "cosine", network=ARCHITECTURE)
ROLES = ("face", "points", "blur")
TEXT = (
    "face_refiner from {origin}. {method}, batches of {batch}, half of them faces in the boxes that "
    "detectors give them, half what detectors take for faces where neither a teacher nor another "
    "detector sees one. Points by people count five times those of the teacher. Jittered boxes, turns, "
    "flips, low resolution, covers, blur of known degree, light, noise, JPEG. not_a_face is the "
    "probability below which 1 % of the held out faces lie."
)
LICENCE = "Apache-2.0 for the code; the weights were trained on pictures for research use only: research use"


def manifest(recipe: Recipe, origin: str, not_a_face: float, crops: dict[str, int]) -> dict[str, Any]:
    """Everything of the manifest but `schema` and `file`; `crops` counts what was trained on."""
    text = TEXT.format(origin=origin, method=recipe.method(), batch=recipe.batch)
    return {
        "name": "refiner",
        "task": "face_refinement",
        "architecture": ARCHITECTURE,
        "input": section(INPUT, SIDE),
        "outputs": [{"role": role, "name": role} for role in ROLES],
        "refiner": {"crop_border": BORDER, "not_a_face": not_a_face},
        "licence": LICENCE,
        "origin": f"trained by facecap train refiner from {origin}",
        "training": {
            "data": {"crops": crops},
            "starting_point": origin,
            "recipe": text,
            "command": f"facecap train refiner --crops CROPS --out RUN {recipe.tuning(RECIPE)}",
            "seed": recipe.seed,
        },
    }
