"""Figures of verification on similarities that can be checked by hand, and by trying every threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facecap.evaluation.embedder.verification import accuracy, across_folds, best_threshold, tar_at_far

pairs = st.lists(
    st.tuples(st.sampled_from([-0.5, 0.0, 0.1, 0.2, 0.2001, 0.7, float("nan")]), st.booleans()),
    min_size=1,
    max_size=30,
)


def arrays(rows):
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows])


@given(pairs)
def test_no_threshold_is_better_than_the_best(rows):
    similarity, same = arrays(rows)
    found = accuracy(similarity, same, best_threshold(similarity, same))
    values = similarity[~np.isnan(similarity)]
    tried = [accuracy(similarity, same, t) for t in [-9.0, 9.0, *(values + 1e-5), *(values - 1e-5)]]
    assert found == pytest.approx(max(tried))


@given(pairs, st.sampled_from([0.0, 0.1, 0.25, 1.0]))
def test_the_true_accept_rate_keeps_its_promise(rows, far):
    similarity, same = arrays(rows)
    rate = tar_at_far(similarity, same, far)
    accepted = similarity >= rate.threshold
    assert accepted[~same].sum() == rate.accepted <= far * (~same).sum() + 1e-9
    if same.any():
        assert rate.tar == pytest.approx(accepted[same].mean())


def test_a_fold_is_judged_by_the_others():
    # The first fold alone would choose a threshold between .1 and .2, the other one between .6 and .8.
    similarity = np.array([0.2, 0.1, 0.8, 0.6])
    same = np.array([True, False, True, False])
    first, second = across_folds(similarity, same, np.array([0, 0, 1, 1]))
    assert first.threshold == pytest.approx(0.7) and first.accuracy == 0.5
    assert second.threshold == pytest.approx(0.15) and second.accuracy == 0.5


def test_a_face_that_was_not_found_is_a_wrong_answer():
    similarity, same = np.array([0.9, np.nan, np.nan, 0.1]), np.array([True, True, False, False])
    assert accuracy(similarity, same, 0.5) == 0.5
    assert tar_at_far(similarity, same, 0.0).tar == 0.5
