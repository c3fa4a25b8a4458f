"""The decoding of detectors in NumPy: known numbers, and forms that it does not know."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny_models as tiny

from facecap import _core
from facecap.conversion.detector.families import FAMILIES, decode
from facecap.conversion.detector.priors import prior_boxes
from facecap.errors import FacecapError

SIZE = (256, 256)


def detector_rule() -> dict[str, Any]:
    """The core's rule of the section `detector`."""
    (_, tasks) = _core.manifest_rules()["choices"][0]
    return next(rule for name, rule, _ in tasks["face_detection"]["keys"] if name == "detector")


def words_of(rule: dict[str, Any], key: str) -> list[str]:
    return next(one["words"] for name, one, _ in rule["keys"] if name == key)


def test_numpy_knows_the_families_and_forms_of_the_core() -> None:
    rule = detector_rule()
    assert list(FAMILIES) == words_of(rule, "family")
    (_, options) = rule["choices"][0]
    for name, family in FAMILIES.items():
        assert set(family.forms) == set(words_of(options[name], "form"))


def test_the_known_cell_of_retinaface() -> None:
    """Stride 8, row 20, column 10, box numbers (0.1, -0.2, 0.3, 0); by hand for a prior of 20 pixels."""
    manifest = tiny.detector_manifest(b"", form="concatenated")
    manifest["detector"] |= {"strides": [8], "min_sizes": [[10, 20]]}
    at = 2 * (20 * 32 + 10) + 1
    priors = prior_boxes(*SIZE, [[10, 20]], [8])
    np.testing.assert_array_equal(priors[at], [84, 164, 20])
    outputs = {
        role: np.zeros((1, len(priors), columns), np.float32)
        for role, columns in (("boxes", 4), ("scores", 2), ("landmarks", 10))
    }
    outputs["boxes"][0, at] = (0.1, -0.2, 0.3, 0)
    outputs["landmarks"][0, at, :2] = (0.25, -0.5)
    answers = decode(outputs, manifest, SIZE)
    np.testing.assert_allclose(answers.boxes[0, at], [73.58163, 153.6, 94.81837, 173.6], atol=1e-4)
    np.testing.assert_allclose(answers.landmarks[0, at, 0], [84.5, 163.0], atol=1e-4)


def test_an_unknown_family_or_form_is_named() -> None:
    manifest = tiny.detector_manifest(b"", family="yunet")
    manifest["detector"]["form"] = "concatenated"
    with pytest.raises(FacecapError, match="no decoder for the form 'concatenated' of yunet; known: levels"):
        decode({}, manifest, SIZE)
    manifest["detector"]["family"] = "yolo"
    with pytest.raises(FacecapError, match="the family 'yolo'; known: retinaface, yunet, scrfd"):
        decode({}, manifest, SIZE)
