"""The teacher labels a folder, sees small faces through tiles, and its labels become training pictures."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import Mock

import cv2
import numpy as np
import pytest

import facecap
from facecap.training.detector.data import load_sources
from facecap.training.detector.teacher import Teacher, add_second, label_folder, suppress, take_boxes
from facecap.training.run import TrainingError


def test_suppression_keeps_the_best() -> None:
    rows = np.array([[0, 0, 10, 10, 0.5], [1, 0, 11, 10, 0.9], [30, 30, 40, 40, 0.4]], np.float32)
    np.testing.assert_allclose(suppress(rows, 0.4)[:, -1], [0.9, 0.4])
    assert suppress(rows[:0], 0.4).shape == (0, 5)


def test_labels_of_a_photograph(shared: Path, photo: np.ndarray, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    teacher = Teacher(shared / "data" / "weights" / "scrfd_2.5g_kps.onnx")
    folder = tmp_path / "photos" / "album"
    folder.mkdir(parents=True)
    for index in range(30):
        cv2.imwrite(str(folder / f"{index}.jpg"), np.roll(photo, 4 * index, axis=1))
    (folder / "broken.jpg").write_bytes(b"nothing")
    out = tmp_path / "photos" / "album.json"
    assert label_folder(folder, out, teacher, every=2) >= 15
    entries = json.loads(out.read_text())
    best = max(entries[0]["faces"], key=lambda face: face["score"])
    assert best["score"] > 0.7
    (x1, y1, x2, y2), points = best["box"], np.array(best["landmarks"])
    assert 150 < x1 < x2 < 380 and 30 < y1 < y2 < 360
    assert points[0, 0] < points[1, 0] and points[:2, 1].max() < points[2, 1] < points[3:, 1].min()

    (source,) = load_sources(tmp_path, tmp_path / "photos")
    assert source.name == "album"
    assert len(source.train) + len(source.held_out) == len(entries)


def test_boxes_of_people_stand_and_the_teacher_adds_points_and_doubt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def face(x: float, score: float) -> dict[str, object]:
        return {"box": [x, 10, x + 20, 30], "landmarks": [[x, 12]] * 5, "score": score}

    seen = [face(10, 0.9), face(70, 0.95)]
    entries = [{"file": f"{name}.jpg", "width": 100, "height": 50, "faces": seen} for name in "ab"]
    labels = tmp_path / "crowd.json"
    labels.write_text(json.dumps(entries))
    boxes = tmp_path / "boxes"
    boxes.mkdir()
    (boxes / "a.txt").write_text("0 0.21 0.4 0.2 0.4\n0 0.5 0.4 0.1 0.4\n0 0.9 0.5 0 0\n")
    assert take_boxes(labels, boxes) == 2
    assert "b.jpg: keeps the teacher's faces" in capsys.readouterr().err
    first, second = json.loads(labels.read_text())
    matched, hardly_seen, doubted = first["faces"]
    assert matched["box"] == [11, 10, 31, 30] and matched["score"] == 0.9 and len(matched["landmarks"]) == 5
    assert hardly_seen["landmarks"] is None and hardly_seen["score"] == 0
    assert doubted["score"] < 0.7 and first["complete"]
    assert second["faces"] == seen
    (boxes / "b.txt").write_text("0 0.5\n")
    with pytest.raises(TrainingError, match=r"b\.txt: wanted lines of class, x, y, width and height"):
        take_boxes(labels, boxes)


def test_pictures_without_faces_need_no_teacher(tmp_path: Path) -> None:
    (tmp_path / "walls").mkdir()
    for index in range(30):
        cv2.imwrite(str(tmp_path / "walls" / f"{index}.png"), np.zeros((20, 30, 3), np.uint8))
    assert label_folder(tmp_path / "walls", tmp_path / "walls.json", None) == 0
    (source,) = load_sources(tmp_path, tmp_path)
    assert all(picture.complete and not len(picture.faces) for picture in source.train)


def test_another_model_is_no_teacher(shared: Path) -> None:
    pytest.importorskip("torch")
    with pytest.raises(TrainingError, match="no detector that is known"):
        Teacher(shared / "data" / "weights" / "aizoo_260.onnx")


def test_what_cannot_be_labelled_is_named(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "text.onnx").write_text("no model")
    with pytest.raises(
        TrainingError, match=r"text\.onnx: neither a checkpoint of torch nor a readable ONNX file"
    ):
        Teacher(tmp_path / "text.onnx")
    with pytest.raises(TrainingError, match="nowhere: found no picture"):
        label_folder(tmp_path / "nowhere", tmp_path / "labels.json", Mock())
    assert not (tmp_path / "labels.json").exists()


def test_a_second_detector_agrees_and_adds(photo: np.ndarray, tmp_path: Path) -> None:
    folder = tmp_path / "album"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.hstack([photo, photo]))
    (folder / "broken.png").write_bytes(b"nothing")
    one = facecap.Detector("retinaface-mobilenet0.25").detect(photo).boxes[0]
    known = {"box": one.tolist(), "landmarks": None, "score": 0.8}
    wrong = {"box": [0, 0, 30, 30], "landmarks": None, "score": 0.4}
    labels = tmp_path / "album.json"
    broken = {"file": "broken.png", "faces": []}
    labels.write_text(json.dumps([{"file": "a.png", "faces": [known, wrong]}, broken]))
    assert add_second(folder, labels, "retinaface-mobilenet0.25") >= 1
    faces = json.loads(labels.read_text())[0]["faces"]
    assert faces[0]["second"] > 0.9 and faces[1]["second"] == 0
    (other,) = (face for face in faces if face["score"] == 0 and face["second"] > 0.9)
    np.testing.assert_allclose(other["box"], one + np.tile([photo.shape[1], 0], 2), atol=12)
