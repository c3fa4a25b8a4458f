"""What refiners, and detectors that are asked in their place, say of faces and of false alarms."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import Refiner
from facecap.evaluation.curves import Curve, Panel
from facecap.evaluation.detector.average_precision import overlaps
from facecap.evaluation.detector.detection import Detect
from facecap.evaluation.refiner.cases import EMPTY, FACES, Case

Image = NDArray[np.uint8]
Floats = NDArray[np.float32]
Said = tuple[float, Floats | None, float]  # probability of a face, points in pixels, blur or nan
Judge = Callable[[Image, Case], Said]

ALLOWED = 0.01  # share of the faces that may be refused
OPINION_SIDE = 128  # px of the crop that a second detector sees
OPINION_AROUND = 2.0  # its side, as a multiple of the box's longer side
OPINION_SAME = 0.3  # overlap of what it finds with the box

PANELS = (
    Panel("false alarms refused", "faces refused, mask val and FDDB fold 8", "false alarms refused",
          logarithmic=True, x_limits=(1e-3, 1.0), y_limits=(0.0, 1.0)),
    Panel("points on YouTube Faces val", "error of the points by the eyes' distance", "share of the faces",
          x_limits=(0.0, 0.2)),
)  # fmt: skip


@dataclass
class Answers:
    """What one judge said, case by case; `threshold` is the probability below which it refuses."""

    threshold: float
    said: list[Said] = field(default_factory=list)
    seconds: float = 0.0

    def chances(self) -> NDArray[np.float64]:
        """Probabilities of a face."""
        return np.array([chance for chance, _, _ in self.said])


def by_refiner(refiner: Refiner) -> Judge:
    """The answers of a refiner."""

    def judge(image: Image, case: Case) -> Said:
        refined = refiner.refine(image, case.box[None])
        return float(refined.face_prob[0]), refined.landmarks[0], float(refined.blur[0])

    return judge


def by_detector(detect: Detect) -> Judge:
    """The best score of a detector that sees the surroundings of the box alone."""

    def judge(image: Image, case: Case) -> Said:
        height, width = image.shape[:2]
        centre = (case.box[:2] + case.box[2:]) / 2
        half = OPINION_AROUND * float((case.box[2:] - case.box[:2]).max()) / 2
        low = np.clip(np.floor(centre - half), 0, (width - 2, height - 2)).astype(int)
        high = np.clip(np.ceil(centre + half), low + 1, (width, height)).astype(int)
        part = image[low[1] : high[1], low[0] : high[0]]
        scale = OPINION_SIDE / max(part.shape[:2])
        size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        seen = np.zeros((OPINION_SIDE, OPINION_SIDE, 3), np.uint8)
        seen[: size[1], : size[0]] = cv2.resize(part, size, interpolation=method)
        boxes, scores = detect(seen)
        if not len(boxes):
            return 0.0, None, float("nan")
        box = ((case.box - np.tile(low, 2)) * scale).astype(np.float32)
        same = overlaps(box[None], boxes)[0] >= OPINION_SAME
        return float(np.max(scores[same], initial=0.0)), None, float("nan")

    return judge


def ask(
    judges: Mapping[str, Judge], answers: Mapping[str, Answers], image: Image, cases: Sequence[Case]
) -> None:
    """Every judge on every case of a picture, added to its answers."""
    for name, judge in judges.items():
        start = time.process_time()
        answers[name].said += [judge(image, case) for case in cases]
        answers[name].seconds += time.process_time() - start


def measure(cases: Sequence[Case], answers: Answers) -> dict[str, Any]:
    """Shares refused of each set's faces and false alarms at the threshold, and of all false alarms where 1 %
    of the faces of `FACES` are; errors of the points by the eyes' distance."""
    chances = answers.chances()
    part = np.array([case.part for case in cases])
    face = np.array([case.face for case in cases], bool)
    refused = chances < answers.threshold
    figures: dict[str, Any] = {"threshold": answers.threshold}
    for name in dict.fromkeys(part):
        for kind, chosen in (("faces", face), ("false alarms", ~face)):
            of = chosen & (part == name)
            if of.any():
                figures[f"{name} {kind}"] = int(of.sum())
                figures[f"{name} {kind} refused"] = float(refused[of].mean())
    judged = face & np.isin(part, FACES)
    figures["faces refused"] = float(refused[judged].mean())
    figures["false alarms refused"] = float(refused[~face].mean()) if (~face).any() else float("nan")
    if (~face).any():
        limit = float(np.quantile(chances[judged], ALLOWED, method="lower"))
        figures[f"false alarms refused for {100 * ALLOWED:g} % of the faces"] = float(
            (chances[~face] < limit).mean()
        )
    errors = point_errors(cases, [points for _, points, _ in answers.said])
    if len(errors):
        figures["point error, median"] = float(np.median(errors))
        figures["point error, 95th percentile"] = float(np.quantile(errors, 0.95))
    blur = np.array([blur for _, _, blur in answers.said])[face]
    if np.isfinite(blur).any():
        figures["blur of faces, median"] = float(np.nanmedian(blur))
    figures["ms a crop"] = 1000 * answers.seconds / max(len(cases), 1)
    return figures


