"""The worst answers of a refiner on one picture: false alarms that it takes for faces, faces that it refuses,
and points that are far off."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import crop_face, crop_rect
from facecap.evaluation.refiner.answers import Answers, Image, point_errors
from facecap.evaluation.refiner.cases import Case
from facecap.evaluation.sheet import COLUMNS, SIDE, sheet, tile

ROWS = 3
BORDER = 0.5


def contact_sheet(cases: Sequence[Case], answers: Answers) -> bytes:
    """A PNG of three parts, worst first, each crop with its set, the probability of a face and, with known
    points, their error by the eyes' distance; the refiner's points are drawn."""
    chances = answers.chances()
    face = np.array([case.face for case in cases], bool)
    errors = np.full(len(cases), -1.0)
    known = [place for place, case in enumerate(cases) if case.true is not None]
    points = [answers.said[place][1] for place in known]
    if known and all(found is not None for found in points):
        errors[known] = point_errors([cases[place] for place in known], points)
    worst = {
        "false alarms that it takes for faces": [
            i for i in np.argsort(-chances, kind="stable") if not face[i]
        ],
        "faces that it refuses": [i for i in np.argsort(chances, kind="stable") if face[i]],
        "points that are far off": [i for i in np.argsort(-errors, kind="stable") if errors[i] >= 0],
    }
    return sheet(
        [
            (
                f"{title}: the {len(part[: COLUMNS * ROWS])} worst of {len(part)}; wrong answers in red",
                [_tile(cases[i], answers, int(i), float(errors[i])) for i in part[: COLUMNS * ROWS]],
            )
            for title, part in worst.items()
        ]
    )


def _tile(case: Case, answers: Answers, index: int, error: float) -> NDArray[np.uint8]:
    image: Image = np.asarray(cv2.imread(str(case.picture), cv2.IMREAD_COLOR), np.uint8)
    chance, points, _ = answers.said[index]
    crop = crop_face(image, case.box, SIDE, BORDER)
    if points is not None:
        rect = np.array(crop_rect(case.box, (image.shape[1], image.shape[0]), BORDER), np.float64)
        for x, y in (points - rect[:2]) / (rect[2:] - rect[:2]) * SIDE:
            cv2.circle(crop, (round(x), round(y)), 2, (0, 255, 255), -1)
    said = f"{case.part} {chance:.3f}" + (f" {100 * error:.1f} %" if error >= 0 else "")
    wrong = (chance < answers.threshold) == case.face
    return tile(crop, (said, case.picture.name), wrong=wrong)
