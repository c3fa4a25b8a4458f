"""The crops that a refiner learns from, as `facecap train refiner-crops` wrote them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap.training.detector.teacher import Floats
from facecap.training.run import TrainingError

Image = NDArray[np.uint8]

SHARP_SCALE = 0.8  # a box that was enlarged, or kept at its size, shows its own blur
SHARP = 60.0  # variance of the Laplacian of a sharp face, brought to 80 px
RANDOM = 0.25  # how often a random square is drawn, relative to what a detector took for a face of score 0.5


@dataclass(frozen=True)
class Crop:
    """The surroundings of a face, or of what is none.

    Attributes:
        image: RGB pixels.
        boxes: (D, 4) in pixels of the image, as labelled and as detectors found it.
        points: (5, 2) in pixels of the image; None where they are not known, and of what is no face.
        face: whether it is one.
        true: whether people set the points.
        sharp: whether it shows no blur to speak of.
        source: the collection.
        score: that a detector gave to what is no face; None of a random square, and of faces.
    """

    image: Image
    boxes: Floats
    points: Floats | None
    face: bool
    true: bool
    sharp: bool
    source: str
    score: float | None


def read_crops(folder: Path, part: str) -> list[Crop]:
    """All crops of a part, `train` or `val`; a damaged one is named on standard error and left out.

    Raises:
        TrainingError: there are none, or an index is not in the form that the command writes.
    """
    crops = []
    for index in sorted(folder.glob("*.jsonl")):
        try:
            for line in index.read_text(encoding="utf-8").splitlines():
                entry = json.loads(line)
                if entry["part"] != part:
                    continue
                image = cv2.imread(str(folder / entry["file"]), cv2.IMREAD_COLOR)
                if image is None:
                    print(f"facecap: skipped {folder / entry['file']}: not a picture", file=sys.stderr)
                    continue
                boxes = np.array(entry["boxes"], np.float32).reshape(-1, 4)
                points = None if entry["points"] is None else np.array(entry["points"], np.float32)
                rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
                sharp = entry["face"] and entry["scale"] <= SHARP_SCALE and _detail(rgb, boxes[0]) >= SHARP
                crop = Crop(rgb, boxes, points, entry["face"], entry.get("points_by") == "people", sharp,
                            entry["source"], entry.get("score"))  # fmt: skip
                crops.append(crop)
        except (LookupError, TypeError, ValueError) as error:
            raise TrainingError(f"{index} is not in the expected form: {error!r}") from error
    kinds = {crop.face for crop in crops}
    if len(kinds) < 2:
        raise TrainingError(
            f"{folder}: found {len(crops)} crops of the part {part!r}, wanted faces and others; make them by "
            "facecap train refiner-crops"
        )
    return crops


def _detail(image: Image, box: Floats) -> float:
    """Variance of the Laplacian inside a box."""
    x1, y1, x2, y2 = (max(0, int(value)) for value in box)
    grey = cv2.cvtColor(image[y1:y2, x1:x2], cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def chances(crops: Sequence[Crop]) -> NDArray[np.float64]:
    """How likely each is drawn among its kind: a source by the square root of its number, what a detector was
    surer of more often."""
    counts = Counter((crop.source, crop.face) for crop in crops)
    weight = np.array([counts[crop.source, crop.face] ** -0.5 for crop in crops])
    weight *= [1.0 if crop.face else RANDOM if crop.score is None else 0.5 + crop.score for crop in crops]
    return weight


def describe(crops: Sequence[Crop]) -> dict[str, int]:
    """How many each source gives, by kind."""
    names = (f"{crop.source} {'faces' if crop.face else 'no faces'}" for crop in crops)
    return dict(sorted(Counter(names).items()))
