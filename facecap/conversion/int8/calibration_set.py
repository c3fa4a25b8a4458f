"""The pictures that calibrate a network: drawn evenly by class or by source, never from what evaluates it."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facecap import align_face, crop_face
from facecap.conversion.equality import ConversionError
from facecap.conversion.int8.calibration_faces import (
    Candidate,
    aligned_faces,
    calibration_faces,
    picture_groups,
)
from facecap.conversion.network_input import Floats, letterbox, normalized
from facecap.evaluation.classifier.cifar import is_cifar
from facecap.evaluation.classifier.image_folder import Item, centre_crop
from facecap.evaluation.classifier.parts import PARTS, class_names, read_part
from facecap.evaluation.report import counted
from facecap.sources.picture import read_picture
from facecap.sources.picture_header import PictureError
from facecap.training.classifier.data import read_split
from facecap.training.detector.data import load_sources
from facecap.training.mask.class_folders import AS_FOUND, ClassFolders
from facecap.training.mask.data import Face, face_box, is_pack

Entry = TypeVar("Entry")
Read = Callable[[], Floats]
Groups = dict[str, dict[str, list[Read]]]  # by class, then by source
OF_FACES = ("mask", "face_refinement")  # tasks whose networks see what `calibration_faces` gives


@dataclass(frozen=True)
class DataOptions:
    """What is said of the data beside its folder: labelled photographs that a detector was trained on too,
    and how class folders of faces are read."""

    photos: Path | None = None
    how: ClassFolders = AS_FOUND


AS_IS = DataOptions()


@dataclass
class CalibrationSet:
    """The class of each picture that was drawn, and how it becomes what the network is fed with; each is
    repeated for a network that takes a `batch` at once."""

    drawn: Sequence[tuple[str, Read]]
    batch: int = 1
    _unreadable: set[int] = field(default_factory=set, repr=False)

    def inputs(self, count: int | None = None) -> Iterator[Floats]:
        """The first `count` inputs that can be read, all when not given, read anew each time; what cannot be
        read is named on standard error, once, and left out."""
        return islice(self._readable(), count)

    @property
    def classes(self) -> dict[str, int]:
        """Pictures by class, without those that `inputs` has found unreadable."""
        kept = [name for place, (name, _) in enumerate(self.drawn) if place not in self._unreadable]
        return {name: kept.count(name) for name, _ in self.drawn}

    def _readable(self) -> Iterator[Floats]:
        for place, (_, read) in enumerate(self.drawn):
            if place in self._unreadable:
                continue
            try:
                picture = read()
            except (PictureError, OSError, ValueError) as error:
                print(f"facecap: left out of calibration: {error}", file=sys.stderr)
                self._unreadable.add(place)
                continue
            yield np.repeat(picture, self.batch, 0)

    def first(self, count: int) -> list[Floats]:
        """The first `count` inputs that can be read.

        Raises:
            ConversionError: none can.
        """
        found = list(self.inputs(count))
        if not found:
            raise ConversionError(f"none of the {len(self.drawn)} pictures drawn could be read")
        return found


def draw(
    manifest: Mapping[str, Any],
    data: Path,
    count: int,
    seed: int,
    options: DataOptions = AS_IS,
    batch: int = 1,
) -> CalibrationSet:
    """Draw `count` pictures for the task of a manifest.

    Args:
        manifest: of the float model.
        data: the folder that the model is trained on: with mask/ and detect/, for a classification a folder
            a class, for an embedder people/; or any folder of pictures, perhaps in sub-folders.
        count: of the pictures; fewer where there are not so many.
        seed: of the drawing.
        options: more of the data.
        batch: of the network.

    Raises:
        ConversionError: there is no picture, or class folders are said to hold faces for another task.
    """
    task = manifest["task"]
    if options.how != AS_FOUND and task not in OF_FACES:
        said = options.how.options().strip()
        raise ConversionError(f"{said} is for models of the tasks {' and '.join(OF_FACES)}, not for {task}")
    chance = random.Random(seed)
    classes = {
        name: _in_turn([chance.sample(items, min(len(items), count)) for items in sources.values()])
        for name, sources in _GROUPS[task](manifest, data, options).items()
    }
    chosen = _in_turn([[(name, read) for read in readers] for name, readers in classes.items()])[:count]
    if not chosen:
        raise ConversionError(f"{data}: no picture to calibrate a model of the task {task} with")
    return CalibrationSet(chosen, batch)


def used_of(pictures: CalibrationSet, asked: int) -> str:
    """The pictures that calibrated a network, in words, and whether they are fewer than were asked for."""
    used = sum(pictures.classes.values())
    fewer = f"; {used} of {asked} asked for" if used < asked else ""
    return f"calibration pictures: {counted(pictures.classes)}{fewer}"


def _in_turn(lists: Sequence[Sequence[Entry]]) -> list[Entry]:
    """One of each list after the other; a list that is used up is passed over."""
    return [item for turn in zip_longest(*lists) for item in turn if item is not None]


def _detector_pictures(manifest: Mapping[str, Any], data: Path, options: DataOptions) -> Groups:
    """Each source as a class, at the size of use."""

    def reader(path: Path) -> Read:
        return lambda: letterbox(read_picture(path), manifest["input"])[0]

    if options.photos is None and not is_pack(data) and not (data / "detect").is_dir():
        return _plain(data, reader)
    return {s.name: {"": [reader(p.path) for p in s.train]} for s in load_sources(data, options.photos)}


def _mask_crops(manifest: Mapping[str, Any], data: Path, options: DataOptions) -> Groups:
    """By class and source, cut as the pipeline cuts them."""
    border, side = manifest["classifier"]["crop_border"], manifest["input"]["width"]

    def cut(face: Face) -> Floats:
        image = read_picture(face.path)
        crop = crop_face(image, face_box(face, image), side, border)
        return normalized(crop[None], manifest["input"])

    return _by_class(calibration_faces(data, options.how), cut)


def _refiner_crops(manifest: Mapping[str, Any], data: Path, options: DataOptions) -> Groups:
    """Faces, and of the same pictures what lies beside them, cut as the pipeline cuts both."""
    border, side = manifest["refiner"]["crop_border"], manifest["input"]["width"]

    def reader(candidate: Candidate, place: Callable[[Face, NDArray[np.uint8]], ArrayLike]) -> Read:
        def read() -> Floats:
            face = candidate.locate()
            image = read_picture(face.path)
            return normalized(crop_face(image, place(face, image), side, border)[None], manifest["input"])

        return read

    groups: Groups = {"face": {}, "other": {}}
    for candidate in calibration_faces(data, options.how):
        groups["face"].setdefault(candidate.source, []).append(reader(candidate, face_box))
        groups["other"].setdefault(candidate.source, []).append(reader(candidate, _corner_box))
    return groups


def _corner_box(face: Face, image: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """A box half as large as the face's in the corner of the picture that is farthest from it."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = face_box(face, image)
    wide, high = min((x2 - x1) / 2, width), min((y2 - y1) / 2, height)
    left = 0.0 if x1 + x2 > width else width - wide
    top = 0.0 if y1 + y2 > height else height - high
    return left, top, left + wide, top + high


