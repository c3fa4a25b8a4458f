"""Pictures and labels that the detector trains on: the data pack and photographs that a teacher labelled."""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from facecap.evaluation.detector.average_precision import overlaps
from facecap.training.detector.shares import Share, read_shares
from facecap.training.mask.data import tight_box
from facecap.training.run import TrainingError

Floats = npt.NDArray[np.float32]
LONG_SIDE = 1024  # pixels; larger photographs are scaled down once, when they are read
SURE = 0.7  # teacher score from which a detection is a face
DOUBTFUL = 0.3  # below it background, between the two ignored
SEEN = 0.6  # teacher score from which there is no doubt in a face that people labelled
FULL = 0.8  # teacher score from which it has no doubt
TEACHER_SHARE = 0.6  # of the belief, where a second detector has the rest
LABELLED = 0.95  # belief in a face that people, or two networks that saw a mask on it, labelled
LOWEST = 0.05  # belief below which there is no face
SURE_MASKED = 0.5  # where a second network saw a mask on the same face
INCOMPLETE = {"rmfd", "fddb"}  # sets of the pack whose small faces nobody labelled
SAME = 0.4  # overlap from which two labels are one face
HELD_OUT = 12  # one group of pictures in so many is kept for choosing between runs
MEASURED = 120  # of those, at most, in a source


@dataclass
class Picture:
    """One photograph: faces (N, 14) as box and five landmarks, nan where unknown.

    `belief` (N,), 0 to 1, says how sure those who labelled it are together; `certain` are those that the
    teacher alone is sure of. `complete`: where no face is labelled there is none; else the background of the
    picture teaches nothing.
    """

    path: Path
    faces: Floats
    certain: npt.NDArray[np.bool_]
    masked: npt.NDArray[np.bool_]
    belief: Floats
    image: npt.NDArray[np.uint8] | None = None
    complete: bool = True

    def load(self) -> bool:
        """Read the pixels, once, and scale the labels along; False where the file is no picture."""
        if self.image is not None:
            return True
        image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if image is None:
            return False
        scale = LONG_SIDE / max(image.shape[:2])
        if scale < 1:
            size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
            self.faces = self.faces * np.float32(scale)
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        self.image = np.asarray(image, np.uint8)
        return True


@dataclass
class Source:
    """Pictures of one kind, how often they are drawn, and those that are measured instead."""

    name: str
    weight: float
    train: list[Picture]
    held_out: list[Picture]


def load_sources(data: Path, photos: Path | None) -> list[Source]:
    """Every set found under `data` (the pack) and `photos` (`<name>/` with `<name>.json` beside it), with
    its share (`shares`).

    Raises:
        TrainingError: `photos` is no folder, or an annotation has another form; the text names the file.
    """
    if photos is not None and not photos.is_dir():
        raise TrainingError(f"{photos}: no such folder; --photos wants one of NAME/ and NAME.json")
    shares = read_shares(photos)
    sources = [_pack_set(data, photos, name, shares[name]) for name in ("rmfd", "fddb", "udacity")]
    sources += [_masks(data, photos, label, shares[label]) for label in ("with_mask", "without_mask")]
    for folder in sorted(entry for entry in photos.iterdir() if entry.is_dir()) if photos else []:
        labels = folder.with_name(folder.name + ".json")
        if not labels.is_file():
            print(f"{folder}: left out, there is no {labels.name} beside it", file=sys.stderr)
            continue
        with _in_form(labels):
            pictures = [
                _picture(folder / e["file"], e["faces"], bool(e.get("complete")))
                for e in json.loads(labels.read_text())
            ]
        sources.append(_split(folder.name, shares.get(folder.name, Share()), pictures))
    return [source for source in sources if source.train]


def read_pictures(sources: Iterable[Source]) -> list[Source]:
    """Read the pixels into memory; a damaged picture is named on standard error and left out. The sources
    that still have some to train on."""
    read = []
    for source in sources:
        source.train, source.held_out = _whole(source.train), _whole(source.held_out)
        if source.train:
            read.append(source)
    return read


def _whole(pictures: list[Picture]) -> list[Picture]:
    whole = []
    for picture in pictures:
        if picture.load():
            whole.append(picture)
        else:
            print(f"facecap: skipped {picture.path}: missing or not a picture", file=sys.stderr)
    return whole


@contextmanager
def _in_form(path: Path) -> Iterator[None]:
    try:
        yield
    except (LookupError, TypeError, ValueError) as error:
        raise TrainingError(f"{path} is not in the expected form: {error!r}") from error


