"""The pictures that the demo clip is made of."""

from __future__ import annotations

import numpy as np
import pytest

import facecap
from facecap.demo import clip, portrait
from facecap.demo.face_mask import put_on_mask


@pytest.fixture(scope="module")
def person() -> portrait.Portrait:
    return portrait.load()


def test_the_silhouette_covers_the_person_and_not_the_background(person):
    height, width = person.cover.shape
    assert (height, width) == person.image.shape[:2]
    assert person.cover.min() == 0 and person.cover.max() == 1
    for x, y in person.landmarks.astype(int):
        assert person.cover[y, x] == 1
    assert person.cover[: height // 3, : width // 5].max() == 0
    assert person.cover[: height // 3, -width // 5 :].max() == 0


def test_the_mask_covers_mouth_and_nose_and_leaves_the_eyes(person):
    masked = put_on_mask(person.image, person.landmarks)
    changed = np.abs(masked.astype(int) - person.image).max(axis=2)
    eyes, mouth_and_nose = person.landmarks[:2].astype(int), person.landmarks[2:].astype(int)
    assert all(changed[y, x] < 12 for x, y in eyes)
    assert all(changed[y, x] > 20 for x, y in mouth_and_nose)


def test_the_clip_is_the_same_every_time(person):
    first, second = clip.frames(person), clip.frames(person)
    for number, (a, b) in enumerate(zip(first, second, strict=True)):
        assert a.shape == (clip.HEIGHT, clip.WIDTH, 3) and a.dtype == np.uint8
        if number % 20 == 0:
            assert np.array_equal(a, b)


def test_the_photograph_has_one_bare_face(photo):
    detections = facecap.Detector(score_threshold=0.9).detect(photo)
    assert len(detections) == 1
