"""Pictures that are near copies of others, by difference hashes, so that none of those measured on is trained
on."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.training.run import TrainingError

Image = NDArray[np.uint8]
CLOSE = 4  # bits of 64 by which near copies may differ


def difference_hash(image: Image) -> int:
    """64 bits: whether a pixel of the 9x8 grey picture is brighter than its right neighbour."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
    bits = np.packbits(small[:, :-1] > small[:, 1:])
    return int.from_bytes(bits.tobytes(), "big")


class NearCopies:
    """Tells whether a picture, or its mirror image, is a near copy of one of a list of files."""

    def __init__(self, files: Iterable[Path]) -> None:
        """Files that are no pictures are left out."""
        images = (cv2.imread(str(path), cv2.IMREAD_REDUCED_COLOR_2) for path in files)
        hashes = [difference_hash(np.asarray(image, np.uint8)) for image in images if image is not None]
        self._hashes = np.array(hashes, np.uint64)

    def __len__(self) -> int:
        return len(self._hashes)

    def has(self, image: Image) -> bool:
        """Of a BGR picture."""
        views = (image, np.ascontiguousarray(image[:, ::-1]))
        return any(bool(_close(self._hashes, difference_hash(view)).any()) for view in views)


def evaluation_copies(data: Path) -> NearCopies:
    """Of the pictures that measure, in the data pack.

    Raises:
        TrainingError: there is none that can be read, so that nothing would be left out.
    """
    try:
        copies = NearCopies(_evaluation_pictures(data))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"{data}: an index of pictures is not in the expected form: {error!r}") from error
    if not len(copies):
        raise TrainingError(
            f"{data}: found no evaluation picture, near copies of which are left out; give the data pack, "
            "the folder that holds detect/, mask/ or lfw_dev/"
        )
    return copies


def groups_of(hashes: Sequence[int]) -> list[int]:
    """For each picture the place of the first one of its group; near copies of near copies are one group."""
    array = np.array(hashes, np.uint64)
    first = np.arange(len(array))
    for place, hashed in enumerate(hashes):
        together = np.unique(first[: place + 1][_close(array[: place + 1], hashed)])
        first[np.isin(first, together)] = together[0]
    return [int(place) for place in first]


def _evaluation_pictures(data: Path) -> Iterator[Path]:
    """Everything of the data pack that measures: what is not of the split `train`, and LFW."""
    for name in ("fddb", "rmfd", "udacity", "wider_dev", "wider_full_dev"):
        path = data / "detect" / name / "annotations.json"
        for entry in json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []:
            if entry.get("split") != "train":
                yield path.parent / entry["file"]
    index = data / "mask" / "index.csv"
    if index.is_file():
        with index.open(newline="", encoding="utf-8-sig") as stream:
            yield from (index.parent / r["file"] for r in csv.DictReader(stream) if r["split"] != "train")
    yield from sorted((data / "lfw_dev" / "images").rglob("*.jpg"))


def _close(hashes: NDArray[np.uint64], hashed: int) -> NDArray[np.bool_]:
    differing = hashes ^ np.uint64(hashed)
    bits = np.unpackbits(differing.view(np.uint8).reshape(-1, 8), axis=1).sum(1)
    return np.asarray(bits <= CLOSE)
