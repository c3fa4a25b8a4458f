"""The worst answers of a refiner on one picture: false alarms that it takes for faces, faces that it refuses,
and points that are far off."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import crop_face
from facecap.evaluation.refiner.answers import Answers, Image, point_errors
from facecap.evaluation.refiner.cases import Case

COLUMNS, ROWS = 10, 3
SIDE = 128  # px of a drawn crop
BORDER = 0.5
LINE = 13


def contact_sheet(cases: Sequence[Case], answers: Answers) -> bytes:
    """A PNG of three parts, worst first, each crop with its set, the probability of a face and, with known
    points, their error; the refiner's points are drawn."""
    chances = answers.chances()
    face = np.array([case.face for case in cases], bool)
    errors = np.full(len(cases), -1.0)
    known = [place for place, case in enumerate(cases) if case.true is not None]
    points = [answers.said[place][1] for place in known]
    if known and all(found is not None for found in points):
        errors[known] = point_errors([cases[place] for place in known], points)
    worst = (
        [i for i in np.argsort(-chances, kind="stable") if not face[i]],
        [i for i in np.argsort(chances, kind="stable") if face[i]],
        [i for i in np.argsort(-errors, kind="stable") if errors[i] >= 0],
    )
    rows = []
    for part in worst:
        tiles = [_tile(cases[i], answers, int(i), float(errors[i])) for i in part[: COLUMNS * ROWS]]
        if tiles:
            tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
            rows += [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    sheet = np.vstack(rows) if rows else np.zeros((SIDE, SIDE, 3), np.uint8)
    return cv2.imencode(".png", sheet)[1].tobytes()


def _tile(case: Case, answers: Answers, index: int, error: float) -> NDArray[np.uint8]:
    image: Image = np.asarray(cv2.imread(str(case.picture), cv2.IMREAD_COLOR), np.uint8)
    chance, points, _ = answers.said[index]
    if points is not None:
        size = max(1, round(float((case.box[2:] - case.box[:2]).max()) / 40))
        for x, y in points:
            cv2.circle(image, (round(float(x)), round(float(y))), size, (0, 255, 255), -1)
    crop = crop_face(image, case.box, SIDE, BORDER)
    footer = np.zeros((2 * LINE + 4, SIDE, 3), np.uint8)
    wrong = (chance < answers.threshold) == case.face
    colour = (90, 90, 255) if wrong else (120, 220, 120)
    said = f"{case.part} {chance:.3f}" + (f" {100 * error:.1f} %" if error >= 0 else "")
    for line, text in enumerate((said, case.picture.name[-18:]), start=1):
        cv2.putText(footer, text, (2, line * LINE), cv2.FONT_HERSHEY_PLAIN, 0.75, colour, 1, cv2.LINE_AA)
    return np.vstack([crop, footer])
