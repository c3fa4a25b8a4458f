"""`facecap train mask-faces`: the faces of photographs, cut out and labelled, for `train mask --more`.

Faces and their points are the detector's. A face is labelled by people's boxes around it, or it is bare
because the whole folder is, unless a second network sees a mask on it.
"""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import Detector, MaskClassifier, crop_face
from facecap._files import write_atomic
from facecap.evaluation.detector.average_precision import overlaps
from facecap.sources.pictures import SUFFIXES
from facecap.training.mask.data import CONTEXT, INCORRECT, Image
from facecap.training.near_copies import difference_hash, evaluation_copies, groups_of
from facecap.training.refiner.sources import place
from facecap.training.run import Progress, TrainingError

SCORE = 0.7  # of a face that is taken
SMALLEST = 32.0  # px of the shorter side of a box
MOST_FACES = 3  # of a photograph, the largest
SAME = 0.3  # overlap from which a face lies in a labelled box
LONG_SIDE = 640  # pixels that the detector sees
LONGEST = 160  # px of a box as it is kept: a crop has 112
BORDER = 0.5  # of the photograph's side, around it: faces that fill it are found too
QUALITY = 95
AIZOO_SIDE = 260  # px of what the second network sees
SURELY_BARE = 0.1  # probability of a mask below which a face is bare
INDEX = "index.csv"
WITH, WITHOUT = "with_mask", "without_mask"
NAMES = {  # of labels in public collections, and ours
    **dict.fromkeys(("mask", "with_mask"), WITH),
    **dict.fromkeys(("unmask", "no_mask", "without_mask"), WITHOUT),
    **dict.fromkeys(("incorrect", "mask_weared_incorrect"), INCORRECT),
}
COLUMNS = ["file", "label", "group", "split", "x1", "y1", "x2", "y2"]
COLUMNS += [f"lm{i}{axis}" for i in range(5) for axis in "xy"] + ["score", "source_file"]

Labels = Callable[[Path, Image, NDArray[np.float32]], list["str | None"]]


def write_faces(
    photos: Path, out: Path, data: Path, labels: Labels, *, every: int = 1, held_out: float = 0.2
) -> Counter[str]:
    """Cut the faces out and write `index.csv`, in the form of `mask/index.csv`; counts of what came of it.

    Args:
        photos: folder of photographs; of several versions that Roboflow made of one the first is taken.
        out: folder to write into.
        data: folder of the data pack; near copies of its evaluation pictures are left out.
        labels: of the boxes (N, 4) of a BGR picture: a label of the index, or None for a face to leave out.
        every: take every n-th photograph.
        held_out: share of the groups of near copies that gets the split `val`, the rest `train`.

    Raises:
        TrainingError: `out` holds faces already, `data` nothing to compare with, there is no photograph,
            or no face that could be labelled.
        OSError: something cannot be written.
    """
    paths = _photographs(photos)[::every]
    if not paths:
        raise TrainingError(f"{photos}: found no picture ({' '.join(sorted(SUFFIXES))}) in it")
    if (out / INDEX).exists():
        raise TrainingError(
            f"{out} holds faces already, whose {INDEX} may be corrected by hand: give another --out"
        )
    copies, progress = evaluation_copies(data), Progress()
    progress.say(f"near copies of {len(copies)} evaluation pictures are left out")
    out.mkdir(parents=True, exist_ok=True)
    detector = Detector(input_size=(LONG_SIDE, LONG_SIDE), score_threshold=SCORE)
    counts: Counter[str] = Counter()
    hashes: list[int] = []
    rows: list[dict[str, Any]] = []
    for number, path in enumerate(paths):
        if number % 200 == 0:
            progress.say(f"{number} of {len(paths)} photographs, {len(rows)} faces")
        decoded = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if decoded is None:
            print(f"facecap: skipped {path}: not a picture", file=sys.stderr)
            continue
        image = np.asarray(decoded, np.uint8)
        if copies.has(image):
            counts["photographs left out as near copies of evaluation pictures"] += 1
            continue
        hashes.append(difference_hash(image))
        found = _detect(detector, image)
        for face, label in zip(found, labels(path, image, found[:, :4]), strict=True):
            counts["faces without a sure label" if label is None else label] += 1
            if label is not None:
                name, source = f"{len(rows):05d}.jpg", str(path.relative_to(photos))
                row: dict[str, Any] = {"file": name, "label": label, "group": len(hashes) - 1}
                rows.append({**row, "source_file": source, **_cut(image, face, out / name)})
    if not rows:
        raise TrainingError(f"{photos}: no face of {len(paths)} pictures could be labelled: {dict(counts)}")
    groups = groups_of(hashes)
    for row in rows:
        row["group"] = f"g{groups[row['group']]:05d}"
        row["split"] = "val" if place(f"{photos.name} {row['group']}") < held_out else "train"
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(out / INDEX, text.getvalue().encode())
    return counts


def labelled_boxes(folder: Path) -> Labels:
    """Labels by people's boxes: `folder` holds a file in Pascal VOC's form of each photograph's stem."""

    def labels(path: Path, image: Image, boxes: NDArray[np.float32]) -> list[str | None]:
        named = _read_voc(folder / f"{path.stem}.xml")
        true = np.array([box for _, box in named], np.float32).reshape(-1, 4)
        answers: list[str | None] = []
        for row in overlaps(boxes, true):
            best = int(row.argmax()) if len(row) else -1
            answers.append(NAMES.get(named[best][0]) if best >= 0 and row[best] >= SAME else None)
        return answers

    return labels


