"""Several views of a picture, and YuNet beside our detectors."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import scripted

import facecap
from facecap.errors import FacecapError
from facecap.evaluation.detector.contenders import Views, looking, open_yunet, vote
from facecap.evaluation.detector.detection import Detect, open_detector

PICTURE = np.zeros((100, 200, 3), np.uint8)
PICTURE[10:30, 20:60] = 255


def bright_box(side: int | None) -> Detect:
    """Finds the bounds of what is bright, with the side as its score in thousandths."""

    def detect(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        y, x = np.nonzero(image[..., 0])
        box = [x.min(), y.min(), x.max() + 1, y.max() + 1]
        return np.array([box], np.float32), np.array([(side or 0) / 1000], np.float32)

    return detect


def test_mirrored_views_find_the_same_place() -> None:
    boxes, scores = looking(bright_box, Views((320, 640), flip=True))(PICTURE)
    assert boxes.tolist() == [[20, 10, 60, 30]]
    assert scores == pytest.approx([0.64])


def test_a_picture_can_keep_its_own_size() -> None:
    _, scores = looking(bright_box, Views((0,)))(PICTURE)
    assert scores == pytest.approx([0.2])


def test_a_picture_can_be_left_to_the_detectors_own_input() -> None:
    asked: list[int | None] = []

    def open_at(side: int | None) -> Detect:
        asked.append(side)
        return bright_box(0)

    looking(open_at, Views((None,)))(PICTURE)
    assert asked == [None]
    with pytest.raises(FacecapError, match="OpenCV has no default input size"):
        open_yunet(Path("yunet.onnx"), None)


def test_a_small_picture_is_scaled_up_for_measuring(photo: np.ndarray) -> None:
    small = np.asarray(cv2.resize(photo, (256, 300), interpolation=cv2.INTER_AREA), np.uint8)
    larger = np.asarray(cv2.resize(small, (512, 600), interpolation=cv2.INTER_LINEAR), np.uint8)
    scaled, _ = open_detector(None, 600)(small)
    by_hand = facecap.Detector(input_size=(608, 608)).detect(larger).boxes
    own, _ = open_detector(None, None)(small)
    assert len(scaled) > 0 and len(own) > 0
    np.testing.assert_allclose(scaled[0], by_hand[0] / 2, atol=0.5)
    np.testing.assert_allclose(own[0], facecap.Detector().detect(small).boxes[0], atol=1e-3)
    assert np.abs(own[0] - scaled[0]).max() > 0.5


def test_voting_moves_a_box_towards_those_that_it_takes_along() -> None:
    boxes = np.array([[0, 0, 10, 10], [50, 50, 60, 60], [2, 0, 12, 10]], np.float32)
    found = vote(boxes, np.array([0.6, 0.5, 0.2], np.float32))
    assert found.boxes == pytest.approx(np.array([[0.5, 0, 10.5, 10], [50, 50, 60, 60]]))
    assert found.scores == pytest.approx([0.6, 0.5])
    assert vote(boxes[:0], np.zeros(0, np.float32)).boxes.shape == (0, 4)


def test_a_model_of_one_size_computes_that_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("onnx")
    detect = open_detector(scripted.detector(tmp_path), 320)
    assert "computes 640x360 only, not 320" in capsys.readouterr().err
    boxes, _ = detect(np.zeros((360, 640, 3), np.uint8))
    assert boxes.shape == (0, 4)


def test_what_is_no_yunet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(FacecapError, match=r"no\.onnx.*YuNet"):
        open_yunet(path, 640)


def test_yunet_finds_the_face_at_any_scale(shared: Path, photo: np.ndarray) -> None:
    model = shared / "data" / "weights" / "yunet_n_dynamic.onnx"
    large, small = (open_yunet(model, side)(photo)[0][0] for side in (640, 320))
    assert np.abs(large - small).max() < 15
