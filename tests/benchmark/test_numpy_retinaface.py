"""The NumPy port: known numbers of suppression, and the same faces as the core finds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import facecap
from facecap.benchmark.numpy_retinaface import NumpyRetinaFace, suppress

MODEL = Path(facecap.__file__).parent / "models" / "detector_retinaface.onnx"


def test_suppression_counts_pixels() -> None:
    first = (0, 0, 99, 99)
    assert suppress(np.array([first, (42, 0, 141, 99)], np.float32), 0.4) == [0]
    assert suppress(np.array([first, (43, 0, 142, 99)], np.float32), 0.4) == [0, 1]
    assert suppress(np.zeros((0, 4), np.float32), 0.4) == []


def test_the_core_finds_the_same(photo: np.ndarray) -> None:
    size = json.loads(MODEL.with_suffix(".json").read_text())["input"]
    image = photo[:576, :512]
    box = (size["width"], size["height"])
    import cv2

    scaled = cv2.resize(image, (round(512 * box[1] / 576 / 32) * 32, box[1]))
    boxes, scores, landmarks = NumpyRetinaFace(MODEL, score_threshold=0.1).detect(scaled)
    found = facecap.Detector(MODEL, score_threshold=0.1).detect(scaled)
    assert len(scores) >= 1
    np.testing.assert_allclose(found.scores, scores, atol=1e-4)
    height, width = scaled.shape[:2]
    np.testing.assert_allclose(found.boxes, np.clip(boxes, 0, [width, height] * 2), atol=0.05)
    np.testing.assert_allclose(found.landmarks, landmarks, atol=0.05)
