"""Answers of a mask classifier, given as in production on pictures kept from training, and their figures."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap import MaskAnswers, MaskClassifier
from facecap.evaluation.classification import average_precision, calibration_error, confusion, roc_auc
from facecap.evaluation.mask.sets import MaskSet, View

THRESHOLD = 0.5
BATCH = 64


@dataclass(frozen=True)
class Answers:
    """A set and the classifier's probabilities of a mask for it, the CPU seconds that they took, and a row a
    face."""

    part: MaskSet
    probabilities: NDArray[np.float64]
    seconds: float = 0.0
    rows: Sequence[dict[str, Any]] = ()

    def errors(self) -> NDArray[np.float64]:
        """How far each probability is from the truth, 0 to 1; above 0.5 it is a wrong answer."""
        return np.where(self.part.masked, 1 - self.probabilities, self.probabilities)


def unknown_band(classifier: MaskClassifier) -> tuple[float, float]:
    """The probabilities between which the model's manifest answers `unknown`."""
    low, high = classifier.info["manifest"]["classifier"]["unknown"]
    return (float(low), float(high))


def classify(classifier: MaskClassifier, crops: NDArray[np.uint8]) -> MaskAnswers:
    """What the classifier says of crops (N, 112, 112, 3) RGB, a batch at a time."""
    parts = [
        classifier.classify(crops[place : place + BATCH], color="rgb")
        for place in range(0, len(crops), BATCH)
    ]
    return MaskAnswers(
        np.concatenate([part.mask_prob for part in parts]),
        np.concatenate([part.incorrect_prob for part in parts]),
        tuple(word for part in parts for word in part.answers),
    )


def answer(classifier: MaskClassifier, sets: Sequence[MaskSet]) -> list[Answers]:
    """Run the classifier over every set."""
    answers = []
    for part in sets:
        start = time.process_time()
        said = classify(classifier, part.crops)
        seconds = time.process_time() - start
        labels = ["mask" if masked else "no_mask" for masked in part.masked]
        rows = face_rows(part.name, part.origins, labels, said)
        answers.append(Answers(part, said.mask_prob.astype(np.float64), seconds, rows))
    return answers


def face_rows(
    name: str, origins: Sequence[str], labels: Sequence[str], said: MaskAnswers
) -> list[dict[str, Any]]:
    """One row a face: `set`, `picture`, `label`, `answer` by the band of the manifest, `score`, the
    probability of a mask, and `incorrect_score`, that of one worn wrongly, None where this is no class."""
    return [
        {
            "set": name,
            "picture": origin,
            "label": label,
            "answer": word,
            "score": round(float(mask), 6),
            "incorrect_score": None if np.isnan(incorrect) else round(float(incorrect), 6),
        }
        for origin, label, word, mask, incorrect in zip(
            origins, labels, said.answers, said.mask_prob, said.incorrect_prob, strict=True
        )
    ]


def pool(answers: Sequence[Answers], name: str) -> Answers:
    """Several sets as one."""
    parts = [entry.part for entry in answers]
    views = [view for part in parts for view in part.views or [View()] * len(part.masked)]
    whole = MaskSet(
        name,
        parts[0].split,
        np.concatenate([part.crops for part in parts]),
        np.concatenate([part.masked for part in parts]),
        [origin for part in parts for origin in part.origins],
        tuple(views),
    )
    chance = np.concatenate([entry.probabilities for entry in answers])
    return Answers(whole, chance, sum(entry.seconds for entry in answers))


def measure(answers: Answers, unknown: tuple[float, float]) -> dict[str, Any]:
    """Figures of one set, shares between 0 and 1; AP and AUC only where it has both labels."""
    chance, masked = answers.probabilities, answers.part.masked
    wrong = (chance >= THRESHOLD) != masked
    inside = (chance > unknown[0]) & (chance < unknown[1])
    figures: dict[str, Any] = {"faces": len(chance), "accuracy": float((~wrong).mean())}
    if masked.any() and not masked.all():
        figures["AP"] = average_precision(chance, masked)
        figures["AUC"] = roc_auc(chance, masked)
    if masked.any():
        figures["masked called masked"] = float((chance[masked] >= THRESHOLD).mean())
    if not masked.all():
        figures["bare called bare"] = float((chance[~masked] < THRESHOLD).mean())
    figures["calibration error"] = calibration_error(chance, masked)
    figures["unknown"] = float(inside.mean())
    if not inside.all():
        figures["accuracy where known"] = float((~wrong[~inside]).mean())
    figures["confusion"] = {
        f"{threshold:g}": confusion(chance, masked, threshold)
        for threshold in (unknown[0], THRESHOLD, unknown[1])
    }
    return figures