def always(label: str) -> Labels:
    """Every face has this label of the index."""
    return lambda path, image, boxes: [label] * len(boxes)


def bare_unless(second: Path) -> Labels:
    """All faces are bare but those on which two networks see a mask.

    The default mask classifier is asked first; where it is not sure that a face is bare, the detector of
    masks AIZOO, the ONNX file `second`, decides.

    Raises:
        TrainingError: it is no such file.
    """
    session = _open_aizoo(second)
    name = session.get_inputs()[0].name
    classifier = MaskClassifier()

    def bare(image: Image, box: NDArray[np.float32]) -> bool:
        if classifier.predict(crop_face(image, box)[None])[0] < SURELY_BARE:
            return True
        crop = crop_face(image, box, AIZOO_SIDE, BORDER)
        rgb = cv2.cvtColor(crop, cv2.COLOR_BGR2RGB).astype(np.float32) / 255
        _, scores = session.run(None, {name: rgb.transpose(2, 0, 1)[None]})
        masked, unmasked = np.asarray(scores)[0].max(0)
        return bool(masked < 0.5 or unmasked > masked)

    def labels(path: Path, image: Image, boxes: NDArray[np.float32]) -> list[str | None]:
        return [WITHOUT if bare(image, box) else None for box in boxes]

    return labels


def _open_aizoo(path: Path) -> Any:
    """A session that answers RGB pictures (1, 3, 260, 260) of 0 to 1 with places (1, N, 4) and scores
    (1, N, 2) of a mask and of none."""
    from facecap.conversion import run_graph

    try:
        session = run_graph.session(path.read_bytes())
    except Exception as error:  # onnxruntime has no class of its own for what is no model
        raise TrainingError(f"--bare-unless {path}: not a readable ONNX file: {error}") from error
    taken = [entry.shape for entry in session.get_inputs()]
    given = [entry.shape for entry in session.get_outputs()]
    lengths = [shape[1:] for shape in taken], [shape[-1:] for shape in given]
    if lengths != ([[3, AIZOO_SIDE, AIZOO_SIDE]], [[4], [2]]):
        raise TrainingError(
            f"--bare-unless {path}: wanted the detector of AIZOOTech/FaceMaskDetection, input "
            f"(1, 3, {AIZOO_SIDE}, {AIZOO_SIDE}), outputs (1, N, 4) and (1, N, 2); found {taken} and {given}"
        )
    return session


def _photographs(folder: Path) -> list[Path]:
    first: dict[str, Path] = {}
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
        first.setdefault(str(path.relative_to(folder)).split(".rf.")[0], path)
    return list(first.values())


def _detect(detector: Detector, image: Image) -> NDArray[np.float32]:
    """(N, 15): box, five points and score of the largest faces, in pixels of the picture."""
    height, width = image.shape[:2]
    across, down = round(BORDER * width), round(BORDER * height)
    padded = cv2.copyMakeBorder(image, down, down, across, across, cv2.BORDER_CONSTANT)
    scale = min(LONG_SIDE / max(padded.shape[:2]), 2.0)
    padded = cv2.resize(padded, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    found = detector.detect(np.asarray(padded, np.uint8))
    corner = np.array([across, down], np.float32)
    boxes = (found.boxes.reshape(-1, 2, 2) / scale - corner).reshape(-1, 4)
    points = (found.landmarks / scale - corner).reshape(-1, 10)
    rows = np.concatenate([boxes, points, found.scores[:, None]], 1)
    sides = (rows[:, 2:4] - rows[:, :2]).min(1)
    order = np.argsort(-sides, kind="stable")[:MOST_FACES]
    return np.asarray(rows[order][sides[order] >= SMALLEST], np.float32)


def _cut(image: Image, face: NDArray[np.float32], path: Path) -> dict[str, float]:
    """Write the surroundings of a face to `path`; its box, points and score there."""
    x1, y1, x2, y2 = face[:4]
    reach = CONTEXT * max(x2 - x1, y2 - y1)
    left, top = max(0, int(x1 - reach)), max(0, int(y1 - reach))
    cut = image[top : int(y2 + reach) + 1, left : int(x2 + reach) + 1]
    scale = min(1.0, LONGEST / float(max(x2 - x1, y2 - y1)))
    if scale < 1:
        cut = np.asarray(cv2.resize(cut, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    _, code = cv2.imencode(".jpg", cut, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    path.write_bytes(code.tobytes())  # the index, written last, makes them whole
    moved = (face[:14].reshape(7, 2) - np.array([left, top], np.float32)) * scale
    numbers = [round(float(v), 1) for v in moved.reshape(14)] + [round(float(face[14]), 3)]
    return dict(zip(COLUMNS[4:19], numbers, strict=True))


def _read_voc(path: Path) -> list[tuple[str, list[float]]]:
    """Name and box of every object of an annotation; none where the file is missing, which is said."""
    try:
        objects = ElementTree.parse(path).getroot().findall("object")
        found = []
        for entry in objects:
            corners = [entry.findtext(f"bndbox/{key}") for key in ("xmin", "ymin", "xmax", "ymax")]
            found.append((str(entry.findtext("name")), [float(corner or "") for corner in corners]))
    except (OSError, ElementTree.ParseError, ValueError) as error:
        print(f"facecap: no labels of {path.stem}: {error}", file=sys.stderr)
        return []
    return found
