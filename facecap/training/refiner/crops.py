"""`facecap train refiner-crops`: faces in the boxes that detectors give them, and what detectors mistake for
faces, cut out of photographs.

Every source becomes a file `SOURCE.jsonl` and a folder `SOURCE/` of patches in `--out`; an interrupted run
goes on with the sources that are missing. Pictures without faces that only measure are copied to `empty/`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap._files import write_atomic
from facecap.evaluation.detector.average_precision import overlaps
from facecap.evaluation.detector.contenders import Views, looking, open_yunet
from facecap.evaluation.detector.detection import Detect, Found, open_detector
from facecap.training.detector.teacher import Floats, Teacher
from facecap.training.near_copies import evaluation_copies
from facecap.training.refiner.look import (
    PLACES,
    SAME,
    TEACHER_LOWEST,
    Candidate,
    Tile,
    agreed,
    ask,
    candidates,
    empty_square,
    enlarge,
    near,
    same_face,
)
from facecap.training.refiner.sources import (
    VALIDATION,
    Collection,
    Photo,
    collection_photos,
    pack_photos,
    place,
    read_collections,
)
from facecap.training.run import Progress, TrainingError

Image = NDArray[np.uint8]

PACK = {"fddb": 1000, "rmfd": 600, "mask": 900, "udacity": 3500}  # pictures of each set at most
SEARCHED = ("fddb",)  # sets of the pack whose areas without known faces are searched for false alarms
CONTEXT = 0.7  # share of the box kept on each side of it
LONGEST = 80  # px of a kept box: a crop of 112 shows little more of it
SMALLEST = 16.0  # px of a face's shorter side
LABELLED_POINTS = 0.3  # teacher's score from which a face with a true box takes its points
FACES, ALARMS = 12, 6  # of a picture at most
EVALUATED = "empty"  # folder of pictures without faces

Entry = dict[str, Any]


@dataclass
class _Patch:
    """The pixels around a box; a point of the picture lies at (point - corner) * scale."""

    pixels: Image
    corner: Floats
    scale: float
    boxes: Floats
    entry: Entry


@dataclass
class _Question:
    """Whether a patch shows a face, for the teacher; `second` as of `Candidate`, None of a true face."""

    patch: _Patch
    tile: Tile
    box: Floats
    face: bool
    second: float | None


def write_crops(args: argparse.Namespace) -> int:
    """Cut crops by the options of the command line; returns the exit code."""
    miner = _Miner(args)
    collections = read_collections(args.photos)
    for name, most in PACK.items():
        photos = sorted(pack_photos(args.data, name), key=lambda photo: place(photo.path.name))
        miner.source(name, photos[:most], Collection())
    for name, collection in collections.items():
        photos = collection_photos(args.photos, name, collection)
        kept = [photo for photo in photos if place(photo.path.name) >= collection.evaluate]
        miner.source(name, kept[: collection.pictures], collection)
    for name, collection in sorted(
        collections.items(), key=lambda item: item[1].kind
    ):  # the quick ones first
        photos = collection_photos(args.photos, name, collection)
        reserved = [photo for photo in photos if place(photo.path.name) < collection.evaluate]
        miner.measured(name, reserved, collection)
    return 0


class _Miner:
    def __init__(self, args: argparse.Namespace) -> None:
        self._out: Path = args.out
        self._out.mkdir(parents=True, exist_ok=True)
        cv2.setNumThreads(1)
        self._detectors: list[Detect] = [open_detector(model) for model in args.detector or [None]]
        self._detectors += [_own_size(path) for path in args.yunet or []]
        if len(self._detectors) < 2:
            raise TrainingError("wanted two detectors or more, to confirm each other: give --yunet")
        self._teacher = Teacher(args.teacher, threshold=TEACHER_LOWEST)
        self._copies, self._progress = evaluation_copies(args.data), Progress()
        self._progress.say(f"near copies of {len(self._copies)} evaluation pictures are left out")
        self._questions: list[_Question] = []
        self._lines: list[str] = []

    def source(self, name: str, photos: Sequence[Photo], collection: Collection) -> None:
        """Write `NAME.jsonl` and the patches of `NAME/`, unless they are there."""
        index = self._out / f"{name}.jsonl"
        if index.is_file() or not photos:
            return
        (self._out / name).mkdir(exist_ok=True)
        self._lines, self._questions = [], []
        for photo in self._counted(name, photos):
            image = cv2.imread(str(photo.path), cv2.IMREAD_COLOR)
            if image is None or self._copies.has(np.asarray(image, np.uint8)):
                what = "not a picture" if image is None else "a near copy of an evaluation picture"
                print(f"facecap: skipped {photo.path}: {what}", file=sys.stderr)
                continue
            part = "val" if place(f"{photo.path.name} part") < VALIDATION else "train"
            entry = {"source": name, "picture": photo.path.name, "part": part}
            views = [image, image[::-1, ::-1]] if collection.kind == "empty" else [image]
            for view in views:  # upside down, what is empty shows other false alarms
                self._picture(photo, np.ascontiguousarray(view, np.uint8), collection, entry)
            while len(self._questions) >= PLACES:
                self._answer()
        while self._questions:
            self._answer()
        write_atomic(index, "".join(f"{line}\n" for line in self._lines).encode())

    def measured(self, name: str, photos: Sequence[Photo], collection: Collection) -> None:
        """Copy the pictures without faces to `empty/`, unless it is done; of people those in which the
        teacher sees none."""
        done = self._out / f"{name}.empty"
        if done.is_file() or not photos:
            return
        (self._out / EVALUATED).mkdir(exist_ok=True)
        count = 0
        for photo in self._counted(f"{name}, without faces", photos):
            image = cv2.imread(str(photo.path), cv2.IMREAD_COLOR)
            known = collection.kind == "empty"
            if image is not None and (known or not len(self._teacher.detect(np.asarray(image, np.uint8)))):
                shutil.copyfile(photo.path, self._out / EVALUATED / f"{name}_{photo.path.name}")
                count += 1
        write_atomic(done, f"{count} of {len(photos)}\n".encode())

    def _picture(self, photo: Photo, image: Image, collection: Collection, entry: Entry) -> None:
        """Save what is known of a picture's faces, and put the questions that it raises."""
        size = (image.shape[1], image.shape[0])
        found = [Found(*detect(image)) for detect in self._detectors]
        seen = candidates(found)
        true = photo.boxes * np.tile(np.array(size, np.float32), 2)
        for face in photo.faces:
            own = [seen[i].boxes for i in _of(face[:4], seen)]
            by = None if np.isnan(face[4:]).any() else "people" if photo.true else "teacher"
            self._known_face(
                image, np.concatenate([face[None, :4], *own]), face[4:], {**entry, "points_by": by}
            )
        known = np.concatenate([photo.faces[:, :4], photo.elsewhere, true])
        name, empty = entry["source"], collection.kind == "empty"
        for one in [one for one in seen if len(true) and (overlaps(one.boxes[:1], true) >= SAME).any()][
            :FACES
        ]:
            self._ask(image, one.boxes, True, None, entry)
        if name not in PACK and collection.kind == "people" and not len(true):
            for one in [one for one in seen if one.second][:FACES]:
                self._ask(image, one.boxes, True, one.second, entry)
        if name in SEARCHED or (name not in PACK and collection.kind != "points"):
            outside = ~near(np.array([one.boxes[0] for one in seen], np.float32).reshape(-1, 4), known)
            alarms = [one for one, out in zip(seen, outside, strict=True) if out and (empty or one.alone)]
            for one in alarms[:ALARMS]:
                about = {**entry, "score": round(one.score, 3)}
                self._ask(image, one.boxes[:1], False, None, about)
            rng = np.random.default_rng(int(place(photo.path.name) * 2**32))
            for square in empty_square(found, known, size, rng):
                self._ask(image, square[None], False, None, {**entry, "score": None})

    def _known_face(self, image: Image, boxes: Floats, points: Floats, entry: Entry) -> None:
        patch = _cut(image, boxes, {**entry, "face": True})
        if patch is not None and float((boxes[0, 2:] - boxes[0, :2]).min()) >= SMALLEST:
            self._save(patch, None if entry["points_by"] is None else points)

    def _ask(self, image: Image, boxes: Floats, face: bool, second: float | None, entry: Entry) -> None:
        patch = _cut(image, boxes, {**entry, "face": face})
        if patch is not None and (not face or float((boxes[0, 2:] - boxes[0, :2]).min()) >= SMALLEST):
            self._questions.append(_Question(patch, enlarge(image, boxes[0]), boxes[0], face, second))

    def _answer(self) -> None:
        """Show a canvas of questions to the teacher and save what is settled."""
        asked, self._questions = self._questions[:PLACES], self._questions[PLACES:]
        for one, faces in zip(asked, ask(self._teacher, [one.tile for one in asked]), strict=True):
            if not one.face:
                if not near(one.box[None], faces[:, :4])[0]:
                    self._save(one.patch, None)
                continue
            seen = same_face(one.box, faces)
            score = 0.0 if seen is None else float(seen[14])
            if one.second is None or agreed(score, one.second):
                pointed = seen is not None and score >= LABELLED_POINTS
                one.patch.entry["points_by"] = "teacher" if pointed else None
                self._save(one.patch, seen[4:14] if pointed and seen is not None else None)

    def _save(self, patch: _Patch, points: Floats | None) -> None:
        file = f"{patch.entry['source']}/{len(self._lines):05}.jpg"
        _, code = cv2.imencode(".jpg", patch.pixels, [cv2.IMWRITE_JPEG_QUALITY, 95])
        (self._out / file).write_bytes(code.tobytes())
        boxes = _moved(patch, patch.boxes.reshape(-1, 2)).reshape(-1, 4)
        entry = {"file": file, **patch.entry, "scale": round(patch.scale, 4), "boxes": _rounded(boxes)}
        entry["points"] = None if points is None else _rounded(_moved(patch, points.reshape(5, 2)))
        self._lines.append(json.dumps(entry))

    def _counted(self, name: str, photos: Sequence[Photo]) -> Iterator[Photo]:
        for number, photo in enumerate(photos):
            if number % 100 == 0:
                self._progress.say(f"{name}: {number} of {len(photos)} pictures, {len(self._lines)} crops")
            yield photo


