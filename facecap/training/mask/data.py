"""Faces with and without masks: what a data folder holds, and the picture around each face.

A data folder has `mask/index.csv` and, each optional, `detect/rmfd`, `detect/fddb` and `detect/udacity` with
an `annotations.json`. Only rows of the asked split are read. RMFD gives masked faces where its labeller is
sure; FDDB and Udacity give bare ones.
"""

from __future__ import annotations

import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.sources.picture import read_picture
from facecap.sources.picture_header import PictureError
from facecap.training.run import TrainingError

Box = tuple[float, float, float, float]
Image = NDArray[np.uint8]
Points = NDArray[np.float32]

INDEX_COLUMNS = ("file", "label", "group", "split", "x1", "y1", "x2", "y2")
SETS = ("mask", "rmfd", "fddb", "udacity")
LABELS = {"with_mask": True, "without_mask": False}
INCORRECT = "incorrect"  # label of a mask that is worn wrongly, in folders of `train mask-faces`
CONTEXT = 0.6  # share of the box kept on each side of it, so that a jittered box still finds its surroundings
SMALLEST_BOX = 8.0  # px
LONGEST_BOX = 120  # px: larger faces are stored smaller, a crop has 112


@dataclass(frozen=True)
class Face:
    """One labelled face. `box` is xyxy in pixels of the picture; None stands for the whole picture.
    `incorrect`: its mask is worn wrongly, and it is not `masked`."""

    path: Path
    box: Box | None
    landmarks: Points | None
    masked: bool
    source: str
    group: str
    incorrect: bool = False


@dataclass(frozen=True)
class Patch:
    """The RGB pixels around one face; box and landmarks in pixels of the patch."""

    face: Face
    image: Image
    box: Box
    landmarks: Points | None


def is_pack(data: Path) -> bool:
    """Whether the folder has labelled faces, as docs/training.md describes them."""
    return (data / "mask" / "index.csv").is_file()


def read_faces(data: Path, split: str) -> list[Face]:
    """List the faces of one split (`train`, `val` or `calib`); a folder of another shape is refused."""
    index = data / "mask" / "index.csv"
    if not is_pack(data):
        found = sorted(entry.name for entry in data.iterdir()) if data.is_dir() else "no such folder"
        raise TrainingError(
            f"{data} has no mask/index.csv (found: {found}); give the folder that holds mask/, or one with "
            "two class folders, mask/ and no_mask/ or those of --classes"
        )
    faces = list(_index_faces(index, split, "mask"))
    if not faces:
        raise TrainingError(f"{index} has no row with split {split!r}")
    detect = data / "detect"
    for name, read in (("rmfd", _rmfd_faces), ("fddb", _fddb_faces), ("udacity", _udacity_faces)):
        annotations = detect / name / "annotations.json"
        if annotations.is_file():
            try:
                faces += read(annotations, split)
            except (KeyError, TypeError, ValueError) as error:
                raise TrainingError(f"{annotations} is not in the expected form: {error!r}") from error
    return faces


def read_more(folders: Sequence[Path], split: str, taken: Sequence[str] = ()) -> dict[str, list[Face]]:
    """The faces of folders of `facecap train mask-faces` by the folder's name, which is their source.

    Raises:
        TrainingError: one has no readable `index.csv`, or the name of a set of the data pack, one of the
            names `taken`, or that of another folder.
    """
    indices: dict[str, Path] = {}
    for folder in folders:
        index, name = folder / "index.csv", folder.resolve().name
        if not index.is_file():
            raise TrainingError(f"{folder} has no index.csv; give a folder of facecap train mask-faces")
        if name in (*SETS, *taken):
            raise TrainingError(f"{folder}: the name {name!r} is that of a set of --data; rename the folder")
        if name in indices:
            raise TrainingError(
                f"{indices[name].parent} and {folder}: both are called {name!r}; rename one of them"
            )
        indices[name] = index
    return {name: list(_index_faces(index, split, name)) for name, index in indices.items()}


def load_patch(face: Face) -> Patch | None:
    """Read and cut one face; one that cannot be is named on standard error and gives None."""
    image = read_rgb(face.path)
    if image is None:
        return None
    height, width = image.shape[:2]
    box = face_box(face, image)
    x1, y1, x2, y2 = box
    side_x, side_y = (x2 - x1) * CONTEXT, (y2 - y1) * CONTEXT
    left, top = max(0, int(x1 - side_x)), max(0, int(y1 - side_y))
    right, bottom = min(width, int(x2 + side_x) + 1), min(height, int(y2 + side_y) + 1)
    if right - left < 2 or bottom - top < 2:
        print(f"facecap: skipped {face.path}: box {box} lies outside the picture", file=sys.stderr)
        return None
    cut = image[top:bottom, left:right]
    scale = min(1.0, LONGEST_BOX / max(x2 - x1, y2 - y1))
    if scale < 1.0:
        size = (max(2, round(cut.shape[1] * scale)), max(2, round(cut.shape[0] * scale)))
        cut = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    moved = np.array(box, np.float64).reshape(2, 2)
    moved = (moved - (left, top)) * scale
    landmarks = None
    if face.landmarks is not None:
        landmarks = ((face.landmarks - (left, top)) * scale).astype(np.float32)
    (bx1, by1), (bx2, by2) = moved.tolist()
    return Patch(face, np.ascontiguousarray(cut), (bx1, by1, bx2, by2), landmarks)


