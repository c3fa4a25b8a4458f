"""Pictures in one folder a class, and how they are cut for a classifier."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.errors import FacecapError
from facecap.sources.pictures import SUFFIXES

Image = NDArray[np.uint8]
RESIZED = 256 / 224  # shorter side before the centre is cut out, for each pixel of the cut


class FolderError(FacecapError):
    """A folder that is not one sub-folder a class: the text says what was found and what was wanted."""


@dataclass(frozen=True)
class Item:
    """A picture and the index of its class."""

    path: Path
    label: int


@dataclass(frozen=True)
class ImageFolder:
    """Classes, which are the sorted names of the sub-folders, and their pictures in the order of names."""

    classes: list[str]
    items: list[Item]


def read_folder(folder: Path) -> ImageFolder:
    """List the pictures of a folder of sub-folders; names that begin with a dot are left out.

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
    items = [Item(path, label) for label, entry in enumerate(folders) for path in _pictures(entry)]
    filled = {item.label for item in items}
    empty = [entry.name for label, entry in enumerate(folders) if label not in filled]
    if empty:
        named = ", ".join(map(repr, empty[:5])) + (" and others" if len(empty) > 5 else "")
        raise FolderError(f"{folder}: found no picture ({' '.join(SUFFIXES)}) in {named}; {wanted}")
    return ImageFolder([entry.name for entry in folders], items)


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


def _pictures(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
