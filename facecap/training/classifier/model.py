"""The manifest of a trained classifier of any classes."""

from __future__ import annotations

from typing import Any

from facecap.conversion.network_onnx import INPUT, LOGITS
from facecap.training.classifier.batches import DEGREES
from facecap.training.classifier.recipe import PRESETS, SMOOTHING
from facecap.training.inputs import section
from facecap.training.model_file import head_only, stem
from facecap.training.quantisation import described
from facecap.training.recipe import Recipe

LICENCE = "of the weights: as the pictures that they were trained on allow"


def manifest(
    recipe: Recipe, origin: str, classes: list[str], side: int, pictures: dict[str, int]
) -> dict[str, Any]:
    """Everything of the manifest but `schema` and `file`.

    Args:
        recipe: of the run.
        origin: where the weights started.
        classes: in the order of the outputs.
        side: px of the input.
        pictures: how many there were in each part.
    """
    return {
        "name": stem("classifier", recipe.network).replace("_", "-"),
        "task": "classification",
        "architecture": recipe.network,
        "input": section(INPUT, side),
        "outputs": [{"role": "logits", "name": LOGITS}],
        "classifier": {"output": "softmax", "classes": classes},
        "licence": LICENCE,
        "origin": f"trained by facecap train classifier, preset {recipe.preset}, from {origin}",
        "training": {
            "data": {"pictures": pictures, "classes": len(classes)},
            "starting_point": origin,
            "recipe": _text(recipe, origin, side),
            "command": f"facecap train classifier --data DATA --out RUN --side {side} "
            f"{recipe.options(PRESETS[recipe.preset])}",
            "seed": recipe.seed,
        },
    }


def _text(recipe: Recipe, origin: str, side: int) -> str:
    words = [
        f"{recipe.network} from {origin}. {head_only(recipe)}{recipe.method()}",
        f"cross entropy with labels smoothed by {SMOOTHING:g}",
        f"random crops, flips, turns up to {DEGREES[recipe.preset]:g} degrees",
    ]
    if recipe.preset == "qat":
        folded = "batch norm folded, " * (recipe.start is not None)
        words.append(f"{folded}of every layer {described(recipe.per_tensor)}")
    if recipe.small_side is not None:
        words.append(f"the first {100 * recipe.small_share:g} % of the run at {recipe.small_side} px")
    return "; ".join([*words, f"{side} px."])
