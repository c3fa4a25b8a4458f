"""The NumPy port: known numbers of decoding and suppression, and the same faces as the core finds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import facecap
from facecap.benchmark.numpy_retinaface import NumpyRetinaFace, suppress

MODEL = Path(facecap.__file__).parent / "models" / "detector_retinaface.onnx"


def test_decodes_the_known_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stride 8, row 20, column 10, deltas (0.1, -0.2, 0.3, 0); by hand for priors of 10 and 20 pixels."""
    port = NumpyRetinaFace(MODEL)
    priors = port._priors_of(256, 256)
    at = 2 * (20 * 32 + 10)
    np.testing.assert_array_equal(priors[at : at + 2], [[84, 164, 10], [84, 164, 20]])
    deltas = np.zeros((1, 14), np.float32)
    deltas[0, :6] = (0.1, -0.2, 0.3, 0, 0.25, -0.5)
    decoded = port._decode(deltas, priors[at + 1 : at + 2])[0]
    np.testing.assert_allclose(decoded[:4], [73.58163, 153.6, 94.81837, 173.6], atol=1e-4)
    np.testing.assert_allclose(decoded[4:6], [84.5, 163.0], atol=1e-4)


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