def _of(face: Floats, seen: Sequence[Candidate]) -> list[int]:
    """Which candidates found a face; at most the best."""
    boxes = np.array([one.boxes[0] for one in seen], np.float32).reshape(-1, 4)
    overlap = overlaps(face[None], boxes)[0]
    return [int(overlap.argmax())] if len(seen) and overlap.max() >= SAME else []


def _cut(image: Image, boxes: Floats, entry: Entry) -> _Patch | None:
    """The pixels around the boxes of one face, the first of them at most `LONGEST`; None where they lie
    outside of the picture."""
    height, width = image.shape[:2]
    sides = boxes[:, 2:] - boxes[:, :2]
    low = np.floor((boxes[:, :2] - CONTEXT * sides).min(0))
    high = np.ceil((boxes[:, 2:] + CONTEXT * sides).max(0))
    left, top = (int(value) for value in np.clip(low, 0, None))
    right, bottom = (int(value) for value in np.minimum(high, (width, height)))
    if right - left < 8 or bottom - top < 8 or sides.min() < 4:
        return None
    scale = min(1.0, LONGEST / float(sides[0].max()))
    cut = image[top:bottom, left:right]
    if scale < 1:
        size = (max(8, round(cut.shape[1] * scale)), max(8, round(cut.shape[0] * scale)))
        cut = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _Patch(np.ascontiguousarray(cut), np.array([left, top], np.float32), scale, boxes, entry)


def _moved(patch: _Patch, points: Floats) -> Floats:
    return ((points - patch.corner) * patch.scale).astype(np.float32)


def _rounded(values: Floats) -> list[list[float]]:
    return [[round(float(value), 2) for value in row] for row in values]


def _own_size(path: Path) -> Detect:
    """YuNet at a picture's own size, but at most 640."""
    return looking(lambda side: open_yunet(path, min(side or 640, 640)), Views((0,)))
