"""Chooses how far to go from the starting weights, on pictures of the training sets that training never
saw."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from facecap._files import write_atomic
from facecap.evaluation.detector.average_precision import average_precision, match, overlaps
from facecap.evaluation.detector.detection import Detect, open_detector
from facecap.training.detector.data import DOUBTFUL, Picture, Source

SCORE = 0.5
SMALLEST = 6.0  # pixels, at the size that the detector sees
SIZES = (640, 256)  # longer sides: the second makes faces small, with labels from the first
FACTORS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0)
AS_GOOD = 0.005  # masked recall that is given away for a shorter way
AS_QUIET = 0.02  # share of false alarms that is taken on for a shorter way


@dataclass(frozen=True)
class Quality:
    """Figures on held-out pictures: average precision against the teacher at both sizes, masked recall over
    both, false alarms at the larger."""

    ap_large: float
    ap_small: float
    masked_recall: float
    false_alarms: int

    def __str__(self) -> str:
        """A line for the user."""
        large, small = SIZES
        return (
            f"AP {self.ap_large:.4f} at {large} px and {self.ap_small:.4f} at {small} px, masked faces found "
            f"{self.masked_recall:.4f}, false alarms {self.false_alarms}"
        )


Write = Callable[[Mapping[str, Tensor], Path, Mapping[str, Any]], None]


def choose(
    write: Write,
    candidates: Mapping[float, Mapping[str, Tensor]],
    sources: Sequence[Source],
    folder: Path,
    about: Mapping[str, Any],
    rule: Callable[[Mapping[float, Quality]], float],
) -> float:
    """Measure the candidates (factor to weights) and write the one that `rule` takes; returns its factor.

    `write` makes a model file of weights (see `Lesson.write`).

    Written are `detector.onnx` with its manifest, and the figures of all in `choice.json`.
    """
    qualities = {}
    for factor, weights in candidates.items():
        write(weights, folder / "candidate.onnx", {**about, "name": f"factor {factor:g}"})
        qualities[factor] = measure(partial(open_detector, folder / "candidate.onnx"), sources)
        print(f"{factor:g} of the way: {qualities[factor]}", file=sys.stderr)
    chosen = rule(qualities)
    figures = {f"{factor:g}": asdict(quality) for factor, quality in qualities.items()}
    write_atomic(
        folder / "choice.json", json.dumps({"chosen": chosen, "held_out": figures}, indent=2).encode()
    )
    training = {**about["training"], "share_of_the_way": chosen}
    write(candidates[chosen], folder / "detector.onnx", {**about, "training": training})
    for suffix in (".onnx", ".json"):
        (folder / "candidate").with_suffix(suffix).unlink()
    return chosen


def measure(at_size: Callable[[int], Detect], sources: Sequence[Source]) -> Quality:
    """The figures of one detector, opened for a longer side; faces and alarms count at score 0.5."""
    precision = []
    wanted = recalled = alarms = 0
    for side in SIZES:
        scores, verdicts, count = [], [], 0
        detect = at_size(side)
        for picture in _held_out(sources):
            assert picture.image is not None
            known = picture.belief >= DOUBTFUL
            faces, scale = picture.faces[known], side / max(picture.image.shape[:2])
            boxes, found = detect(picture.image)
            certain = picture.certain[known] & (
                (faces[:, 2:4] - faces[:, :2]).max(1, initial=0) * scale >= SMALLEST
            )
            verdict = match(boxes, faces[certain, :4], faces[~certain, :4])
            verdicts.append(verdict)
            scores.append(found)
            count += int(certain.sum())
            sure = found >= SCORE
            masked = faces[certain & picture.masked[known], :4]
            wanted += len(masked)
            recalled += int((overlaps(masked, boxes[sure]).max(1, initial=0) >= 0.5).sum())
            if side == SIZES[0]:
                alarms += int((verdict[sure] == 0).sum())
        precision.append(average_precision(np.concatenate(scores), np.concatenate(verdicts), count))
    return Quality(precision[0], precision[1], recalled / max(wanted, 1), alarms)


def most_precise(qualities: Mapping[float, Quality]) -> float:
    """The way of the highest average precision among those that find as many masked faces as any and raise
    no more false alarms than the start."""
    allowed = {factor: q for factor, q in qualities.items() if q.false_alarms <= qualities[0.0].false_alarms}
    wanted = max(q.masked_recall for q in allowed.values()) - AS_GOOD
    finding = {factor: q.ap_large + q.ap_small for factor, q in allowed.items() if q.masked_recall >= wanted}
    return max(finding, key=finding.__getitem__)


def shortest(qualities: Mapping[float, Quality]) -> float:
    """The shortest way that finds as many masked faces as any and raises as few false alarms as any of these,
    no more than the start in any case."""
    start = qualities[0.0].false_alarms
    allowed = {factor: q for factor, q in qualities.items() if q.false_alarms <= start}
    wanted = max(q.masked_recall for q in allowed.values()) - AS_GOOD
    finding = {factor: q.false_alarms for factor, q in allowed.items() if q.masked_recall >= wanted}
    bearable = min(finding.values()) * (1 + AS_QUIET)
    return min(factor for factor, alarms in finding.items() if alarms <= bearable)


def whole_way(qualities: Mapping[float, Quality]) -> float:
    """The longest way: weights that learnt to be rounded lose that on any way back."""
    return max(qualities)


def _held_out(sources: Sequence[Source]) -> list[Picture]:
    return [picture for source in sources for picture in source.held_out if picture.load()]
