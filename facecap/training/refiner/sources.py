"""Pictures for the refiner's crops: those of the data pack, and collections of photographs by kind."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from facecap.sources.pictures import SUFFIXES
from facecap.training.detector.teacher import Floats
from facecap.training.mask.data import tight_box
from facecap.training.run import TrainingError

FILE = "refiner.json"  # in the folder of photographs
KINDS = ("people", "empty", "points")
VALIDATION = 0.08  # share of a source's pictures that chooses checkpoint and threshold


@dataclass(frozen=True)
class Collection:
    """How a folder of photographs is used.

    Attributes:
        kind: `people` are labelled by the teacher, `empty` show no face, `points` have true points.
        pictures: how many are trained on at most.
        evaluate: share of the pictures that only measure; of these the ones without faces are kept.
        lists: files of true boxes and points, of `points`.
        boxes: folder of true boxes in YOLO's form, of `people`.
    """

    kind: str = "people"
    pictures: int = 1000
    evaluate: float = 0.0
    lists: list[str] = field(default_factory=list)
    boxes: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind: wanted one of {', '.join(KINDS)}, found {self.kind!r}")
        if (self.kind == "points") != bool(self.lists):
            raise ValueError("lists: wanted for the kind points, and for no other")


@dataclass(frozen=True)
class Photo:
    """A picture and what is known of it.

    Attributes:
        faces: (N, 14), box and five points, or nan.
        elsewhere: (M, 4), areas that may hold faces.
        boxes: (K, 4), true boxes without points, as shares of the picture.
        true: whether the points are not a network's.
    """

    path: Path
    faces: Floats = field(default_factory=lambda: _rows([]))
    elsewhere: Floats = field(default_factory=lambda: _rows([])[:, :4])
    boxes: Floats = field(default_factory=lambda: _rows([])[:, :4])
    true: bool = False


def read_collections(photos: Path | None) -> dict[str, Collection]:
    """What `refiner.json` says of the folders beside it; a folder that it does not name is of people.

    Raises:
        TrainingError: the folder or the file is not as above.
    """
    if photos is None:
        return {}
    if not photos.is_dir():
        raise TrainingError(f"{photos}: no such folder; --photos wants a folder of folders of pictures")
    given: Mapping[str, Any] = {}
    path = photos / FILE
    try:
        if path.is_file():
            given = json.loads(path.read_text(encoding="utf-8-sig"))
        named = {name: Collection(**entry) for name, entry in given.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise TrainingError(f"{path}: {error}; see docs/refiner.md") from error
    folders = sorted(entry.name for entry in photos.iterdir() if entry.is_dir())
    return {name: named.get(name, Collection()) for name in folders}


def place(name: str) -> float:
    """A number from 0 to 1 that belongs to a name: the same in every run."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6], "big") / 2**48


def pack_photos(data: Path, name: str) -> list[Photo]:
    """Training pictures of the data pack: `fddb`, `rmfd`, `udacity` or `mask`, with the faces that are known;
    none where the set is not there."""
    if name == "mask":
        index = data / "mask" / "index.csv"
        return list(_mask_photos(index)) if index.is_file() else []
    path = data / "detect" / name / "annotations.json"
    if not path.is_file():
        return []
    photos = []
    for entry in json.loads(path.read_text(encoding="utf-8")):
        if entry["split"] != "train":
            continue
        faces = [
            _row(tight_box(face["box"]) if name == "fddb" else face["box"], face["landmarks"])
            for face in entry["faces"]
        ]
        extra = np.array([face["box"] for face in entry.get("extra", [])], np.float32).reshape(-1, 4)
        photos.append(Photo(path.parent / entry["file"], _rows(faces), extra, true=name == "udacity"))
    return photos


def _mask_photos(index: Path) -> Iterator[Photo]:
    with index.open(newline="", encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            if row["split"] == "train" and row["x1"] and float(row["score"]) >= 0.5:
                box = [float(row[key]) for key in ("x1", "y1", "x2", "y2")]
                points = [float(row[f"lm{i}{axis}"]) for i in range(5) for axis in "xy"]
                yield Photo(index.parent / row["file"], _rows([_row(box, points)]))


def collection_photos(photos: Path, name: str, collection: Collection) -> list[Photo]:
    """Pictures of a collection in an order that its names decide."""
    folder = photos / name
    if collection.kind == "points":
        listed = [_listed(folder, photos / entry) for entry in collection.lists]
        found = [photo for part in listed for photo in part]
    else:
        files = (path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES)
        if collection.boxes is None:
            found = [Photo(path) for path in files]
        else:
            boxes = photos / collection.boxes
            found = [Photo(path, boxes=_yolo(boxes / f"{path.stem}.txt")) for path in files]
    return sorted(found, key=lambda photo: place(photo.path.name))


def _listed(folder: Path, file: Path) -> list[Photo]:
    """Of a list as MTCNN's: name, x1 x2 y1 y2, ten coordinates; of several folders those of this one."""
    photos = []
    try:
        for line in file.read_text(encoding="utf-8-sig").splitlines():
            name, *numbers = line.split()
            parts = name.replace("\\", "/").split("/")
            x1, x2, y1, y2, *points = (float(number) for number in numbers)
            if len(parts) == 1 or parts[-2] == folder.name:
                row = _row((x1, y1, x2, y2), points)
                photos.append(Photo(folder / parts[-1], _rows([row]), true=True))
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{file}: {error}; wanted lines of a name, x1 x2 y1 y2 and ten coordinates"
        ) from error
    return photos


def _yolo(file: Path) -> Floats:
    """Boxes as shares of the picture (centre, width, height) as x1 y1 x2 y2, in shares still."""
    lines = file.read_text(encoding="utf-8").split("\n") if file.is_file() else []
    values = np.array([line.split()[1:5] for line in lines if line.strip()], np.float32).reshape(-1, 4)
    return np.concatenate([values[:, :2] - values[:, 2:] / 2, values[:, :2] + values[:, 2:] / 2], 1)


def _row(box: Any, landmarks: Any) -> Floats:
    points = np.full(10, np.nan) if landmarks is None else np.reshape(landmarks, 10)
    return np.concatenate([np.reshape(box, 4), points]).astype(np.float32)


def _rows(rows: list[Floats]) -> Floats:
    return np.array(rows, np.float32).reshape(-1, 14)
