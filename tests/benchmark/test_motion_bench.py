"""The camera that `facecap bench motion` reads over HTTP: no picture of it is dropped."""

from __future__ import annotations

import time
from itertools import islice

import cv2
import numpy as np

from facecap.benchmark.prompted_camera import frames_of


def test_every_picture_comes_however_slowly_frames_are_worked_on():
    noise = np.random.default_rng(1).integers(0, 256, (3, 120, 160, 3), np.uint8)
    jpegs = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in noise]
    indices, seen = [], []
    with frames_of(jpegs) as frames:
        for frame in islice(frames, 7):
            time.sleep(0.05)
            indices.append(frame.index)
            seen.append(jpegs.index(frame.encoded.data))
    assert indices == list(range(7))
    assert seen == [0, 1, 2, 0, 1, 2, 0]
