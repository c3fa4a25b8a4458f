"""How often the right class is among the first answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def hits(logits: NDArray[np.float32], labels: NDArray[np.int64], k: int) -> NDArray[np.bool_]:
    """Whether the label is among the k largest of each row; of equal logits the lower class comes first,
    and nan is never right.

    Args:
        logits: (N, classes).
        labels: (N,), indices of classes.
        k: from 1.

    Returns:
        (N,).
    """
    own = logits[np.arange(len(labels)), labels][:, None]
    earlier = np.arange(logits.shape[1]) < labels[:, None]
    before = (logits > own) | ((logits == own) & earlier) | np.isnan(own)
    return np.asarray(before.sum(1) < k)


def top_k(logits: NDArray[np.float32], labels: NDArray[np.int64], k: int) -> float:
    """Share of the rows that `hits` counts, 0 to 1."""
    return float(hits(logits, labels, k).mean())
