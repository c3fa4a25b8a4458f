"""Faces with and without masks from two folders of pictures, one a label, that nobody has drawn boxes in."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from facecap import Detector, Refiner, crop_rect
from facecap.evaluation.classifier.image_folder import Item
from facecap.evaluation.classifier.parts import class_names, read_part
from facecap.picture_faces import faces_of
from facecap.training.classifier.data import read_split
from facecap.training.mask.data import Box, Face, Image, Points, is_pack, read_faces
from facecap.training.run import TrainingError

NAMES = (("mask", "no_mask"), ("with_mask", "without_mask"))
MASKED = 0  # place of the masked class in a pair of names
SPLIT_SEED = 0  # the same of every run and every evaluation, whatever --seed says
LOOKED_AT = 100  # pictures that decide whether a folder's are crops
FILLED = 0.6  # share of a crop of a face that the pipeline's cut of this face covers, at least
TOLD_EVERY = 500  # pictures


@dataclass(frozen=True)
class ClassFolders:
    """How two class folders are read: the names of the masked and the bare one, those of NAMES when not
    given; and whether pictures are face crops, taken `whole`, or a face is found in each; None looks."""

    classes: tuple[str, str] | None = None
    whole: bool | None = None

    def options(self) -> str:
        """What to type for them, with a space before each."""
        words = "" if self.classes is None else " --classes " + shlex.join(self.classes)
        return words if self.whole is None else f"{words} --faces {'whole' if self.whole else 'find'}"

    def names_in(self, data: Path) -> tuple[str, str] | None:
        """The names of the two sub-folders of `data`, or of its train/; None where there are no such, or its
        faces are labelled.

        Raises:
            TrainingError: there are no folders of the given names, or the faces are labelled and something
                was said of folders.
        """
        if is_pack(data):
            if self != AS_FOUND:
                said = self.options().strip()
                raise TrainingError(f"{said} is for two class folders; {data} has mask/index.csv")
            return None
        found = class_names(data / "train") or class_names(data)
        pairs = NAMES if self.classes is None else (self.classes,)
        names = next((pair for pair in pairs if set(found).issuperset(pair)), None)
        if names is None and self.classes is not None:
            raise TrainingError(f"{data}: found the folders {found}; wanted those of{self.options()}")
        return names


AS_FOUND = ClassFolders()


@dataclass(frozen=True)
class Found:
    """The largest face of a picture, and whether its cut fills the picture as that of a crop does."""

    box: Box
    landmarks: Points
    fills: bool


class FaceFinder:
    """Finds faces as `facecap detect` does: by the default detector, but what the refiner calls no face."""

    def __init__(self) -> None:
        self._detector, self._refiner = Detector(), Refiner.chosen(None)

    def largest(self, image: Image) -> Found | None:
        """Of an (H, W, 3) RGB picture; None where there is no face."""
        picture = np.ascontiguousarray(image[..., ::-1])
        faces = faces_of(picture, self._detector.detect(picture), None, self._refiner)
        faces = [face for face in faces if not face.get("not_a_face")]
        if not faces:
            return None
        face = max(faces, key=lambda face: _area(face["box"]))
        x1, y1, x2, y2 = face["box"]
        height, width = image.shape[:2]
        fills = _area(crop_rect(face["box"], (width, height))) >= FILLED * width * height
        return Found((x1, y1, x2, y2), np.array(face["landmarks"], np.float32), fills)


def read_labelled(data: Path, split: str, how: ClassFolders = AS_FOUND) -> list[Face]:
    """The faces of one split (`train`, `val` or `calib`), of two class folders or as `mask.data.read_faces`.

    Class folders lie in `data`, or in its train/, val/ and calib/; without val/ a share of each is held out.
    In each picture the largest face is taken; how many had none is said on standard error. Where most
    pictures are face crops, each is taken whole. Without calib/ there are no faces of `calib`.

    Raises:
        FacecapError: the folder has another shape, or there is no face.
    """
    names = how.names_in(data)
    if names is None:
        return read_faces(data, split)
    parts = read_split(data, SPLIT_SEED, names)
    if split == "calib":
        calib = read_part(data, "calib", names)
        if calib is None:
            return []
        items = calib.items
    else:
        items = parts.train if split == "train" else parts.val
    whole = how.whole
    if whole is None:
        places = np.unique(np.linspace(0, len(parts.train) - 1, LOOKED_AT).astype(int)).tolist()
        whole = _are_crops(data, tuple(parts.train[place] for place in places))
    faces = list(_take_faces(f"{data}, {split}", tuple(items), whole))
    if not faces:
        raise TrainingError(f"{data}: no face in the {len(items)} pictures of the part {split}")
    return faces


def from_options(args: argparse.Namespace) -> ClassFolders:
    """What --classes and --faces of a command line say.

    Raises:
        TrainingError: both classes have one name.
    """
    classes = None if args.classes is None else (args.classes[0], args.classes[1])
    if classes is not None and classes[0] == classes[1]:
        raise TrainingError(
            f"--classes {shlex.join(classes)}: wanted two names, of the masked and the bare faces"
        )
    return ClassFolders(classes, {"auto": None, "find": False, "whole": True}[args.faces])


@cache
def _are_crops(data: Path, items: tuple[Item, ...]) -> bool:
    """Whether the face fills most of those pictures that show one, or none does; said on standard error."""
    finder = FaceFinder()
    images = (image for item in items if (image := item.rgb()) is not None)
    found = [face for image in images if (face := finder.largest(image)) is not None]
    filled = sum(face.fills for face in found)
    crops = 2 * filled >= len(found)
    seen = f"{len(items)} pictures looked at, a face in {len(found)}, which fills {filled} of them"
    taken = "face crops, each taken whole" if crops else "photographs, the largest face of each taken"
    print(f"facecap: {data}: {seen}: {taken}; --faces says otherwise", file=sys.stderr)
    return crops


@cache
def _take_faces(name: str, items: tuple[Item, ...], whole: bool) -> tuple[Face, ...]:
    """The largest face of each picture, or each picture whole, with the landmarks of its face where found;
    looked for once in a process, for several parts of a run read the same folder."""
    finder = FaceFinder()
    faces: list[Face] = []
    read = missed = 0
    for place, item in enumerate(items):
        if place and place % TOLD_EVERY == 0:
            print(f"facecap: {name}: looked for faces in {place} of {len(items)} pictures", file=sys.stderr)
        image = item.rgb()
        if image is None:
            continue
        read += 1
        found = finder.largest(image)
        missed += found is None
        landmarks = None if found is None else found.landmarks
        if whole:
            faces.append(Face(item.path, None, landmarks, item.label == MASKED, "mask", item.path.name))
        elif found is not None:
            faces.append(Face(item.path, found.box, landmarks, item.label == MASKED, "mask", item.path.name))
    if read:
        fate = "taken whole, without landmarks" if whole else "left out"
        print(
            f"facecap: {name}: a face found in {read - missed} of {read} pictures, {missed} {fate}",
            file=sys.stderr,
        )
    return tuple(faces)


def _area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