def case_rows(cases: Sequence[Case], answers: Answers) -> list[dict[str, Any]]:
    """One row a detection: `set`, `picture`, `label`, `answer`, `score`, the probability of a face; the
    detector's box and score; `point_error` by the eyes' distance and `blur`, None where not known."""
    rows = []
    for case, (chance, points, blur) in zip(cases, answers.said, strict=True):
        error = point_errors([case], [points])
        rows.append(
            {
                "set": case.part,
                "picture": case.picture.name,
                "label": "face" if case.face else "no_face",
                "answer": "no_face" if chance < answers.threshold else "face",
                "score": round(chance, 6),
                **dict(zip(("x1", "y1", "x2", "y2"), (round(float(v), 2) for v in case.box), strict=True)),
                "detector_score": round(case.score, 6),
                "point_error": round(float(error[0]), 6) if len(error) else None,
                "blur": round(blur, 6) if np.isfinite(blur) else None,
            }
        )
    return rows


def point_errors(cases: Sequence[Case], points: Sequence[Floats | None]) -> NDArray[np.float64]:
    """Mean distance of the five points by that of the eyes, of every case whose true points are known."""
    errors = []
    for case, found in zip(cases, points, strict=True):
        if case.true is not None and found is not None:
            eyes = float(np.linalg.norm(case.true[1] - case.true[0]))
            errors.append(float(np.linalg.norm(found - case.true, axis=1).mean()) / max(eyes, 1e-6))
    return np.array(errors, np.float64)


def curves(cases: Sequence[Case], answers: Answers) -> dict[str, Curve]:
    """By the titles of the panels."""
    chances = answers.chances()
    face = np.array([case.face for case in cases], bool)
    judged = face & np.isin([case.part for case in cases], FACES)
    found: dict[str, Curve] = {}
    if (~face).any() and judged.any():
        thresholds = np.unique(chances)
        lost = np.array([(chances[judged] < t).mean() for t in thresholds])
        kept_out = np.array([(chances[~face] < t).mean() for t in thresholds])
        here = (chances[~face] < answers.threshold).mean(), (chances[judged] < answers.threshold).mean()
        found[PANELS[0].title] = Curve(
            np.maximum(lost, 1e-4), kept_out, f"{here[0]:.3f} for {here[1]:.4f} at {answers.threshold:g}"
        )
    errors = np.sort(point_errors(cases, [points for _, points, _ in answers.said]))
    if len(errors):
        share = np.arange(1, len(errors) + 1) / len(errors)
        found[PANELS[1].title] = Curve(errors, share, f"median {np.median(errors):.4f}")
    return found


def by_the_detector(cases: Sequence[Case]) -> Answers:
    """The detector's own answers, as those of a judge that refuses nothing."""
    return Answers(0.0, [(case.score, case.landmarks, float("nan")) for case in cases])


def empty_pictures(cases: Sequence[Case]) -> int:
    """Pictures without faces in which the detector found something."""
    return len({case.picture for case in cases if case.part == EMPTY})