def shorter_side(box: Box) -> float:
    """In the pixels of the box."""
    return min(box[2] - box[0], box[3] - box[1])


def weights(faces: Sequence[Face]) -> NDArray[np.float64]:
    """Chance of each face to be drawn among its label: 1/sqrt(group size), sources brought near each other.

    A source's share is proportional to the square root of its summed weights, so that the largest collection
    does not become the label's definition.
    """
    groups = Counter((face.source, face.group) for face in faces)
    weight = np.array([groups[face.source, face.group] ** -0.5 for face in faces])
    result = np.zeros(len(faces))
    kinds = [(_label(face), face.source) for face in faces]
    for kind in sorted(set(kinds)):
        chosen = np.array([other == kind for other in kinds])
        result[chosen] = weight[chosen] / np.sqrt(weight[chosen].sum())
    return result


def describe(faces: Sequence[Face]) -> dict[str, int]:
    """How many faces each source gives, by label."""
    names = (f"{face.source} {_label(face)}" for face in faces)
    return dict(sorted(Counter(names).items()))


def _label(face: Face) -> str:
    return INCORRECT if face.incorrect else "mask" if face.masked else "bare"


def tight_box(ellipse_box: Box) -> Box:
    """Bring the bounds of an FDDB head ellipse to the chin-to-mid-forehead box that face detectors give.

    The inverse of (x1 - .042w, y1 - .184h, x2 + .057w, y2 + .031h), which takes detector boxes to FDDB's.
    """
    x1, y1, x2, y2 = ellipse_box
    width, height = (x2 - x1) / 1.099, (y2 - y1) / 1.215
    return (x1 + 0.042 * width, y1 + 0.184 * height, x2 - 0.057 * width, y2 - 0.031 * height)


def face_box(face: Face, image: Image) -> Box:
    """The face's box; where it has none, the one whose 1.3x crop is the whole picture."""
    height, width = image.shape[:2]
    return face.box or (width * 0.15 / 1.3, height * 0.15 / 1.3, width * 1.15 / 1.3, height * 1.15 / 1.3)


def read_rgb(path: Path) -> Image | None:
    """Decode a picture; one that is missing or damaged is named on standard error and gives None."""
    try:
        return np.asarray(cv2.cvtColor(read_picture(path), cv2.COLOR_BGR2RGB), np.uint8)
    except (PictureError, OSError) as error:
        print(f"facecap: skipped {path}: {error}", file=sys.stderr)
        return None


def _index_faces(index: Path, split: str, source: str) -> Iterator[Face]:
    with index.open(newline="", encoding="utf-8-sig") as stream:
        rows = csv.DictReader(stream)
        missing = [name for name in INDEX_COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise TrainingError(f"{index} lacks the columns {missing}; it has {rows.fieldnames}")
        for line, row in enumerate(rows, start=2):
            label, incorrect = row["label"], source not in SETS and row["label"] == INCORRECT
            if label not in LABELS and not incorrect:
                raise TrainingError(f"{index}:{line}: label {label!r}, wanted one of {sorted(LABELS)}")
            if row["split"] != split:
                continue
            try:
                box = _box([row[name] for name in ("x1", "y1", "x2", "y2")]) if row["x1"] else None
                points = [row.get(f"lm{i}{axis}") for i in range(5) for axis in "xy"]
                landmarks = np.array(points, np.float32).reshape(5, 2) if all(points) else None
            except ValueError as error:
                raise TrainingError(f"{index}:{line}: {error}") from error
            masked = LABELS.get(label, False)
            path = index.parent / row["file"]
            yield Face(path, box, landmarks, masked, source, row["group"], incorrect)


def _box(values: Any) -> Box:
    x1, y1, x2, y2 = (float(value) for value in values)
    if not (x1 < x2 and y1 < y2):
        raise ValueError(f"box {(x1, y1, x2, y2)} has no area")
    return (x1, y1, x2, y2)


def _points(values: Any) -> Points | None:
    return None if values is None else np.array(values, np.float32).reshape(5, 2)


def _photos(annotations: Path, split: str) -> Iterator[tuple[Path, Any]]:
    for photo in json.loads(annotations.read_text()):
        if photo["split"] == split:
            yield annotations.parent / photo["file"], photo


def _rmfd_faces(annotations: Path, split: str) -> list[Face]:
    return [
        Face(path, _box(face["box"]), _points(face["landmarks"]), True, "rmfd", photo["group"])
        for path, photo in _photos(annotations, split)
        for face in photo["faces"]
        if face["label"] == "mask"
    ]


def _fddb_faces(annotations: Path, split: str) -> list[Face]:
    return [
        Face(path, _box(face["box"]), _points(face["landmarks"]), False, "fddb", path.name)
        for path, photo in _photos(annotations, split)
        for face in photo["faces"]
    ]


def _udacity_faces(annotations: Path, split: str) -> list[Face]:
    return [
        Face(path, _box(face["box"]), _points(face["landmarks"]), False, "udacity", photo["person"])
        for path, photo in _photos(annotations, split)
        for face in photo["faces"]
    ]
