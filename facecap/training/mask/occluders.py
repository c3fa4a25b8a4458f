"""Real things that hide faces, cut out of photographs whose pixels are labelled: hands and arms, scarves,
bags, clothes, hair.

The photographs are those of Clothing Co-Parsing (W. Yang, P. Luo, L. Lin, CVPR 2014): `photos/NNNN.jpg`,
`annotations/pixel-level/NNNN.mat` and `label_list.mat`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap._files import write_atomic
from facecap.training.run import Progress, TrainingError

Image = NDArray[np.uint8]

KINDS = {
    "skin": ("skin",),
    "scarf": ("scarf", "cape"),
    "bag": ("bag", "purse", "wallet"),
    "cloth": (
        "coat",
        "blazer",
        "blouse",
        "sweater",
        "shirt",
        "t-shirt",
        "jacket",
        "cardigan",
        "dress",
        "hoodie",
    ),
    "glove": ("gloves",),
    "hair": ("hair",),
}
SMALLEST = 900  # pixels of a cut-out
LONGEST = 160  # pixels of its longer side as it is kept
HELD_OUT = 4  # one photograph in so many is kept for validation
HEAD = 0.2  # upper part of a person in which skin is a face


@dataclass(frozen=True)
class Occluder:
    """A cut-out: RGBA (H, W, 4) and what it is."""

    kind: str
    pixels: Image


def write_occluders(photos: Path, out: Path) -> int:
    """Cut things out of the labelled photographs into `out/train` and `out/val`; returns how many.

    A photograph is wholly in one part. Files are `<kind>_<photograph>_<place>.png` with an alpha channel.

    Raises:
        TrainingError: the folder is not that of the collection.
        OSError: a cut-out cannot be written.
    """
    labels = sorted((photos / "annotations" / "pixel-level").glob("[0-9]*.mat"))
    if not labels:
        raise TrainingError(
            f"{photos} has no annotations/pixel-level/*.mat; give the folder of Clothing Co-Parsing"
        )
    names = _label_names(photos / "label_list.mat")
    count = 0
    for place, path in enumerate(labels):
        image = cv2.imread(str(photos / "photos" / f"{path.stem}.jpg"), cv2.IMREAD_COLOR)
        pixels = _labels(path)
        if image is None or pixels is None:
            what = "its photograph is missing or" if image is None else f"{path.name} is"
            print(f"facecap: skipped {path.stem}: {what} damaged", file=sys.stderr)
            continue
        part = out / ("val" if int(path.stem) % HELD_OUT == 0 else "train")
        part.mkdir(parents=True, exist_ok=True)
        for index, thing in enumerate(_cut_out(np.asarray(image, np.uint8), pixels, names)):
            _, png = cv2.imencode(".png", thing.pixels)
            write_atomic(part / f"{thing.kind}_{path.stem}_{index}.png", png.tobytes())
            count += 1
        if place % 100 == 99:
            Progress().say(f"cut out {count} things of {place + 1} of {len(labels)} photographs")
    return count


def read_occluders(folder: Path, split: str) -> list[Occluder]:
    """The cut-outs of `train` or `val`, RGBA, by name.

    Raises:
        TrainingError: there are none.
    """
    found = []
    for path in sorted((folder / split).glob("*.png")):
        pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if pixels is None or pixels.ndim != 3 or pixels.shape[2] != 4:
            print(f"facecap: skipped {path}: not a picture with an alpha channel", file=sys.stderr)
            continue
        rgba = cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA)
        found.append(Occluder(path.stem.split("_")[0], np.asarray(rgba, np.uint8)))
    if not found:
        raise TrainingError(f"{folder / split} holds no cut-outs; make them by facecap train mask-occluders")
    return found


def _label_names(path: Path) -> list[str]:
    import scipy.io

    rows = scipy.io.loadmat(str(path))["label_list"][0]
    return [str(row[0]) if len(row) else "" for row in rows]


def _labels(path: Path) -> NDArray[np.uint8] | None:
    """The label of every pixel; None where the file is damaged."""
    import scipy.io

    try:
        return np.asarray(scipy.io.loadmat(str(path))["groundtruth"], np.uint8)
    except Exception:  # what the reader raises on damaged files has no common type
        return None


def _cut_out(image: Image, labels: NDArray[np.uint8], names: list[str]) -> Iterator[Occluder]:
    """Every large connected part of a kind, with soft borders, but no faces."""
    rows = np.flatnonzero((labels > 0).any(1))
    if labels.shape != image.shape[:2] or not len(rows):
        return
    neck = rows[0] + HEAD * (rows[-1] - rows[0])
    for kind, members in KINDS.items():
        area = np.isin(labels, [names.index(m) for m in members if m in names]).astype(np.uint8)
        _, parts, stats, _ = cv2.connectedComponentsWithStats(area)
        for index in range(1, len(stats)):
            left, top, width, height, size = (int(v) for v in stats[index])
            if size < SMALLEST or (kind == "skin" and top < neck):
                continue
            window = np.s_[top : top + height, left : left + width]
            alpha = cv2.GaussianBlur((parts[window] == index).astype(np.float32) * 255, (0, 0), 1.0)
            scale = min(1.0, LONGEST / max(width, height))
            rgba = np.dstack([image[window], alpha.astype(np.uint8)])
            shape = (max(2, round(width * scale)), max(2, round(height * scale)))
            yield Occluder(kind, np.asarray(cv2.resize(rgba, shape, interpolation=cv2.INTER_AREA), np.uint8))
