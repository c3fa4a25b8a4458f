"""Figures of face verification: two pictures, one person or two, answered by a similarity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facecap.evaluation.classification import Floats, Labels


@dataclass(frozen=True)
class FoldAccuracy:
    """Of one fold: the share of right answers at a threshold that the other folds chose."""

    accuracy: float
    threshold: float


@dataclass(frozen=True)
class Rate:
    """True accept rate where at most a given share of the different pairs is accepted.

    `accepted` is the number of different pairs that get in: what the figure rests on.
    """

    tar: float
    threshold: float
    accepted: int


def across_folds(similarity: Floats, same: Labels, fold: NDArray[np.int64]) -> list[FoldAccuracy]:
    """Accuracy of each fold at the threshold that is best on the others, as LFW wants it.

    Args:
        similarity: (N,), more is more alike; NaN where a face was not found, which is a wrong answer.
        same: (N,), whether a pair is one person.
        fold: (N,), number of the fold; at least two.
    """
    results = []
    for number in np.unique(fold):
        here = fold == number
        threshold = best_threshold(similarity[~here], same[~here])
        results.append(FoldAccuracy(accuracy(similarity[here], same[here], threshold), threshold))
    return results


def accuracy(similarity: Floats, same: Labels, threshold: float) -> float:
    """Share of right answers; a similarity of NaN is wrong."""
    return float((((similarity >= threshold) == same) & ~np.isnan(similarity)).mean())


def best_threshold(similarity: Floats, same: Labels) -> float:
    """The threshold with the highest accuracy, half-way between two similarities; of several, the middle."""
    known = ~np.isnan(similarity)
    order = np.argsort(similarity[known])
    values, labels = similarity[known][order], same[known][order]
    if not len(values):
        return 0.0
    # With the i lowest pairs below the threshold, those of them that differ are right, and the same above.
    right = np.append(0, np.cumsum(~labels)) + labels.sum() - np.append(0, np.cumsum(labels))
    edges = np.concatenate([[values[0] - 1e-6], (values[1:] + values[:-1]) / 2, [values[-1] + 1e-6]])
    apart = np.concatenate([[True], values[1:] > values[:-1], [True]])
    best = np.flatnonzero(apart & (right == right[apart].max()))
    return float(edges[best[len(best) // 2]])


def tar_at_far(similarity: Floats, same: Labels, far: float) -> Rate:
    """True accept rate at the lowest threshold that accepts at most the share `far` of the different pairs.

    Pairs whose similarity is NaN are accepted by no threshold.
    """
    scores = np.where(np.isnan(similarity), -np.inf, similarity)
    different = np.sort(scores[~same])[::-1]
    allowed = int(far * len(different) + 1e-9)
    barred = different[allowed] if allowed < len(different) else -np.inf
    threshold = float(np.nextafter(barred, np.inf))
    accepted = int((different >= threshold).sum())
    return Rate(
        float((scores[same] >= threshold).mean()) if same.any() else float("nan"), threshold, accepted
    )


def cosines(first: NDArray[np.float32], second: NDArray[np.float32]) -> Floats:
    """Cosine of each pair of rows (N, D) of unit length."""
    return np.asarray(np.einsum("nd,nd->n", first, second, dtype=np.float64))


def mean_and_std(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation over folds (n - 1 in the denominator)."""
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
