"""A classifier's figures on the pictures that its run did not learn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facecap.conversion.cvimodel.answers import Arrays, Evaluation, answers_of, evenly_readable
from facecap.conversion.cvimodel.judge import Figures
from facecap.conversion.cvimodel.steps import Steps, hash_of
from facecap.conversion.equality import ConversionError
from facecap.evaluation.classifier.image_folder import ImageFolder, Item, centre_crop
from facecap.evaluation.classifier.model import ClassifierModel
from facecap.evaluation.classifier.parts import read_part
from facecap.evaluation.classifier.report import label_order
from facecap.evaluation.classifier.top_k import hits
from facecap.training.classifier.data import read_split
from facecap.training.mask.class_folders import ClassFolders

Logits = NDArray[np.float32]


class Labelled(NamedTuple):
    """Pictures, and the output of the model for each (N,)."""

    items: list[Item]
    labels: NDArray[np.int64]


def check_classes(
    steps: Steps, models: Mapping[str, Path], pictures: Labelled, tell: Callable[[str], None]
) -> Evaluation:
    """Top-1, and what each model keeps of the first one's answers to `pictures`."""
    items, labels = pictures
    wanted: Logits | None = None
    figures: dict[str, Figures] = {}
    for name, path in models.items():
        chunks = answers_of(steps, path, items, _name, _answerer(path), tell)
        found = np.concatenate([chunk["logits"] for chunk in chunks])
        wanted = found if wanted is None else wanted
        figures[name] = measure(wanted, found, labels)
    return Evaluation(f"validation part, {len(set(labels.tolist()))} classes", len(items), figures)


def draw_labelled(manifest: Mapping[str, Any], data: Path, count: int, how: ClassFolders) -> Labelled:
    """`count` pictures of the part that validates, its classes in turn; what cannot be read is named on
    standard error, and others stand in.

    Raises:
        FacecapError: the classes are not the model's, or no picture can be read.
    """
    folder = _held_out(data, int(manifest.get("training", {}).get("seed", 0)))
    order = label_order(manifest["classifier"]["classes"], manifest["name"], folder)
    by_class: dict[int, list[Item]] = {}
    for item in folder.items:
        by_class.setdefault(item.label, []).append(item)
    groups = [by_class[label] for label in sorted(by_class)]
    items = evenly_readable(groups, count, lambda item: item.rgb() is not None)
    if not items:
        raise ConversionError(f"{data}: no picture of the part that validates can be read")
    return Labelled(items, order[[item.label for item in items]])


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
