"""The pictures of a classifier's run: which are learnt from, which validate, read as they are needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.evaluation.classifier.image_folder import Image, Item, centre_crop, read_folder, scale_by
from facecap.evaluation.classifier.parts import read_part
from facecap.training.cache import Bytes, CachedReader, SharedCache
from facecap.training.run import TrainingError

HELD_OUT = 0.15  # of the pictures of a class, where the folder has no val/
STORED = 1.5  # shorter side that is kept, for each pixel of the network's input
QUALITY = 95  # of the JPEG code in memory
BATCH = 64  # pictures that are validated at once


@dataclass(frozen=True)
class Split:
    """Class names, the pictures of both parts, and whether these were drawn for lack of a part `val`."""

    classes: list[str]
    train: list[Item]
    val: list[Item]
    drawn: bool


class Pictures:
    """Pictures to learn from, kept as JPEG codes of small ones as far as the cache reaches."""

    def __init__(
        self, items: Sequence[Item], side: int, classes: Sequence[str], cache: SharedCache, first: int = 0
    ) -> None:
        """
        Args:
            items: of all classes.
            side: px of the network's input.
            classes: their names.
            cache: keeps what was read, from the number `first` on.
            first: as said.

        Raises:
            TrainingError: no picture of a class can be read; each of them is named on standard error.
        """
        self._items, self._side = items, side
        self._reader = CachedReader(self._code, [item.label for item in items], cache, first)
        check_classes(self._reader, classes)

    def __len__(self) -> int:
        return len(self._items)

    def readable(self) -> int:
        """How many there are without those that were found damaged up to now."""
        return int(self._reader.readable().sum())

    def get(self, index: int) -> tuple[Image, int]:
        """RGB (H, W, 3) and label. A damaged picture is named on standard error, and another of its class
        stands in for it."""
        place, code = self._reader.get_or_next(index)
        image = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8), self._items[place].label

    def _code(self, index: int) -> Bytes | None:
        image = self._items[index].rgb()
        if image is None:
            return None
        small = scale_by(image, min(1.0, STORED * self._side / min(image.shape[:2])))
        bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        return np.asarray(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1], np.uint8)


class Crops:
    """Pictures as they are validated, cut to the network's input."""

    def __init__(
        self, items: Sequence[Item], side: int, classes: Sequence[str], cache: SharedCache, first: int = 0
    ) -> None:
        """As of `Pictures`."""
        self._items, self._side = items, side
        self._reader = CachedReader(self._crop, [item.label for item in items], cache, first)
        check_classes(self._reader, classes)

    def __len__(self) -> int:
        return len(self._items)

    def readable(self) -> int:
        """How many there are without those that were found damaged up to now."""
        return int(self._reader.readable().sum())

    def batches(self) -> Iterator[tuple[Image, NDArray[np.int64]]]:
        """(B, side, side, 3) RGB and labels; a damaged picture is named on standard error and left out."""
        for start in range(0, len(self), BATCH):
            places = range(start, min(start + BATCH, len(self)))
            found = [
                (crop, self._items[i].label) for i in places if (crop := self._reader.get(i)) is not None
            ]
            if found:
                crops, labels = zip(*found, strict=True)
                yield np.stack(crops).reshape(-1, self._side, self._side, 3), np.array(labels, np.int64)

    def _crop(self, index: int) -> Bytes | None:
        image = self._items[index].rgb()
        return None if image is None else centre_crop(image, self._side, self._side).reshape(-1)


def check_classes(reader: CachedReader, classes: Sequence[str]) -> None:
    """
    Raises:
        TrainingError: of a class, a kind of the reader, no picture can be read.
    """
    lost = sorted(classes[kind] for kind in reader.lost_kinds())
    if lost:
        raise TrainingError(f"none of the pictures of {lost} could be read: each is damaged, as said above")


def read_split(data: Path, seed: int, classes: Sequence[str] | None = None) -> Split:
    """The parts `train` and `val` of the folder (`parts`); else its own sub-folders, one a class, split.

    A split holds HELD_OUT of every class out of training, at least one picture, drawn by the seed.

    Args:
        data: the folder.
        seed: of the drawing.
        classes: as of `image_folder.read_folder`.

    Raises:
        FacecapError: the folder has another shape.
    """
    whole, val = (read_part(data, part, classes) for part in ("train", "val"))
    if whole is None and val is not None:
        raise TrainingError(f"{data}: found val/ without train/; wanted both, or a sub-folder for each class")
    if whole is None:
        whole = read_folder(data, classes)
    names = whole.classes or [str(label) for label in range(1 + max(item.label for item in whole.items))]
    absent = set(range(len(names))) - {item.label for item in whole.items}
    if absent:
        raise TrainingError(f"{data}: found no picture of {names[min(absent)]!r} to learn from")
    if val is None:
        return _split(names, whole.items, seed)
    if val.classes and val.classes != names:
        other = sorted(set(val.classes) ^ set(names))
        raise TrainingError(f"{data}: train/ and val/ differ by the classes {other}; wanted the same in both")
    largest = max(item.label for item in val.items)
    if largest >= len(names):
        raise TrainingError(
            f"{data}: val/ has the label {largest}, train/ {len(names)} classes, counted from 0"
        )
    return Split(names, list(whole.items), list(val.items), drawn=False)


def _split(classes: list[str], items: Sequence[Item], seed: int) -> Split:
    rng = np.random.default_rng(seed)
    labels = np.array([item.label for item in items])
    train: list[Item] = []
    val: list[Item] = []
    for label, name in enumerate(classes):
        own = [items[place] for place in np.flatnonzero(labels == label).tolist()]
        if len(own) < 2:
            raise TrainingError(
                f"{own[0].path.parent}: found one picture of {name!r}; wanted two, one to validate, or val/"
            )
        order = rng.permutation(len(own))
        held = max(1, round(HELD_OUT * len(own)))
        val += [own[place] for place in sorted(order[:held])]
        train += [own[place] for place in sorted(order[held:])]
    return Split(classes, train, val, drawn=True)
