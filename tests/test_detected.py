"""Faces that were found beforehand give what a frame gives without them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scripted

import facecap

HERE, THERE = (37, 20), (60, 20)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("models")
    return {
        "detector": facecap.Detector(scripted.detector(folder)),
        "classifier": facecap.MaskClassifier(scripted.mask_classifier(folder)),
        "refiner": facecap.Refiner(scripted.refiner(folder)),
    }


def camera(parts: dict[str, Any]) -> facecap.FaceCapture:
    config = facecap.CaptureConfig(mode="fast", min_hits=2, interval=3, miss_limit=3)
    return facecap.FaceCapture(config, **parts)


def answers(result: facecap.FrameResult) -> dict[str, Any]:
    return {**result.to_dict(), "timings": None}


def test_a_copy_of_the_detector_finds_the_same(parts):
    picture = scripted.frame(HERE, THERE)
    one, other = parts["detector"].detect(picture), parts["detector"].copy().detect(picture)
    assert len(one) == 2
    for name in ("boxes", "scores", "landmarks"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_copy_keeps_the_options(tmp_path):
    one_face = facecap.Detector(scripted.detector(tmp_path), max_faces=1)
    assert len(one_face.copy().detect(scripted.frame(HERE, THERE))) == 1


def test_faces_found_beforehand_change_no_answer_not_even_of_still_frames(parts):
    alone, told, finder = camera(parts), camera(parts), parts["detector"].copy()
    skipped = 0
    for faces in [()] * 30 + [(HERE,)] * 12 + [(HERE, THERE)] * 12 + [()] * 40:
        picture = scripted.frame(*faces)
        one = alone.process(picture)
        two = told.process(picture, detected=finder.detect(picture))
        assert answers(one) == answers(two)
        skipped += two.skipped
    assert skipped > 0
    assert [capture.to_dict() for capture in alone.flush()] == [capture.to_dict() for capture in told.flush()]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"boxes": [[10, 10, 2000, 50]]}, "face 0 of detected has no area inside the frame of 1920x1080"),
        ({"boxes": [[50, 10, 10, 50]]}, "no area"),
        ({"boxes": [[10, float("nan"), 20, 50]]}, "no area"),
        ({"scores": [float("nan")]}, "no number"),
        ({"landmarks": np.full((1, 5, 2), np.inf)}, "no number"),
    ],
)
def test_faces_that_cannot_be_of_the_frame_are_refused_and_leave_nothing(parts, change, text):
    capture, picture = camera(parts), scripted.frame(HERE)
    found = parts["detector"].copy().detect(picture)
    wrong = replace(found, **{name: np.asarray(value, np.float32) for name, value in change.items()})
    with pytest.raises(ValueError, match=text):
        capture.process(picture, detected=wrong)
    assert capture.process(picture, detected=found).frame_index == 0


def test_detected_is_detections_and_nothing_else(parts):
    with pytest.raises(TypeError, match="detected is ndarray, wanted Detections"):
        camera(parts).process(scripted.frame(), detected=np.zeros((0, 4)))
