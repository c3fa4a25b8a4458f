"""Detection is left out where nothing moves, and captures are the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
import scripted
from numpy.typing import NDArray

import facecap

HERE, THERE = (37, 20), (60, 20)
EMPTY, VISIT = [()] * 40, [(HERE,)] * 20
QUIET = 2 + 15
"""Frames without a face until one may be skipped: min_hits and some."""


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[facecap.Detector, facecap.MaskClassifier]:
    folder = tmp_path_factory.mktemp("models")
    return facecap.Detector(scripted.detector(folder)), facecap.MaskClassifier(
        scripted.mask_classifier(folder)
    )


@pytest.fixture
def make(models: tuple[facecap.Detector, facecap.MaskClassifier]) -> Callable[..., facecap.FaceCapture]:
    def build(**config: Any) -> facecap.FaceCapture:
        config = {"mode": "fast", "min_hits": 2, "interval": 5, "miss_limit": 3, **config}
        detector, classifier = models
        return facecap.FaceCapture(
            facecap.CaptureConfig(**config), detector=detector, classifier=classifier, refiner=False
        )

    return build


def luma(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An eighth of its size."""
    height, width = frame.shape[:2]
    small = cv2.resize(frame, (width // 8, height // 8), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY))


def captures(results: list[facecap.FrameResult]) -> list[dict[str, Any]]:
    return [capture.to_dict() for result in results for capture in result.captures]


def test_an_empty_door_is_not_detected_in_and_says_so(make):
    capture = make(motion="auto")
    results = [capture.process(scripted.frame()) for _ in EMPTY]
    assert [result.skipped for result in results] == [False] * QUIET + [True] * (len(EMPTY) - QUIET)
    assert results[-1].to_dict()["skipped"] is True
    assert results[-1].timings["detect"] == 0
    assert [result.frame_index for result in results] == list(range(len(EMPTY)))


def test_nothing_is_skipped_where_it_is_switched_off(make):
    capture = make(motion="off")
    assert not any(capture.process(scripted.frame()).skipped for _ in EMPTY)
    assert capture.skip(luma(scripted.frame())) is None


@pytest.mark.parametrize("previewed", [False, True])
@pytest.mark.parametrize("mode", ["auto", "fast", "cycle", "once"])
def test_captures_are_the_same_with_and_without(make, mode, previewed):
    frames = [scripted.frame(*cells) for cells in EMPTY + VISIT + EMPTY + [(THERE,)] * 9 + EMPTY]
    found = {}
    for motion in ("off", "auto"):
        capture = make(motion=motion, mode=mode)
        results = []
        for index, frame in enumerate(frames):
            place = {"frame_index": index, "timestamp": index / 25}
            result = capture.skip(luma(frame), **place) if previewed else None
            results.append(result or capture.process(frame, **place))
        found[motion] = captures(results) + [late.to_dict() for late in capture.flush()]
        assert (sum(result.skipped for result in results) > 40) is (motion == "auto")
        busy = [len(result.faces) > 0 for result in results]
        assert sum(busy) == 29
    assert found["off"] == found["auto"]
    assert len(found["off"]) >= 2


def test_a_live_track_is_looked_for_in_every_frame(make):
    capture = make(motion="auto", miss_limit=60, mode="auto")
    frames = [scripted.frame(*cells) for cells in VISIT + [()] * 50]
    assert not any(capture.process(frame).skipped for frame in frames)


def test_a_still_scene_is_looked_at_again_after_the_time_of_the_settings(make):
    capture = make(motion="auto", motion_refresh_seconds=0.5)
    results = [capture.process(scripted.frame(), timestamp=n / 10) for n in range(QUIET + 20)]
    assert [n - QUIET for n, result in enumerate(results) if n >= QUIET and not result.skipped] == [
        4,
        9,
        14,
        19,
    ]


def test_a_frame_that_was_asked_about_is_detected_in_when_it_comes(make):
    capture = make(motion="auto")
    for index in range(QUIET):
        capture.process(scripted.frame(), frame_index=index)
    assert capture.skip(luma(scripted.frame()), frame_index=QUIET) is None  # of another size than before
    assert not capture.process(scripted.frame(), frame_index=QUIET).skipped
    skipped = capture.skip(luma(scripted.frame()), frame_index=QUIET + 1)
    assert skipped is not None
    assert (skipped.frame_index, skipped.skipped, len(skipped.faces)) == (QUIET + 1, True, 0)
    with pytest.raises(ValueError, match="frames come in order"):
        capture.skip(luma(scripted.frame()), frame_index=QUIET + 1)


def test_reset_forgets_the_still_scene(make):
    capture = make(motion="auto")
    for _ in EMPTY:
        capture.process(scripted.frame())
    capture.reset()
    assert not capture.process(scripted.frame()).skipped


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4)), np.zeros((0, 4), np.uint8), None]
)
def test_luma_of_another_kind_is_refused(make, bad):
    with pytest.raises((ValueError, TypeError), match="luma"):
        make(motion="auto").skip(bad)
