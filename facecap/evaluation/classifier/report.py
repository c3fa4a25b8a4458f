"""`facecap eval classifier`: top-1 and top-5 on pictures in one folder a class."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap.conversion.model_source import as_model
from facecap.evaluation.classifier.image_folder import (
    FolderError,
    Image,
    ImageFolder,
    Item,
    centre_crop,
)
from facecap.evaluation.classifier.model import ClassifierModel
from facecap.evaluation.classifier.parts import read_measured
from facecap.evaluation.classifier.top_k import hits, ranks
from facecap.evaluation.curves import Curve, Panel
from facecap.evaluation.report import Rows, aligned, number, print_json, write_results

COLUMNS = ("pictures", "top-1", "top-5")
PANEL = Panel("top-1 by class, worst first", "share of the classes", "top-1")


def main(args: argparse.Namespace) -> int:
    """Measure by the options of the command line and print; returns the exit code."""
    folder = read_measured(args.data)
    results: dict[str, dict[str, Any]] = {}
    rows: dict[str, Rows] = {}
    with tempfile.TemporaryDirectory() as made:
        for name in args.model:
            model = as_model(name, Path(made))
            assert model is not None
            opened = ClassifierModel(
                model, runtime=args.runtime, provider=args.provider, threads=args.threads
            )
            answers = answer(opened, folder)
            results[str(name)] = measure(opened, answers)
            rows[str(name)] = picture_rows(opened, answers)
    if args.out is not None:
        curves = {name: {PANEL.title: _curve(figures)} for name, figures in results.items()}
        write_results(args.out, "classifier", results, [PANEL], curves, rows)
    if args.json:
        print_json(results)
    else:
        print(table(results))
    return 0


@dataclass(frozen=True)
class Answers:
    """Of each picture that could be read the logits (N, classes), and the output of its class (N,)."""

    pictures: list[str]
    logits: NDArray[np.float32]
    labels: NDArray[np.int64]


def answer(model: ClassifierModel, folder: ImageFolder) -> Answers:
    """Run the model over the folder; a damaged picture is named and left out.

    Raises:
        FolderError: the folder's classes are not the model's, or no picture could be read.
    """
    order = label_order(model.classes, model.info["path"], folder)
    logits: list[NDArray[np.float32]] = []
    read: list[Item] = []
    for crops, items in _batches(folder.items, model.size, model.batch):
        logits.append(model.logits(crops))
        read += items
    if not read:
        raise FolderError(f"none of the {len(folder.items)} pictures could be read: each is damaged")
    labels = order[[item.label for item in read]]
    return Answers([item.name for item in read], np.concatenate(logits), labels)


def picture_rows(model: ClassifierModel, answers: Answers) -> list[dict[str, Any]]:
    """One row a picture: `picture` with its folder, `label`, `answer`, the most probable class, its
    probability as `score`, and `rank`, the place of the label among all classes, 1 where it is right."""
    logits = answers.logits.astype(np.float64)
    chances = np.exp(logits - logits.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    return [
        {
            "picture": name,
            "label": model.classes[label],
            "answer": model.classes[best],
            "score": round(float(chance[best]), 6),
            "rank": int(rank),
        }
        for name, label, best, chance, rank in zip(
            answers.pictures,
            answers.labels,
            logits.argmax(1),
            chances,
            ranks(answers.logits, answers.labels),
            strict=True,
        )
    ]


def measure(model: ClassifierModel, answers: Answers) -> dict[str, Any]:
    """Shares between 0 and 1; top-5 only of more than five classes."""
    rows, truth = answers.logits, answers.labels
    right = hits(rows, truth, 1)
    figures: dict[str, Any] = {"pictures": len(truth), "top-1": float(right.mean())}
    if rows.shape[1] > 5:
        figures["top-5"] = float(hits(rows, truth, 5).mean())
    figures["top-1 by class"] = {
        name: float(right[truth == label].mean())
        for label, name in enumerate(model.classes)
        if (truth == label).any()
    }
    return figures


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Models in rows, figures in columns."""
    rows = [["model", *COLUMNS]]
    rows += [[name, *(number(row.get(column)) for column in COLUMNS)] for name, row in results.items()]
    return aligned(rows)


def _curve(figures: Mapping[str, Any]) -> Curve:
    by_class = np.sort(np.array(list(figures["top-1 by class"].values())))
    share = np.arange(1, len(by_class) + 1) / len(by_class)
    return Curve(share, by_class, f"top-1 {figures['top-1']:.3f}")


def label_order(classes: Sequence[str], model: str, folder: ImageFolder) -> NDArray[np.int64]:
    """The output for each class of the folder; numbers stand for themselves.

    Args:
        classes: names of the model's outputs.
        model: what a message calls it.
        folder: the labelled pictures.

    Raises:
        FolderError: the folder's classes are not the model's.
    """
    if not folder.classes:
        largest = max(item.label for item in folder.items)
        if largest >= len(classes):
            raise FolderError(
                f"{folder.items[0].path.parent}: a picture has the label {largest}, but {model} has "
                f"{len(classes)} classes, counted from 0"
            )
        return np.arange(len(classes))
    places = {name: place for place, name in enumerate(classes)}
    foreign = [name for name in folder.classes if name not in places]
    absent = [name for name in classes if name not in folder.classes]
    if foreign or absent:
        parts = [f"{name!r} is no class of the model" for name in foreign[:3]]
        parts += [f"the model's {name!r} has no folder" for name in absent[:3]]
        more = len(foreign) + len(absent) - len(parts)
        raise FolderError(
            f"{folder.items[0].path.parent.parent} and {model} differ by classes: "
            f"{'; '.join(parts)}{f'; and {more} more' if more else ''}"
        )
    return np.array([places[name] for name in folder.classes], np.int64)


def _batches(items: Sequence[Item], size: tuple[int, int], batch: int) -> Iterator[tuple[Image, list[Item]]]:
    for start in range(0, len(items), batch):
        pairs = [
            (centre_crop(image, *size), item)
            for item in items[start : start + batch]
            if (image := item.rgb()) is not None
        ]
        if pairs:
            yield np.stack([crop for crop, _ in pairs]), [item for _, item in pairs]
