"""What a detector hands to a refiner on pictures that nobody was trained on: faces, and false alarms."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import Detector
from facecap.errors import FacecapError
from facecap.evaluation.detector.average_precision import Floats, overlaps, touches
from facecap.evaluation.detector.detection import read_annotations, rows
from facecap.evaluation.detector.masked import NEAR
from facecap.sources.pictures import pictures_in
from facecap.training.detector.teacher import Teacher
from facecap.training.mask.data import tight_box
from facecap.training.refiner.look import TEACHER_LOWEST, ask, enlarge, near

Image = NDArray[np.uint8]

SCORE = 0.5
DOUBT, SURE = TEACHER_LOWEST, 0.5  # the teacher's score that spoils a picture without faces, and an alarm
SAME = 0.5  # overlap from which a detection is of an annotated face
FACES = ("mask", "fddb")  # sets whose faces must not be refused
EMPTY = "empty"


@dataclass(frozen=True)
class Case:
    """One detection.

    Attributes:
        part: the set: `mask`, `fddb`, `rmfd`, `udacity` or `empty`.
        picture: its file.
        box: (4,).
        face: whether it is one; else a false alarm.
        score: the detector's.
        landmarks: (5, 2), the detector's.
        true: (5, 2), those that people set; None where nobody did.
    """

    part: str
    picture: Path
    box: Floats
    face: bool
    score: float
    landmarks: Floats
    true: Floats | None


def read_cases(
    data: Path, empty: Path | None, detector: Detector, teacher: Teacher | None = None
) -> Iterator[tuple[Image, list[Case]]]:
    """Every picture (BGR) in which the detector finds something that counts, and what it finds.

    A detection is a face where it overlaps an annotated one by half, a false alarm where it is near none and
    in no area to ignore. Of `mask` and `udacity` only the faces count. Where the teacher, shown a false alarm
    enlarged, sees a face, nobody annotated it: it is left out, and of `empty` the whole picture, named on
    standard error.

    Raises:
        FacecapError: there is no `mask`, or a set is damaged.
    """
    for part, entries in _annotated(data).items():
        for entry in _counted(part, entries):
            image = _read(Path(entry["file"]))
            found = detector.detect(image)
            faces, known = _known(part, entry)
            cases = []
            for box, score, landmarks in zip(found.boxes, found.scores, found.landmarks, strict=True):
                same = overlaps(box[None], faces)[0] if len(faces) else np.zeros(0)
                face = bool(len(same)) and float(same.max()) >= SAME
                if face or (part in ("fddb", "rmfd") and not touches(box[None], known, NEAR)[0]):
                    true = (
                        entry["faces"][int(same.argmax()) % len(entry["faces"])].get("true") if face else None
                    )
                    path = Path(entry["file"])
                    cases.append(Case(part, path, box, face, float(score), landmarks, true))
            yield image, cases if teacher is None else _without_faces_nobody_marked(teacher, image, cases)
    for path in _counted(EMPTY, pictures_in(empty)) if empty is not None else []:
        image = _read(path)
        found = detector.detect(image)
        if teacher is not None and any(_shows_a_face(teacher, image, box, DOUBT) for box in found.boxes):
            print(f"{path}: left out, the teacher sees a face", file=sys.stderr)
            continue
        detections = zip(found.boxes, found.scores, found.landmarks, strict=True)
        yield image, [Case(EMPTY, path, box, False, float(s), points, None) for box, s, points in detections]


def _without_faces_nobody_marked(teacher: Teacher, image: Image, cases: list[Case]) -> list[Case]:
    kept = []
    for case in cases:
        if case.face or not _shows_a_face(teacher, image, case.box, SURE):
            kept.append(case)
        else:
            print(f"{case.picture}: a detection left out, the teacher sees a face", file=sys.stderr)
    return kept


def _shows_a_face(teacher: Teacher, image: Image, box: Floats, score: float) -> bool:
    faces = ask(teacher, [enlarge(image, box)])[0]
    return bool(near(box[None], faces[faces[:, 14] >= score][:, :4])[0])


def _annotated(data: Path) -> dict[str, list[Mapping[str, Any]]]:
    """Validation pictures by set, those that are there: `file`, `faces` with `box`, and perhaps `extra`."""
    sets: dict[str, list[Mapping[str, Any]]] = {"mask": list(_mask(data / "mask" / "index.csv"))}
    for name in ("fddb", "rmfd", "udacity"):
        folder = data / "detect" / name
        if not folder.is_dir():
            continue
        sets[name] = [
            {**entry, "file": folder / entry["file"], "faces": _marked(name, entry["faces"])}
            for entry in read_annotations(folder, "file", "split", "faces")
            if entry["split"] == "val"
        ]
    return sets


def _marked(name: str, faces: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    if name != "udacity":
        return faces
    return [{**face, "true": np.array(face["landmarks"], np.float32)} for face in faces]


def _mask(index: Path) -> Iterator[Mapping[str, Any]]:
    if not index.is_file():
        raise FacecapError(f"{index}: no such file; --data wants the folder that holds mask/ and detect/")
    with index.open(newline="", encoding="utf-8-sig") as stream:
        for row in csv.DictReader(stream):
            if row["split"] == "val" and row["x1"]:
                box = [float(row[key]) for key in ("x1", "y1", "x2", "y2")]
                yield {"file": index.parent / row["file"], "faces": [{"box": box}]}


def _known(part: str, entry: Mapping[str, Any]) -> tuple[Floats, Floats]:
    """Boxes that make a face, and areas in which nothing is a false alarm. FDDB's heads come twice, as they
    are and as detectors see them."""
    faces = rows([face["box"] for face in entry["faces"]])
    known = np.concatenate([faces, rows([face["box"] for face in entry.get("extra", [])])])
    if part == "fddb" and len(faces):
        faces = np.concatenate([faces, rows([tight_box(tuple(face.tolist())) for face in faces])])
    return faces, known


def _counted(part: str, entries: Any) -> Iterator[Any]:
    for number, entry in enumerate(entries):
        if number % 100 == 0:
            print(f"{part}: {number} of {len(entries)}", file=sys.stderr)
        yield entry


def _read(path: Path) -> Image:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise FacecapError(f"{path}: not a readable picture")
    return np.asarray(image, np.uint8)
