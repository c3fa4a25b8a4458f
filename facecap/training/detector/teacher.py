"""Labels photographs with a teacher, a detector of any family.

The teacher looks at a picture whole and, where asked, again at overlapping quarters of twice the
resolution, so that small faces carry exact boxes. Every answer down to a low score is kept: the trainer
takes the sure ones as faces and leaves the areas of the others alone.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from facecap._files import write_atomic
from facecap.conversion.model_source import as_model
from facecap.errors import FacecapError
from facecap.evaluation.detector.average_precision import overlaps
from facecap.evaluation.detector.scaled_detector import ScaledDetector
from facecap.training.run import TrainingError

Floats = npt.NDArray[np.float32]

LONG_SIDE = 640  # pixels that the teacher sees
THRESHOLD = 0.15
IOU = 0.4
MOST_FACES = 10_000
SAME = 0.45  # overlap from which two detections are one face
DOUBTED = 0.69  # score of what the teacher alone sees where people labelled: below what counts as sure
PICTURES = {".jpg", ".jpeg", ".png", ".webp"}


class Teacher:
    """A detector that labels: everything from `threshold` on, nothing left out for being much.

    Args:
        model: a detector of any family: a model file, a name of the registry, or what `facecap models import`
            takes.
        long_side: pixels that a picture's longer side is scaled to, up or down; None leaves pictures to the
            model's own input. A model of one fixed size computes that.
        threads: that compute one picture.

    Raises:
        TrainingError: it is no detector.
    """

    def __init__(
        self,
        model: str | Path,
        long_side: int | None = LONG_SIDE,
        threshold: float = THRESHOLD,
        threads: int = 1,
    ) -> None:
        try:
            with tempfile.TemporaryDirectory() as folder:
                path = as_model(model, Path(folder))
                given = None if path is None else str(path)
                self._detector = ScaledDetector(
                    given,
                    long_side,
                    score_threshold=threshold,
                    nms_iou=IOU,
                    max_faces=MOST_FACES,
                    threads=threads,
                )
        except FacecapError as error:
            raise TrainingError(f"no teacher: {error}") from error

    def detect(self, image: npt.NDArray[np.uint8]) -> Floats:
        """Faces of one BGR picture: (N, 15) rows of x1 y1 x2 y2, ten landmark coordinates, score; pixels."""
        found = self._detector.detect(image)
        points = found.landmarks.reshape(-1, 10)
        return np.concatenate([found.boxes, points, found.scores[:, None]], 1)


def suppress(faces: Floats, iou: float) -> Floats:
    """Non-maximum suppression over rows that start with a box and end with a score; descending score."""
    order = np.argsort(-faces[:, -1], kind="stable")
    faces = faces[order]
    area = (faces[:, 2] - faces[:, 0]) * (faces[:, 3] - faces[:, 1])
    alive = np.ones(len(faces), bool)
    for i in range(len(faces)):
        if not alive[i]:
            continue
        low = np.maximum(faces[i, :2], faces[i + 1 :, :2])
        high = np.minimum(faces[i, 2:4], faces[i + 1 :, 2:4])
        overlap = np.prod(np.maximum(high - low, 0), axis=1)
        alive[i + 1 :] &= overlap <= iou * (area[i] + area[i + 1 :] - overlap)
    return faces[alive]


def label_picture(teacher: Teacher, image: npt.NDArray[np.uint8], tiles: bool) -> list[dict[str, Any]]:
    """The teacher's faces of one BGR picture, as entries of an annotations file."""
    faces = teacher.detect(image)
    if tiles and max(image.shape[:2]) > 480:
        height, width = image.shape[:2]
        tile_h, tile_w = round(height * 0.56), round(width * 0.56)
        for top in (0, height - tile_h):
            for left in (0, width - tile_w):
                part = teacher.detect(np.ascontiguousarray(image[top : top + tile_h, left : left + tile_w]))
                part = part[_inside(part, tile_w, tile_h)]
                part[:, :14] += np.tile(np.array([left, top], np.float32), 7)
                part = part[part[:, 3] - part[:, 1] < 0.25 * tile_h]
                faces = np.concatenate([faces, part])
        faces = suppress(faces, IOU)
    return [{**_entry(row), "score": round(float(row[14]), 3)} for row in faces]


