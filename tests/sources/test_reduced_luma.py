"""A JPEG's luma at an eighth of its size: never of a picture that is damaged."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facecap.sources import EncodedPicture, PictureError

_RANDOM = np.random.default_rng(3)
PICTURE = cv2.GaussianBlur(_RANDOM.integers(0, 255, (120, 160, 3), dtype=np.uint8), (0, 0), 2)
JPEG = cv2.imencode(".jpg", PICTURE)[1].tobytes()


def test_it_is_the_mean_of_eight_by_eight_pixels() -> None:
    luma = EncodedPicture(JPEG).reduced_luma()
    assert luma is not None
    grey = cv2.cvtColor(cv2.imdecode(np.frombuffer(JPEG, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2GRAY)
    means = grey.reshape(15, 8, 20, 8).mean(axis=(1, 3))
    assert luma.shape == (15, 20)
    assert np.abs(luma - means).max() <= 2


def test_other_pictures_have_none() -> None:
    assert EncodedPicture(cv2.imencode(".png", PICTURE)[1].tobytes()).reduced_luma() is None


@given(place=st.integers(620, len(JPEG) - 40), noise=st.binary(min_size=1, max_size=30))
def test_what_is_damaged_in_full_is_none_reduced(place: int, noise: bytes) -> None:
    data = JPEG[:place] + noise + JPEG[place + len(noise) :]
    try:
        picture = EncodedPicture(data)
    except PictureError:
        return  # it is not even decoded
    try:
        picture.decode()
    except PictureError:
        assert picture.reduced_luma() is None


def test_a_picture_that_is_cut_short_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(PictureError, match="cut short"):
        EncodedPicture(JPEG[:-200])
