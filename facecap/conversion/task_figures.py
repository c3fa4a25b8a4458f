"""The figures by which models of a task are compared: those of `facecap eval`, with its data read once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from facecap.errors import FacecapError
from facecap.training.mask.class_folders import AS_FOUND, ClassFolders

MASK = "mask"
Figures = dict[str, float]
Measure = Callable[[Path], Figures]


def measure_of(task: str, data: Path, occluders: Path | None = None, how: ClassFolders = AS_FOUND) -> Measure:
    """What measures a model file of this task; figures are shares between 0 and 1, and more is better but for
    false alarms and calibration errors. `occluders` adds the set `occluded` of mask classifiers, whose class
    folders are read as `how` says.

    Raises:
        FacecapError: the data of the task is not there, the task has no figures here, or a task other than
            `mask` is given occluders.
    """
    if task == MASK:
        return _mask(data, occluders, how)
    if occluders is not None:
        raise FacecapError(f"--occluders is for models of the task {MASK}; these are for {task}")
    if task not in _TASKS:
        raise FacecapError(f"models of the task {task} are not compared; wanted {', '.join((MASK, *_TASKS))}")
    return _TASKS[task](data)


def _detection(data: Path) -> Measure:
    from facecap.evaluation.detector.detection import detect_all, open_detector
    from facecap.evaluation.detector.report import TASKS

    sets = {name: task.read(data) for name, task in TASKS.items()}

    def measure(model: Path) -> Figures:
        detect = open_detector(model)
        figures: Figures = {}
        for name, pictures in sets.items():
            figures |= TASKS[name].measure(pictures, detect_all(detect, pictures)).figures
        return figures

    return measure


def _mask(data: Path, occluders: Path | None, how: ClassFolders) -> Measure:
    from facecap import MaskClassifier
    from facecap.evaluation.mask.answers import answer, measure, unknown_band
    from facecap.evaluation.mask.sets import read_sets

    sets = read_sets(data, "val", occluders, how)
    kept = ("AP", "accuracy", "calibration error", "unknown")

    def figures(model: Path) -> Figures:
        classifier = MaskClassifier(model)
        band = unknown_band(classifier)
        found = {entry.part.name: measure(entry, band) for entry in answer(classifier, sets)}
        return {f"{name} {key}": row[key] for name, row in found.items() for key in kept if key in row}

    return figures


def _classification(data: Path) -> Measure:
    from facecap.evaluation.classifier.model import ClassifierModel
    from facecap.evaluation.classifier.parts import read_measured
    from facecap.evaluation.classifier.report import answer, measure

    folder = read_measured(data)

    def figures(model: Path) -> Figures:
        opened = ClassifierModel(model)
        found = measure(opened, answer(opened, folder))
        return {key: found[key] for key in ("top-1", "top-5") if key in found}

    return figures


def _embedding(data: Path) -> Measure:
    from facecap import Embedder
    from facecap.evaluation.embedder import lfw

    pairs, faces = lfw.read_set(data)

    def figures(model: Path) -> Figures:
        found = lfw.measure(lfw.compare(Embedder(model), faces, pairs), pairs, faces)
        return {key: found[key] for key in lfw.COLUMNS if key in found}

    return figures


_TASKS: dict[str, Callable[[Path], Measure]] = {
    "face_detection": _detection,
    "classification": _classification,
    "face_embedding": _embedding,
}