def _entry(row: Floats) -> dict[str, Any]:
    """Box and landmarks of a detection for a label file, without its score."""
    points = row[4:14].reshape(5, 2)
    return {
        "box": [round(float(v), 2) for v in row[:4]],
        "landmarks": [[round(float(x), 2), round(float(y), 2)] for x, y in points],
    }


def _inside(faces: Floats, width: int, height: int) -> npt.NDArray[np.bool_]:
    """Faces that no edge of a tile cuts."""
    low, high = faces[:, :2], faces[:, 2:4]
    inside: npt.NDArray[np.bool_] = (low > 2).all(1) & (high[:, 0] < width - 2) & (high[:, 1] < height - 2)
    return inside


def label_folder(
    folder: Path, out: Path, teacher: Teacher | None, *, tiles: bool = False, every: int = 1
) -> int:
    """Labels every picture of a folder (or each `every`-th) into `out`; returns the number of faces kept.

    Without a teacher the pictures show no face.

    `out` is a JSON list of `{file, width, height, complete, faces: [{box, landmarks, score}]}`, `file`
    relative to `folder`; `complete` where small faces were looked for too.

    Raises:
        TrainingError: there is no picture in the folder.
    """
    entries = []
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES)
    if not paths:
        raise TrainingError(f"{folder}: found no picture ({' '.join(sorted(PICTURES))}) in it")
    for path in _progress(paths[::every]):
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            print(f"skipped, not a picture: {path}", file=sys.stderr)
            continue
        entry = {"file": str(path.relative_to(folder)), "width": image.shape[1], "height": image.shape[0]}
        if teacher is None:
            entries.append({**entry, "complete": True, "faces": []})
            continue
        faces = label_picture(teacher, np.asarray(image, np.uint8), tiles)
        entries.append({**entry, "complete": tiles, "faces": faces})
    write_atomic(out, json.dumps(entries).encode())
    return sum(len(entry["faces"]) for entry in entries)


def _progress(paths: list[Path]) -> Iterable[Path]:
    for index, path in enumerate(paths):
        if index % 200 == 0:
            print(f"labelled {index} of {len(paths)} pictures", file=sys.stderr)
        yield path


def add_second(folder: Path, labels: Path, model: str | Path) -> int:
    """Let a second detector look at the pictures of a label file; returns how many faces it alone sees.

    Every face gets `second`, the detector's own score for it: the best of the picture's own size (mean of the
    picture and its mirror image) and of twice that. Faces that only the second sees are added with score 0.
    """
    entries = json.loads(labels.read_text())
    second, added = SecondLook(model), 0
    for entry, _ in zip(entries, _progress([folder / entry["file"] for entry in entries]), strict=True):
        image = cv2.imread(str(folder / entry["file"]), cv2.IMREAD_COLOR)
        if image is None:
            continue
        seen = second.detect(np.asarray(image, np.uint8))
        added += _merge_second(entry["faces"], seen)
    write_atomic(labels, json.dumps(entries).encode())
    return added


