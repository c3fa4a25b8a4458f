"""Numbers of results as JSON has them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facecap._core import rounded_list


@given(
    values=st.lists(st.floats(width=32), max_size=12)
    | st.lists(st.integers(-(2**20), 2**20).map(lambda n: n / 2**10), max_size=12),  # with many ties
    digits=st.integers(0, 6),
)
def test_numbers_are_rounded_as_python_rounds(values: list[float], digits: int) -> None:
    wanted = [round(value, digits) if math.isfinite(value) else None for value in values]
    assert rounded_list(np.array(values, np.float32), digits) == wanted


def test_the_lists_are_nested_as_the_array() -> None:
    points = np.arange(12, dtype=np.float32).reshape(2, 3, 2) / 8
    assert rounded_list(points, 3) == points.astype(np.float64).round(3).tolist()
    assert rounded_list(np.empty((0, 5, 2), np.float32), 3) == []


@pytest.mark.parametrize(("array", "digits"), [(np.float32(1), 3), (np.ones(2, np.float32), 7)])
def test_what_cannot_be_rounded_exactly_is_refused(array: np.ndarray, digits: int) -> None:
    with pytest.raises(ValueError, match="wanted"):
        rounded_list(np.asarray(array), digits)