def _pack_set(data: Path, photos: Path | None, name: str, share: Share) -> Source:
    folder = data / "detect" / name
    pictures: list[Picture] = []
    groups: list[str] = []
    if not folder.is_dir():
        return _split(name, share, pictures)
    relabelled = _relabelled(photos, name)
    annotations = folder / "annotations.json"
    with _in_form(annotations):
        for entry in json.loads(annotations.read_text()):
            if entry["split"] != "train":
                continue
            seen = relabelled.get(Path(entry["file"]).name, [])
            complete = name not in INCOMPLETE
            pictures.append(_picture(folder / entry["file"], _pack_faces(name, entry) + seen, complete))
            groups.append(entry.get("group") or entry["file"])
    return _split(name, share, pictures, groups)


def _relabelled(photos: Path | None, name: str) -> dict[str, list[dict[str, Any]]]:
    """The teacher's own faces of a set of the pack, by file name; empty where it was not asked."""
    labels = photos / f"{name}.json" if photos else None
    if labels is None or not labels.is_file():
        return {}
    with _in_form(labels):
        return {entry["file"]: entry["faces"] for entry in json.loads(labels.read_text())}


def _pack_faces(name: str, entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Faces of the pack as teacher-style entries. FDDB's own boxes bound heads: they are brought to those of
    faces, and are never certain."""
    if name == "fddb":
        heads = [{"box": tight_box(face["box"]), "score": 0.5, "label": "face"} for face in entry["faces"]]
        return heads + [{**face, "score": min(face["score"], 0.69)} for face in entry["extra"]]
    return [{"score": 1.0, **face} for face in entry["faces"]]


def _picture(path: Path, entries: list[dict[str, Any]], complete: bool = True) -> Picture:
    """Labels of one picture; where two sources name the same face, the first sure one stands, with the higher
    belief."""
    known = sorted((e for e in entries if _belief(e) >= LOWEST), key=lambda e: not _sure(e))
    faces = np.full((len(known), 14), np.nan, np.float32)
    belief = np.zeros(len(known), np.float32)
    certain, masked = np.zeros(len(known), bool), np.zeros(len(known), bool)
    count = 0
    for entry in known:
        box = np.array(entry["box"], np.float32)
        same = np.flatnonzero(overlaps(box[None], faces[:count, :4])[0] > SAME)
        if len(same):
            belief[same[0]] = max(belief[same[0]], _belief(entry))
            continue
        faces[count, :4] = box
        if entry.get("landmarks"):
            faces[count, 4:] = np.array(entry["landmarks"], np.float32).reshape(10)
        belief[count], certain[count] = _belief(entry), _sure(entry)
        masked[count] = entry.get("label") == "mask"
        count += 1
    return Picture(path, faces[:count], certain[:count], masked[:count], belief[:count], complete=complete)


def _belief(entry: Mapping[str, Any]) -> float:
    if entry.get("label"):
        return LABELLED
    if entry.get("true"):
        return float(np.clip(entry["score"] / SEEN, DOUBTFUL, 1))
    teacher = min(1.0, entry["score"] / FULL)
    if "second" not in entry:
        return float(teacher)
    return float(TEACHER_SHARE * teacher + (1 - TEACHER_SHARE) * entry["second"])


def _sure(entry: Mapping[str, Any]) -> bool:
    if entry.get("true"):
        return bool(entry["score"] >= DOUBTFUL)
    return bool(entry["score"] >= (SURE_MASKED if entry.get("label") == "mask" else SURE))


def _masks(data: Path, photos: Path | None, label: str, share: Share) -> Source:
    """Pictures of mask/ that show exactly one face, or all where the teacher labelled them."""
    index = data / "mask" / "index.csv"
    relabelled = _relabelled(photos, label)
    pictures = []
    if index.is_file():
        with _in_form(index), index.open(newline="", encoding="utf-8-sig") as stream:
            for row in csv.DictReader(stream):
                if row["split"] != "train" or row["label"] != label or row["score"] == "":
                    continue
                if row["n_faces"] != "1" and not relabelled:
                    continue
                points = [[float(row[f"lm{i}x"]), float(row[f"lm{i}y"])] for i in range(5)]
                box = [float(row[k]) for k in ("x1", "y1", "x2", "y2")]
                face = {"box": box, "landmarks": points, "score": 1.0}
                if label == "with_mask":
                    face["label"] = "mask"
                others = relabelled.get(Path(row["file"]).name, [])
                pictures.append(_picture(index.parent / row["file"], [face, *others]))
    return _split(label, share, pictures)


def _split(name: str, share: Share, pictures: list[Picture], groups: list[str] | None = None) -> Source:
    keys = groups or [picture.path.name for picture in pictures]
    out = [share.held_out and int(hashlib.sha256(k.encode()).hexdigest(), 16) % HELD_OUT == 0 for k in keys]
    train = [p for p, o in zip(pictures, out, strict=True) if not o]
    held_out = [p for p, o in zip(pictures, out, strict=True) if o]
    return Source(name, share.share, train, held_out[:MEASURED])
