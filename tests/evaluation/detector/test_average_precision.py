"""Average precision and matching, by hand and against a second, slower way to compute them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facecap.evaluation.detector.average_precision import average_precision, match, overlaps


def boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def test_overlap_of_known_boxes() -> None:
    a, b = boxes((0, 0, 99, 99)), boxes((42, 0, 141, 99), (43, 0, 142, 99), (200, 0, 300, 10))
    np.testing.assert_allclose(overlaps(a, b, pixel=1.0)[0], [0.408451, 0.398601, 0.0], atol=1e-6)
    np.testing.assert_allclose(overlaps(boxes((0, 0, 2, 2)), boxes((1, 0, 3, 2)))[0], [1 / 3])


def test_match_counts_each_face_once() -> None:
    face = (10, 10, 20, 20)
    verdicts = match(boxes(face, face, (50, 50, 60, 60)), boxes(face), boxes())
    assert verdicts.tolist() == [1, 0, 0]


def test_match_does_not_count_what_lies_in_an_ignored_area() -> None:
    ignored = boxes((0, 0, 100, 100))
    found = boxes((10, 10, 20, 20), (95, 95, 115, 115), (200, 200, 210, 210))
    assert match(found, boxes(), ignored).tolist() == [-1, 0, 0]
    assert match(boxes((10, 10, 20, 20)), boxes((11, 10, 21, 20)), ignored).tolist() == [1]


def test_known_curve() -> None:
    scores = np.array([0.9, 0.8, 0.7, 0.6], np.float32)
    verdicts = np.array([1, 0, 1, -1], np.int8)
    assert average_precision(scores, verdicts, 4) == pytest.approx((1 + 2 / 3) / 4)
    assert average_precision(scores[:1], verdicts[:1], 1) == 1.0
    assert average_precision(scores[:0], verdicts[:0], 3) == 0.0
    assert np.isnan(average_precision(scores, verdicts, 0))


def slow_average_precision(scores: list[float], hits: list[bool], faces: int) -> float:
    """For each face found: the best precision at its recall or a higher one, over the number of faces."""
    ranked = [hit for _, hit in sorted(zip(scores, hits, strict=True), key=lambda pair: -pair[0])]
    precision = [sum(ranked[: i + 1]) / (i + 1) for i in range(len(ranked))]
    return sum(max(precision[i:]) for i, hit in enumerate(ranked) if hit) / faces


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.booleans()), unique_by=lambda t: t[0]), st.integers(0, 5)
)
def test_agrees_with_the_slow_way(found: list[tuple[int, bool]], missed: int) -> None:
    hits = [hit for _, hit in found]
    faces = sum(hits) + missed
    if faces == 0:
        return
    scores = np.array([score for score, _ in found], np.float32)
    fast = average_precision(scores, np.array(hits, np.int8), faces)
    assert fast == pytest.approx(slow_average_precision(scores.tolist(), hits, faces))
