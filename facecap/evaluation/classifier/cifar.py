"""CIFAR-10 as its binary version comes: files of records, each a byte for the label and 32x32 RGB pixels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facecap.evaluation.classifier.image_folder import FolderError, Image, ImageFolder, Item, say_unused

NAMES = "batches.meta.txt"
FILES = {"train": "data_batch_*.bin", "val": "test_batch.bin"}
SIDE = 32
PIXELS = 3 * SIDE * SIDE
RECORD = 1 + PIXELS


@dataclass(frozen=True)
class Record(Item):
    """The picture at a place in a file."""

    place: int

    @property
    def name(self) -> str:
        """The file with its folder, and the place in it, from 0."""
        return f"{super().name}/{self.place}"

    def read(self) -> Image:
        """(32, 32, 3) BGR.

        Raises:
            OSError: the file is gone.
        """
        return np.ascontiguousarray(self.rgb()[..., ::-1])

    def rgb(self) -> Image:
        """(32, 32, 3) RGB; raises as `read`."""
        pixels = np.fromfile(self.path, np.uint8, PIXELS, offset=self.place * RECORD + 1)
        return np.ascontiguousarray(pixels.reshape(3, SIDE, SIDE).transpose(1, 2, 0))


def is_cifar(data: Path) -> bool:
    """Whether the folder holds the names of CIFAR's classes and binary files."""
    return (data / NAMES).is_file()


def read_cifar(data: Path, part: str) -> ImageFolder:
    """The pictures of `train` (data_batch_N.bin) or `val` (test_batch.bin).

    Raises:
        FolderError: there are no such files, or one is cut short or of another set.
    """
    classes = (data / NAMES).read_text(encoding="utf-8", errors="replace").split()
    files = sorted(data.glob(FILES[part]))
    if not files:
        raise FolderError(
            f"{data}: found {NAMES} and no {FILES[part]}; wanted the binary version of CIFAR-10"
        )
    items: list[Item] = []
    for path in files:
        labels = _labels(path)
        if len(labels) and labels.max() >= len(classes):
            raise FolderError(f"{path}: label {labels.max()}, but {NAMES} names {len(classes)} classes")
        items += [Record(path, label, place) for place, label in enumerate(labels.tolist())]
    known = {entry for pattern in FILES.values() for entry in data.glob(pattern)} | {data / NAMES}
    say_unused(data, (e for e in data.iterdir() if e not in known and not e.name.startswith(".")))
    return ImageFolder(classes, items)


def _labels(path: Path) -> Image:
    size = path.stat().st_size
    if size % RECORD:
        raise FolderError(f"{path}: {size} bytes, wanted whole records of {RECORD}: it is cut short")
    return np.array(np.memmap(path, np.uint8, "r")[::RECORD]) if size else np.zeros(0, np.uint8)
