"""The demo clip: two visits by one person, of which the second wears a mask."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import facecap
from facecap.demo import clip, portrait
from facecap.demo.face_mask import put_on_mask
from facecap.sources import open_source


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


def test_the_demo_ends_with_a_bare_and_a_masked_visit(tmp_path):
    made = subprocess.run(
        [sys.executable, "-m", "facecap.demo", str(tmp_path)], capture_output=True, text=True, check=True
    )
    path = Path(made.stdout.strip())
    source = open_source(str(path))
    assert source.length is not None and 7 < source.length / source.fps < 12
    run = [sys.executable, "-m", "facecap", "run", str(path), "--json"]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    *captures, last = [json.loads(line) for line in done.stdout.splitlines()]
    answers: dict[int, set[str]] = {}
    for capture in captures:
        answers.setdefault(capture["track_id"], set()).add(capture["mask"])
    assert list(answers.values()) == [{"no_mask"}, {"mask"}]
    assert last["summary"]["frames"] == source.length


def test_the_photograph_has_one_bare_face(photo):
    detections = facecap.Detector(score_threshold=0.9).detect(photo)
    assert len(detections) == 1
