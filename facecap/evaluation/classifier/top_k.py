"""The place of the right class among the answers, and how often it is among the first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def ranks(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The place of the label in the order of each row, 1 for the largest logit; of equal logits the lower
    class comes first, and nan comes behind all classes.

    Args:
        logits: (N, classes).
        labels: (N,), indices of classes.

    Returns:
        (N,).
    """
    own = logits[np.arange(len(labels)), labels][:, None]
    earlier = np.arange(logits.shape[1]) < labels[:, None]
    before = (logits > own) | ((logits == own) & earlier) | np.isnan(own)
    return np.asarray(1 + before.sum(1), np.int64)


def hits(logits: NDArray[np.float32], labels: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """Whether the label is among the first `k`, from 1, of each row (`ranks`): (N,)."""
    return ranks(logits, labels) <= k


def top_k(logits: NDArray[np.float32], labels: NDArray[np.int64], k: int) -> float:
    """Share of the rows that `hits` counts, 0 to 1."""
    return float(hits(logits, labels, k).mean())