def take_boxes(labels: Path, boxes: Path) -> int:
    """Put people's boxes in the place of the teacher's in a label file; returns how many there are.

    `boxes` holds a text file of each picture's stem: a line `class x y width height` a face, centre and size
    as shares of the picture (the YOLO format). A box takes points and score of the teacher's face on it, no
    points and 0 where there is none: a face that can hardly be seen. The teacher's other faces stay as
    doubtful ones: people leave out some. A picture without a file, which is
    named on standard error, keeps the teacher's.

    Raises:
        TrainingError: a line is of another form.
    """
    entries = json.loads(labels.read_text())
    count = 0
    for entry in entries:
        path = boxes / f"{Path(entry['file']).stem}.txt"
        if not path.is_file():
            print(f"{entry['file']}: keeps the teacher's faces, there is no {path}", file=sys.stderr)
            continue
        true = _read_boxes(path, entry["width"], entry["height"])
        seen = np.array([face["box"] for face in entry["faces"]], np.float32).reshape(-1, 4)
        overlap = overlaps(true, seen)
        faces = []
        for place, box in enumerate(true):
            same = int(overlap[place].argmax()) if len(seen) else -1
            matched = same >= 0 and overlap[place, same] >= SAME
            face = {"box": [round(float(v), 2) for v in box], "true": True, "landmarks": None, "score": 0.0}
            if matched:
                face |= {key: entry["faces"][same][key] for key in ("landmarks", "score")}
            faces.append(face)
        taken = set(np.nonzero(overlap >= SAME)[1].tolist())
        others = [face for place, face in enumerate(entry["faces"]) if place not in taken]
        entry["complete"] = True
        entry["faces"] = faces + [{**face, "score": min(face["score"], DOUBTED)} for face in others]
        count += len(faces)
    write_atomic(labels, json.dumps(entries).encode())
    return count


def _read_boxes(path: Path, width: int, height: int) -> Floats:
    """Boxes (N, 4) in pixels."""
    try:
        rows = [[float(v) for v in line.split()] for line in path.read_text().splitlines() if line.strip()]
        shares = np.array(rows, np.float64).reshape(-1, 5)[:, 1:]
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: wanted lines of class, x, y, width and height: {error}") from error
    size = np.array([width, height])
    low, high = shares[:, :2] - shares[:, 2:] / 2, shares[:, :2] + shares[:, 2:] / 2
    there = ((high - low) * size >= 1).all(1)  # WIDER FACE has some without an area
    boxes: Floats = np.concatenate([low * size, high * size], 1)[there].astype(np.float32)
    return boxes


class SecondLook:
    """A detector at a picture's own size, mirrored too, and at twice that size."""

    LONGEST = 640  # pixels; larger pictures are looked at as if they had this size
    LOWEST = 0.05

    def __init__(self, model: str | Path) -> None:
        self._model = model
        self._teachers: dict[int, Teacher] = {}

    def detect(self, image: npt.NDArray[np.uint8]) -> Floats:
        """Faces of one BGR picture as of `Teacher.detect`."""
        side = -(-min(max(image.shape[:2]), self.LONGEST) // 32) * 32
        here, large = self._look(image, side), self._look(image, 2 * side)
        mirrored = self._look(np.ascontiguousarray(image[:, ::-1]), side)
        mirrored[:, [0, 2]] = image.shape[1] - mirrored[:, [2, 0]]
        for row in here:
            row[14] = (row[14] + _score_of(row, mirrored)) / 2
        faces = suppress(np.concatenate([here, large]), IOU)
        return faces[faces[:, 14] >= self.LOWEST]

    def _look(self, image: npt.NDArray[np.uint8], side: int) -> Floats:
        if side not in self._teachers:
            self._teachers[side] = Teacher(self._model, side, self.LOWEST)
        return self._teachers[side].detect(image)


def _score_of(face: Floats, others: Floats) -> float:
    """Score of the one among others that is the same face, 0 where none is."""
    if not len(others):
        return 0.0
    overlap = overlaps(face[None, :4], others[:, :4])[0]
    best = int(overlap.argmax())
    return float(others[best, 14]) if overlap[best] >= SAME else 0.0


def _merge_second(faces: list[dict[str, Any]], seen: Floats) -> int:
    known = np.array([face["box"] for face in faces], np.float32).reshape(-1, 4)
    overlap = overlaps(known, seen[:, :4])
    for place, face in enumerate(faces):
        same = overlap[place] >= SAME
        face["second"] = round(float(seen[same, 14].max(initial=0.0)), 3)
    alone = seen[~(overlap >= SAME).any(0)]
    faces += [{**_entry(row), "score": 0.0, "second": round(float(row[14]), 3)} for row in alone]
    return len(alone)
