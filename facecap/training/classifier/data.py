"""The pictures of a classifier's run: which are learnt from, which validate, kept small in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.evaluation.classifier.image_folder import Image, Item, centre_crop, read_folder, scale_by
from facecap.training.mask.data import read_rgb
from facecap.training.run import TrainingError

HELD_OUT = 0.15  # of the pictures of a class, where the folder has no val/
STORED = 1.5  # shorter side that is kept, for each pixel of the network's input
QUALITY = 95  # of the JPEG code in memory


@dataclass(frozen=True)
class Split:
    """Class names, the pictures of both parts, and whether these were drawn for lack of a folder `val/`."""

    classes: list[str]
    train: list[Item]
    val: list[Item]
    drawn: bool


@dataclass(frozen=True)
class Pictures:
    """JPEG codes of small pictures, and the label of each."""

    codes: list[NDArray[np.uint8]]
    labels: NDArray[np.int64]

    def decode(self, index: int) -> Image:
        """RGB (H, W, 3)."""
        image = np.asarray(cv2.imdecode(self.codes[index], cv2.IMREAD_COLOR), np.uint8)
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


@dataclass(frozen=True)
class Crops:
    """Pictures as they are validated: (N, side, side, 3) RGB, and their labels."""

    pictures: Image
    labels: NDArray[np.int64]


def read_split(data: Path, seed: int) -> Split:
    """`train/` and `val/` of the folder, each with a sub-folder a class; else its own sub-folders, split.

    A split holds HELD_OUT of every class out of training, at least one picture, drawn by the seed.

    Raises:
        FacecapError: the folder has another shape.
    """
    train_folder, val_folder = data / "train", data / "val"
    if val_folder.is_dir() and not train_folder.is_dir():
        raise TrainingError(f"{data}: found val/ without train/; wanted both, or a sub-folder for each class")
    whole = read_folder(train_folder if train_folder.is_dir() else data)
    if not val_folder.is_dir():
        return _split(whole.classes, whole.items, seed)
    val = read_folder(val_folder)
    if val.classes != whole.classes:
        other = sorted(set(val.classes) ^ set(whole.classes))
        raise TrainingError(f"{data}: train/ and val/ differ by the classes {other}; wanted the same in both")
    return Split(whole.classes, whole.items, val.items, drawn=False)


def _split(classes: list[str], items: list[Item], seed: int) -> Split:
    rng = np.random.default_rng(seed)
    train: list[Item] = []
    val: list[Item] = []
    for label, name in enumerate(classes):
        own = [item for item in items if item.label == label]
        if len(own) < 2:
            raise TrainingError(
                f"{own[0].path.parent}: found one picture of {name!r}; wanted two, one to validate, or val/"
            )
        order = rng.permutation(len(own))
        held = max(1, round(HELD_OUT * len(own)))
        val += [own[place] for place in sorted(order[:held])]
        train += [own[place] for place in sorted(order[held:])]
    return Split(classes, train, val, drawn=True)


def load_pictures(items: Sequence[Item], side: int, classes: Sequence[str]) -> Pictures:
    """Read for training; a damaged picture is named on standard error and left out."""
    codes, labels = [], []
    for item in items:
        image = read_rgb(item.path)
        if image is None:
            continue
        small = scale_by(image, min(1.0, STORED * side / min(image.shape[:2])))
        bgr = cv2.cvtColor(small, cv2.COLOR_RGB2BGR)
        codes.append(np.asarray(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1], np.uint8))
        labels.append(item.label)
    return Pictures(codes, _checked(labels, items, classes))


def load_crops(items: Sequence[Item], side: int, classes: Sequence[str]) -> Crops:
    """Read for validation; a damaged picture is named on standard error and left out."""
    crops, labels = [], []
    for item in items:
        image = read_rgb(item.path)
        if image is not None:
            crops.append(centre_crop(image, side, side))
            labels.append(item.label)
    checked = _checked(labels, items, classes)
    return Crops(np.stack(crops), checked)


def _checked(labels: list[int], items: Sequence[Item], classes: Sequence[str]) -> NDArray[np.int64]:
    """Labels as an array, if each class of the items has a picture left."""
    lost = {item.label for item in items} - set(labels)
    if lost:
        named = sorted(classes[label] for label in lost)
        raise TrainingError(f"none of the pictures of {named} could be read: each is damaged, as said above")
    return np.array(labels, np.int64)
