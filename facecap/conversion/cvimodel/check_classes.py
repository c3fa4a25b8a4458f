"""A classifier's figures on the pictures that its run did not learn from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from facecap.conversion.cvimodel.answers import Arrays, Evaluation, answers_of, evenly
from facecap.conversion.cvimodel.judge import Figures
from facecap.conversion.cvimodel.steps import Steps, hash_of
from facecap.conversion.equality import ConversionError
from facecap.evaluation.classifier.image_folder import ImageFolder, Item, centre_crop
from facecap.evaluation.classifier.model import ClassifierModel
from facecap.evaluation.classifier.parts import read_part
from facecap.evaluation.classifier.report import label_order
from facecap.evaluation.classifier.top_k import hits
from facecap.models import manifest_text
from facecap.training.classifier.data import read_split

Logits = NDArray[np.float32]


def check_classes(
    steps: Steps, models: Mapping[str, Path], data: Path, count: int, tell: Callable[[str], None]
) -> Evaluation:
    """Top-1, and what each model keeps of the first one's answers, on `count` pictures of the part that
    validates, its classes in turn."""
    first = next(iter(models.values()))
    seed = json.loads(manifest_text(first)).get("training", {}).get("seed", 0)
    folder = _held_out(data, int(seed))
    by_class: dict[int, list[Item]] = {}
    for item in folder.items:
        by_class.setdefault(item.label, []).append(item)
    items = evenly([by_class[label] for label in sorted(by_class)], count)
    labels = label_order(ClassifierModel(first), folder)[[item.label for item in items]]
    wanted: Logits | None = None
    figures: dict[str, Figures] = {}
    for name, path in models.items():
        chunks = answers_of(steps, path, items, _name, _answerer(path), tell)
        found = np.concatenate([chunk["logits"] for chunk in chunks])
        wanted = found if wanted is None else wanted
        figures[name] = measure(wanted, found, labels)
    return Evaluation(f"validation part, {len(by_class)} classes", len(items), figures)


def _held_out(data: Path, seed: int) -> ImageFolder:
    """The part `val`, else what a run of this seed does not learn from."""
    val = read_part(data, "val")
    if val is not None:
        return val
    split = read_split(data, seed)
    return ImageFolder(split.classes, split.val)


def measure(wanted: Logits, found: Logits, labels: NDArray[np.int64]) -> Figures:
    """Figures of one model's logits (N, classes); `wanted` are those of the float model."""
    error = np.subtract(found, wanted, dtype=np.float64)
    return {
        "top-1": float(hits(found, labels, 1).mean()),
        "same class": float((found.argmax(1) == wanted.argmax(1)).mean()),
        "logit error": float(np.sqrt(np.mean(error**2))),
    }


def _answerer(path: Path) -> Callable[[Sequence[Item]], Arrays]:
    opened: list[ClassifierModel] = []

    def answer(items: Sequence[Item]) -> Arrays:
        if not opened:
            opened.append(ClassifierModel(path))
        model, rows = opened[0], []
        for item in items:
            image = item.rgb()
            if image is None:
                raise ConversionError(f"{item.path}: not a readable picture")
            rows.append(model.logits(centre_crop(image, *model.size)[None]))
        return {"logits": np.concatenate(rows)}

    return answer


def _name(item: Item) -> str:
    image = item.rgb()  # a file may hold many pictures
    return str(item.path) if image is None else hash_of(image.tobytes())
