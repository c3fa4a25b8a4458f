"""The answers of the mask classifier: one list everywhere, and what a caller may ask of a model."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

import facecap
from facecap.sinks.drawing import ANSWER_COLORS, ANSWER_WORDS
from facecap.testing import classifier_model

ANSWERS = get_args(facecap.MaskAnswer)
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def three() -> facecap.MaskClassifier:
    return facecap.MaskClassifier(classifier_model(incorrect=True).source)


@pytest.fixture(scope="module")
def two() -> facecap.MaskClassifier:
    return facecap.MaskClassifier(classifier_model().source)


def test_every_list_of_answers_is_the_same(three, two):
    assert three.answers == ANSWERS
    assert two.answers == tuple(answer for answer in ANSWERS if answer != "incorrect")
    assert tuple(ANSWER_WORDS) == ANSWERS
    assert set(ANSWER_COLORS) == set(ANSWERS)
    statistics = pytest.importorskip("facecap_service.routes.statistics", reason="no extra `service`")
    assert tuple(statistics.MaskCounts.model_fields) == ANSWERS
    words = (ROOT / "service" / "page" / "assets" / "words.js").read_text()
    assert tuple(re.findall(r'"(\w+)"', re.findall(r"ANSWERS = \[(.*)\];", words)[0])) == ANSWERS


@pytest.mark.parametrize("classes", [["mask", "incorrect", "no_mask"], ["incorrect", "no_mask", "mask"]])
def test_the_order_of_the_classes_is_the_manifest_s(three, classes):
    model = classifier_model(incorrect=True)
    section = {**model.manifest["classifier"], "classes": classes}
    turned = facecap.MaskClassifier((model.data, {**model.manifest, "classifier": section}))
    crops = np.random.default_rng(5).integers(0, 256, (4, 112, 112, 3), np.uint8)
    found, wanted = turned.classify(crops), three.classify(crops)
    no_mask = 1 - wanted.mask_prob - wanted.incorrect_prob
    all_three = np.stack([no_mask, wanted.mask_prob, wanted.incorrect_prob])
    assert found.mask_prob == pytest.approx(all_three[classes.index("mask")], abs=1e-6)
    assert found.incorrect_prob == pytest.approx(all_three[classes.index("incorrect")], abs=1e-6)


def test_all_that_a_model_says_goes_together(three, two):
    blue = np.linspace(0, 255, 32, dtype=np.uint8)
    crops = np.zeros((32, 112, 112, 3), np.uint8)
    crops[..., 0] = blue[:, None, None]
    said = three.classify(crops)
    assert len(said) == 32 and set(said.answers) == set(ANSWERS)
    assert (said.mask_prob == three.predict(crops)).all()
    assert (said.mask_prob + said.incorrect_prob <= 1 + 1e-6).all()
    for answer, mask, incorrect in zip(said.answers, said.mask_prob, said.incorrect_prob, strict=True):
        assert three.answer(float(mask), None, float(incorrect)) == answer
    assert "unknown" not in three.classify(crops, threshold=0.5).answers
    assert np.isnan(two.classify(crops).incorrect_prob).all()
    assert two.classify(crops, threshold=0.5).answers == tuple(
        "mask" if mask >= 0.5 else "no_mask" for mask in two.predict(crops)
    )
    empty = three.classify(np.zeros((0, 112, 112, 3), np.uint8))
    assert len(empty) == 0 and empty.incorrect_prob.shape == (0,)


def test_a_probability_that_does_not_fit_the_model_is_refused(three, two):
    with pytest.raises(ValueError, match="incorrect_prob is missing"):
        three.answer(0.9)
    with pytest.raises(ValueError, match=r"incorrect_prob is 0\.2, wanted None"):
        two.answer(0.9, None, 0.2)
    assert two.answer(0.9, None, math.nan) == two.answer(0.9) == "mask"
    assert three.answer(0.9, None, math.nan) == "unknown"
