"""Figures of a two-class classifier that answers with a probability."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]

BINS = 15


def precision_recall(probabilities: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Recall and precision at every threshold that occurs, the highest first; ties are one threshold."""
    hits, false = _called(probabilities, labels)
    return hits / max(1, labels.sum()), hits / (hits + false)


def average_precision(probabilities: Floats, labels: Labels) -> float:
    """Area under the precision-recall steps: sum of recall step x precision."""
    if not labels.any():
        return float("nan")
    recall, precision = precision_recall(probabilities, labels)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def roc(probabilities: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Shares of bare faces and of masked ones that are called masked, at every threshold that occurs."""
    hits, false = _called(probabilities, labels)
    return false / max(1, (~labels).sum()), hits / max(1, labels.sum())


def _called(probabilities: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """How many masked and how many bare faces reach each threshold, the highest first."""
    order = np.argsort(-probabilities, kind="stable")
    ordered, hits = probabilities[order], np.cumsum(labels[order])
    last = np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)]
    counts = np.flatnonzero(last) + 1
    return hits[last].astype(np.float64), (counts - hits[last]).astype(np.float64)


def roc_auc(probabilities: Floats, labels: Labels) -> float:
    """Chance that a masked face scores above a bare one; ties count half (Mann-Whitney)."""
    positives, negatives = np.sort(probabilities[labels]), probabilities[~labels]
    if not len(positives) or not len(negatives):
        return float("nan")
    above = len(positives) - np.searchsorted(positives, negatives, side="right")
    equal = np.searchsorted(positives, negatives, side="right") - np.searchsorted(
        positives, negatives, side="left"
    )
    return float((above + 0.5 * equal).sum() / (len(positives) * len(negatives)))


def calibration_error(probabilities: Floats, labels: Labels, bins: int = BINS) -> float:
    """Expected calibration error: mean |share of masks - mean probability| over equal bins, by count."""
    counts, chance, share = reliability(probabilities, labels, bins)
    return float((counts * np.abs(share - chance)).sum() / max(1, counts.sum()))


def reliability(probabilities: Floats, labels: Labels, bins: int = BINS) -> tuple[Floats, Floats, Floats]:
    """Of every equal bin that is not empty: number of faces, mean probability, share of masks."""
    places = np.minimum((probabilities * bins).astype(int), bins - 1)
    counts = np.bincount(places, minlength=bins)
    some = counts > 0
    chance = np.bincount(places, probabilities, minlength=bins)[some] / counts[some]
    share = np.bincount(places, labels, minlength=bins)[some] / counts[some]
    return counts[some].astype(np.float64), chance, share


def confusion(probabilities: Floats, labels: Labels, threshold: float) -> dict[str, int]:
    """Counts of right and wrong answers when a probability at or above the threshold is called a mask."""
    called = probabilities >= threshold
    return {
        "mask_called_mask": int((called & labels).sum()),
        "mask_called_bare": int((~called & labels).sum()),
        "bare_called_mask": int((called & ~labels).sum()),
        "bare_called_bare": int((~called & ~labels).sum()),
    }


def unknown_band(
    probabilities: Floats, labels: Labels, errors_inside: float = 0.6, right_inside: float = 0.03
) -> tuple[float, float]:
    """The band [low, high] around 0.5 that holds the asked share of the errors and few right answers.

    The narrowest band, symmetric in log odds, with at least `errors_inside` of the errors strictly inside;
    where it would hold more than `right_inside` of the right answers, the widest one that does not.
    """
    odds = np.abs(np.log(np.clip(probabilities, 1e-7, 1 - 1e-7) / np.clip(1 - probabilities, 1e-7, 1 - 1e-7)))
    wrong = (probabilities >= 0.5) != labels
    reach = np.quantile(odds[wrong], errors_inside, method="higher") if wrong.any() else 0.0
    limit = np.quantile(odds[~wrong], right_inside, method="lower") if (~wrong).any() else reach
    high = 1 / (1 + np.exp(-min(reach, limit) - 1e-6))
    return (round(float(1 - high), 4), round(float(high), 4))
