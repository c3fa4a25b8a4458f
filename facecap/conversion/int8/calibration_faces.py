"""Which faces calibrate a network: those of the training data, or those in any folder of pictures, where they
are found when they are read."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from facecap.conversion.equality import ConversionError
from facecap.evaluation.classifier.image_folder import Item, say_unused, split_pictures
from facecap.evaluation.classifier.parts import class_names, read_part
from facecap.sources.pictures import SUFFIXES
from facecap.training.classifier.data import read_split
from facecap.training.embedder.people import name_keys, read_excluded
from facecap.training.mask.class_folders import AS_FOUND, MASKED, SPLIT_SEED, ClassFolders, FaceFinder
from facecap.training.mask.data import Face, is_pack, read_faces

OF_LFW = ("fddb", "udacity")  # their people are in LFW, on which embedders are measured
PEOPLE = "people"  # folder of a sub-folder a person


@dataclass(frozen=True)
class Candidate:
    """A face that may be drawn: its class, whence it comes, and what tells where it is.

    `locate` raises PictureError, OSError or ValueError where the picture cannot be read or shows no face.
    """

    label: str
    source: str
    locate: Callable[[], Face]


def calibration_faces(data: Path, how: ClassFolders = AS_FOUND) -> list[Candidate]:
    """Of labelled faces the split `calib` of mask/ and what the other sets train with; of two class folders,
    read as `how` says, the part calib/, or what a run learns from; of another folder the faces of
    `picture_groups`.

    Raises:
        FacecapError: the folder has another shape, or there is no picture.
    """
    names = how.names_in(data)
    if is_pack(data):
        others = [face for face in read_faces(data, "train") if face.source != "mask"]
        return [_known(face) for face in read_faces(data, "calib") + others]
    if names is None:
        groups = picture_groups(data)
        if len(groups) > 1 and set(groups) <= set(class_names(data)):
            print(
                f"facecap: {data}: any picture of {', '.join(groups)} may calibrate; where two of them are "
                "classes, --classes leaves out what training holds out",
                file=sys.stderr,
            )
        return found_faces(groups, how.whole)
    calib = read_part(data, "calib", names)
    items = read_split(data, SPLIT_SEED, names).train if calib is None else calib.items
    locate = _locator(how.whole)
    labels = ("mask" if item.label == MASKED else "bare" for item in items)
    return [Candidate(label, "", partial(locate, item)) for label, item in zip(labels, items, strict=True)]


def aligned_faces(data: Path) -> list[Candidate]:
    """Faces with landmarks of people that LFW does not show: of DATA/people or another folder with a
    sub-folder a person, without those whose name DATA/lfw_dev has; else those of the labelled faces.

    Raises:
        FacecapError: as of `calibration_faces`.
    """
    folder = data / PEOPLE
    if not folder.is_dir():
        if is_pack(data):
            faces = (candidate for candidate in calibration_faces(data) if candidate.source not in OF_LFW)
            return [candidate for candidate in faces if candidate.locate().landmarks is not None]
        folder = data
    barred = {key for name in read_excluded(data, None) for key in name_keys(name)}
    groups = picture_groups(folder)
    known = sorted(name for name in groups if name_keys(name) & barred)
    if known:
        print(f"facecap: left out of calibration, for LFW shows them: {', '.join(known)}", file=sys.stderr)
    return found_faces({name: paths for name, paths in groups.items() if name not in known})


def found_faces(groups: dict[str, list[Path]], whole: bool | None = None) -> list[Candidate]:
    """The largest face of each picture; `whole` as of `ClassFolders`."""
    locate = _locator(whole)
    items = [(source, Item(path, 0)) for source, paths in groups.items() for path in paths]
    return [Candidate("face", source, partial(locate, item)) for source, item in items]


def picture_groups(data: Path) -> dict[str, list[Path]]:
    """Pictures by the sub-folder that they lie in, "" for the folder itself; of its calib/ or train/ where it
    has one. What is not used is named on standard error.

    Raises:
        ConversionError: there is no picture.
    """
    if not data.is_dir():
        raise ConversionError(f"{data}: no such folder")
    folder = next((data / part for part in ("calib", "train") if (data / part).is_dir()), data)
    pictures, unused = split_pictures(folder)
    groups = {"": pictures} if pictures else {}
    for entry in [entry for entry in unused if entry.is_dir()]:
        own, others = split_pictures(entry)
        if own:
            groups[entry.name] = own
            unused.remove(entry)
            unused += others
    if not groups:
        raise ConversionError(
            f"{folder}: no picture to calibrate with ({' '.join(SUFFIXES)}), nor in its sub-folders"
        )
    say_unused(folder, unused)
    return groups


def _known(face: Face) -> Candidate:
    return Candidate("mask" if face.masked else "bare", face.source, lambda: face)


def _locator(whole: bool | None) -> Callable[[Item], Face]:
    """Finds the face of a picture, once; a picture is taken whole where that is asked for, or where it is a
    crop that the face fills and nothing is."""
    finder: list[FaceFinder] = []

    @cache
    def locate(item: Item) -> Face:
        if not finder:
            finder.append(FaceFinder())
        found = finder[0].largest(np.ascontiguousarray(item.read()[..., ::-1]))
        if found is None:
            if not whole:
                raise ValueError(f"{item.path}: no face found")
            return Face(item.path, None, None, False, "", item.path.name)
        box = None if whole or (whole is None and found.fills) else found.box
        return Face(item.path, box, found.landmarks, False, "", item.path.name)

    return locate