def _aligned_faces(manifest: Mapping[str, Any], data: Path, options: DataOptions) -> Groups:
    """By class and source, of people that LFW does not show."""
    side = manifest["input"]["width"]

    def cut(face: Face) -> Floats:
        assert face.landmarks is not None
        return normalized(align_face(read_picture(face.path), face.landmarks, side)[None], manifest["input"])

    return _by_class(aligned_faces(data), cut)


def _class_folders(manifest: Mapping[str, Any], data: Path, options: DataOptions) -> Groups:
    """By class: the part calib/, or what the run of this seed learns from, cut as it is measured. Of a folder
    without parts, whose sub-folders are not the model's classes, every picture."""
    entry = manifest["input"]

    def reader(item: Item) -> Read:
        return lambda: normalized(centre_crop(item.read(), entry["width"], entry["height"])[None], entry)

    found = class_names(data)
    by_class = is_cifar(data) or set(found) == set(manifest["classifier"]["classes"])
    if data.is_dir() and not by_class and not set(found) & set(PARTS):
        return _plain(data, lambda path: reader(Item(path, 0)))
    calib = read_part(data, "calib")
    if calib is not None:
        classes, items = calib.classes, calib.items
    else:
        split = read_split(data, int(manifest.get("training", {}).get("seed", 0)))
        classes, items = split.classes, split.train
    groups: Groups = {}
    for item in items:
        name = classes[item.label] if classes else str(item.label)
        groups.setdefault(name, {"": []})[""].append(reader(item))
    return groups


def _plain(data: Path, reader: Callable[[Path], Read]) -> Groups:
    """The pictures of any folder as one class, by sub-folder."""
    return {"picture": {name: [reader(p) for p in paths] for name, paths in picture_groups(data).items()}}


def _by_class(candidates: Sequence[Candidate], cut: Callable[[Face], Floats]) -> Groups:
    groups: Groups = {}
    for candidate in candidates:
        read = _reader(candidate, cut)
        groups.setdefault(candidate.label, {}).setdefault(candidate.source, []).append(read)
    return groups


def _reader(candidate: Candidate, cut: Callable[[Face], Floats]) -> Read:
    return lambda: cut(candidate.locate())


_GROUPS = {
    "face_detection": _detector_pictures,
    "mask": _mask_crops,
    "face_refinement": _refiner_crops,
    "face_embedding": _aligned_faces,
    "classification": _class_folders,
}
