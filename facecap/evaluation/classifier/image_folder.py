"""Pictures in one folder a class, and how they are cut for a classifier."""

from __future__ import annotations

import math
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.errors import FacecapError
from facecap.sources.picture import read_picture
from facecap.sources.pictures import SUFFIXES
from facecap.training.mask.data import read_rgb

Image = NDArray[np.uint8]
NAMED = 5  # folders in a message
RESIZED = 256 / 224  # shorter side before the centre is cut out, for each pixel of the cut


class FolderError(FacecapError):
    """A folder that is not one sub-folder a class: the text says what was found and what was wanted."""


@dataclass(frozen=True)
class Item:
    """A picture and the index of its class."""

    path: Path
    label: int

    @property
    def name(self) -> str:
        """The file with its folder."""
        return f"{self.path.parent.name}/{self.path.name}"

    def read(self) -> Image:
        """(H, W, 3) BGR.

        Raises:
            PictureError, OSError: it cannot be read.
        """
        return read_picture(self.path)

    def rgb(self) -> Image | None:
        """(H, W, 3) RGB; a picture that cannot be read is named on standard error and gives None."""
        return read_rgb(self.path)


@dataclass(frozen=True)
class ImageFolder:
    """Classes, which are the names of the sub-folders, and their pictures in the order of names; no classes
    where labels are numbers of a model's outputs, whose names nobody gave."""

    classes: list[str]
    items: Sequence[Item]


def read_folder(folder: Path, classes: Sequence[str] | None = None) -> ImageFolder:
    """List the pictures of a folder of sub-folders; names that begin with a dot are left out, and what else
    is there and not used is named on standard error.

    Args:
        folder: holds a sub-folder a class.
        classes: sub-folders to take, in this order; every one, sorted, when not given.

    Raises:
        FolderError: there are no two classes, or one without pictures.
    """
    if not folder.is_dir():
        raise FolderError(f"{folder}: no such folder")
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    folders = [entry for entry in entries if entry.is_dir()]
    wanted = "wanted two or more sub-folders, one a class, with its pictures in it"
    if not folders:
        raise FolderError(f"{folder}: found {len(entries)} files and no sub-folder; {wanted}")
    if len(folders) == 1:
        raise FolderError(f"{folder}: found the one class {folders[0].name!r}; {wanted}")
    if classes is not None:
        absent = sorted(set(classes) - {entry.name for entry in folders})
        if absent:
            raise FolderError(f"{folder}: no sub-folder {', '.join(map(repr, absent))}")
        folders = [folder / name for name in classes]
    unused = sorted(set(entries) - set(folders))
    items: list[Item] = []
    empty = []
    for label, entry in enumerate(folders):
        pictures, others = split_pictures(entry)
        items += [Item(path, label) for path in pictures]
        unused += others
        if not pictures:
            empty.append(entry.name)
    if empty:
        named = ", ".join(map(repr, empty[:5])) + (" and others" if len(empty) > 5 else "")
        raise FolderError(f"{folder}: found no picture ({' '.join(SUFFIXES)}) in {named}; {wanted}")
    say_unused(folder, unused)
    return ImageFolder([entry.name for entry in folders], items)


def split_pictures(folder: Path) -> tuple[list[Path], list[Path]]:
    """The pictures of a folder by suffix, and what else it holds, each sorted by name; without what begins
    with a dot."""
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    pictures = [entry for entry in entries if entry.suffix.lower() in SUFFIXES and entry.is_file()]
    found = set(pictures)
    return pictures, [entry for entry in entries if entry not in found]


def say_unused(folder: Path, unused: Iterable[Path]) -> None:
    """Name on standard error, once, what of a folder is not used: files by suffix, folders with how many
    files they hold."""
    entries = sorted(unused)
    folders = [entry for entry in entries if entry.is_dir()]
    suffixes = Counter(entry.suffix.lower() or "without suffix" for entry in entries if not entry.is_dir())
    parts = [f"{_files(count)} {suffix}" for suffix, count in sorted(suffixes.items())]
    for entry in folders[:NAMED]:
        files = sum(len(names) for _, _, names in os.walk(entry))
        parts.append(f"the folder {entry.relative_to(folder)}/ with {_files(files)}")
    if len(folders) > NAMED:
        parts.append(f"{len(folders) - NAMED} more folders")
    if parts:
        _say(f"facecap: {folder}: not used: {', '.join(parts)}")


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"


@cache
def _say(text: str) -> None:
    """A line on standard error, once in a process: several parts of a run read the same folder."""
    print(text, file=sys.stderr)


def centre_crop(image: Image, width: int, height: int) -> Image:
    """Scale so that 256/224 of the cut fits in, touching one side, then cut the centre out.

    For 224x224 that is the shorter side to 256 and the middle 224, as is usual for ImageNet.

    Args:
        image: (H, W, 3) uint8.
        width: of the cut, in pixels.
        height: of the cut, in pixels.

    Returns:
        (height, width, 3) uint8.
    """
    scale = RESIZED * max(width / image.shape[1], height / image.shape[0])
    resized = scale_by(image, scale, at_least=(width, height))
    top, left = (resized.shape[0] - height) // 2, (resized.shape[1] - width) // 2
    return np.ascontiguousarray(resized[top : top + height, left : left + width])


def scale_by(image: Image, scale: float, at_least: tuple[int, int] = (1, 1)) -> Image:
    """Resize both sides by one factor, to whole pixels; by areas where it shrinks."""
    size = tuple(
        max(least, math.floor(side * scale + 0.5))
        for side, least in zip(image.shape[1::-1], at_least, strict=True)
    )
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=way), np.uint8)
