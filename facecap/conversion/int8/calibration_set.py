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
from facecap.conversion.network_input import Floats, letterbox, normalized
from facecap.evaluation.classifier.image_folder import centre_crop
from facecap.evaluation.report import counted
from facecap.sources.picture import read_picture
from facecap.sources.picture_header import PictureError
from facecap.training.classifier.data import read_split
from facecap.training.detector.data import load_sources
from facecap.training.mask.data import Face, face_box, read_faces

Item = TypeVar("Item")
Read = Callable[[], Floats]
Groups = dict[str, dict[str, list[Read]]]  # by class, then by source
OF_LFW = ("fddb", "udacity")  # their people are in LFW, on which embedders are measured


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
    photos: Path | None = None,
    batch: int = 1,
) -> CalibrationSet:
    """Draw `count` pictures for the task of a manifest.

    Args:
        manifest: of the float model.
        data: the folder that the model is trained on: with mask/ and detect/, or for a classification a
            folder a class.
        count: of the pictures; fewer where there are not so many.
        seed: of the drawing.
        photos: labelled photographs that a detector was trained on too.
        batch: of the network.

    Raises:
        ConversionError: there is no picture.
    """
    chance = random.Random(seed)
    classes = {
        name: _in_turn([chance.sample(items, min(len(items), count)) for items in sources.values()])
        for name, sources in _GROUPS[manifest["task"]](manifest, data, photos).items()
    }
    chosen = _in_turn([[(name, read) for read in readers] for name, readers in classes.items()])[:count]
    if not chosen:
        raise ConversionError(f"{data}: no picture to calibrate a model of the task {manifest['task']} with")
    return CalibrationSet(chosen, batch)


def used_of(pictures: CalibrationSet, asked: int) -> str:
    """The pictures that calibrated a network, in words, and whether they are fewer than were asked for."""
    used = sum(pictures.classes.values())
    fewer = f"; {used} of {asked} asked for" if used < asked else ""
    return f"calibration pictures: {counted(pictures.classes)}{fewer}"


def _in_turn(lists: Sequence[Sequence[Item]]) -> list[Item]:
    """One of each list after the other; a list that is used up is passed over."""
    return [item for turn in zip_longest(*lists) for item in turn if item is not None]


def _detector_pictures(manifest: Mapping[str, Any], data: Path, photos: Path | None) -> Groups:
    """Each source as a class, at the size of use."""

    def reader(path: Path) -> Read:
        return lambda: letterbox(read_picture(path), manifest["input"])[0]

    return {s.name: {"": [reader(p.path) for p in s.train]} for s in load_sources(data, photos)}


def _mask_crops(manifest: Mapping[str, Any], data: Path, photos: Path | None) -> Groups:
    """By class and source, cut as the pipeline cuts them."""
    border, side = manifest["classifier"]["crop_border"], manifest["input"]["width"]

    def reader(face: Face) -> Read:
        def read() -> Floats:
            image = read_picture(face.path)
            crop = crop_face(image, face_box(face, image), side, border)
            return normalized(crop[None], manifest["input"])

        return read

    return _by_class(_calibration_faces(data), reader)


def _refiner_crops(manifest: Mapping[str, Any], data: Path, photos: Path | None) -> Groups:
    """Faces, and of the same pictures what lies beside them, cut as the pipeline cuts both."""
    border, side = manifest["refiner"]["crop_border"], manifest["input"]["width"]

    def reader(face: Face, place: Callable[[Face, NDArray[np.uint8]], ArrayLike]) -> Read:
        def read() -> Floats:
            image = read_picture(face.path)
            return normalized(crop_face(image, place(face, image), side, border)[None], manifest["input"])

        return read

    groups: Groups = {"face": {}, "other": {}}
    for face in _calibration_faces(data):
        groups["face"].setdefault(face.source, []).append(reader(face, face_box))
        groups["other"].setdefault(face.source, []).append(reader(face, _corner_box))
    return groups


def _corner_box(face: Face, image: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    """A box half as large as the face's in the corner of the picture that is farthest from it."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = face_box(face, image)
    wide, high = min((x2 - x1) / 2, width), min((y2 - y1) / 2, height)
    left = 0.0 if x1 + x2 > width else width - wide
    top = 0.0 if y1 + y2 > height else height - high
    return left, top, left + wide, top + high


def _aligned_faces(manifest: Mapping[str, Any], data: Path, photos: Path | None) -> Groups:
    """By class, of people that LFW does not show."""
    side = manifest["input"]["width"]
    faces = [f for f in _calibration_faces(data) if f.source not in OF_LFW and f.landmarks is not None]

    def reader(face: Face) -> Read:
        def read() -> Floats:
            assert face.landmarks is not None
            aligned = align_face(read_picture(face.path), face.landmarks, side)
            return normalized(aligned[None], manifest["input"])

        return read

    return _by_class(faces, reader)


def _class_folders(manifest: Mapping[str, Any], data: Path, photos: Path | None) -> Groups:
    """By class: what the run of this seed learns from, cut as it is measured."""
    entry = manifest["input"]
    split = read_split(data, int(manifest.get("training", {}).get("seed", 0)))

    def reader(path: Path) -> Read:
        return lambda: normalized(
            centre_crop(read_picture(path), entry["width"], entry["height"])[None], entry
        )

    groups: Groups = {name: {"": []} for name in split.classes}
    for item in split.train:
        groups[split.classes[item.label]][""].append(reader(item.path))
    return groups


def _calibration_faces(data: Path) -> list[Face]:
    """The split `calib` of mask/, and what the other sets train with."""
    others = [face for face in read_faces(data, "train") if face.source != "mask"]
    return read_faces(data, "calib") + others


def _by_class(faces: Sequence[Face], reader: Callable[[Face], Read]) -> Groups:
    groups: Groups = {"bare": {}, "mask": {}}
    for face in faces:
        groups["mask" if face.masked else "bare"].setdefault(face.source, []).append(reader(face))
    return groups


_GROUPS = {
    "face_detection": _detector_pictures,
    "mask": _mask_crops,
    "face_refinement": _refiner_crops,
    "face_embedding": _aligned_faces,
    "classification": _class_folders,
}
