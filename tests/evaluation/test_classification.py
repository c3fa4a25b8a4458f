import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facecap.evaluation.classification import (
    average_precision,
    calibration_error,
    confusion,
    precision_recall,
    reliability,
    roc,
    roc_auc,
    unknown_band,
)

CHANCE = np.array([0.9, 0.8, 0.7, 0.6, 0.2])
MASKED = np.array([True, False, True, True, False])


def test_average_precision_by_hand():
    # ranks 1, 3, 4 are hits: (1/1 + 2/3 + 3/4) / 3
    assert average_precision(CHANCE, MASKED) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)


def test_auc_by_hand():
    assert roc_auc(CHANCE, MASKED) == pytest.approx(4 / 6)
    assert roc_auc(np.full(4, 0.5), np.array([True, False, True, False])) == 0.5


def test_confusion_counts_a_tie_as_mask():
    assert confusion(CHANCE, MASKED, 0.6) == {
        "mask_called_mask": 3,
        "mask_called_bare": 0,
        "bare_called_mask": 1,
        "bare_called_bare": 1,
    }


def test_calibration_error_by_hand():
    # one bin holds 0.9 twice (half of them masks), one holds 0.1 (no mask)
    chance, masked = np.array([0.9, 0.9, 0.1]), np.array([True, False, False])
    assert calibration_error(chance, masked, bins=5) == pytest.approx((2 * 0.4 + 0.1) / 3)


def test_the_band_holds_most_errors_and_few_right_answers():
    chance = np.concatenate([np.linspace(0.95, 1, 500), np.linspace(0, 0.05, 500), [0.3, 0.4, 0.01]])
    masked = np.concatenate([np.ones(500, bool), np.zeros(500, bool), np.ones(3, bool)])
    low, high = unknown_band(chance, masked)
    assert low < 0.3 < 0.4 < high
    assert high < 0.96


def test_the_band_stays_narrow_where_errors_are_sure():
    chance = np.concatenate([np.linspace(0.5, 1, 1000), np.zeros(10)])
    low, high = unknown_band(chance, np.ones(1010, bool))
    inside = (chance > low) & (chance < high)
    assert inside[:1000].mean() <= 0.03


def test_without_errors_nothing_is_unknown():
    low, high = unknown_band(np.array([0.1, 0.9]), np.array([False, True]))
    assert (low, high) == (0.5, 0.5)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=2, max_size=60))
def test_figures_do_not_depend_on_the_order(rows):
    chance = np.array([value / 20 for value, _ in rows])
    masked = np.array([label for _, label in rows])
    order = np.random.default_rng(len(rows)).permutation(len(rows))
    for figure in (average_precision, roc_auc, calibration_error):
        assert figure(chance[order], masked[order]) == pytest.approx(figure(chance, masked), nan_ok=True)
    low, high = unknown_band(chance, masked)
    assert low <= 0.5 <= high


def test_curves_by_hand():
    recall, precision = precision_recall(CHANCE, MASKED)
    assert recall == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1, 1])
    assert precision == pytest.approx([1, 1 / 2, 2 / 3, 3 / 4, 3 / 5])
    false, hits = roc(np.array([0.9, 0.5, 0.5]), np.array([True, True, False]))
    assert false.tolist() == [0, 1]
    assert hits.tolist() == [0.5, 1]


def test_reliability_leaves_out_empty_bins():
    counts, chance, share = reliability(np.array([0.05, 0.15, 0.9]), np.array([False, True, True]), bins=5)
    assert counts.tolist() == [2, 1]
    assert chance == pytest.approx([0.1, 0.9])
    assert share.tolist() == [0.5, 1]


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=40))
def test_the_area_under_the_roc_is_the_auc(rows):
    chance = np.array([value / 8 for value, _ in rows])
    masked = np.array([label for _, label in rows])
    if masked.all() or not masked.any():
        return
    false, hits = (np.concatenate([[0.0], line]) for line in roc(chance, masked))
    area = (np.diff(false) * (hits[1:] + hits[:-1]) / 2).sum()
    assert area == pytest.approx(roc_auc(chance, masked))
