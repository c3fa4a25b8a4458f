"""What is cut for the refiner: agreed faces, lone false alarms, nothing that may be the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import cv2
import numpy as np
import pytest

from facecap.cli import main
from facecap.evaluation.detector.detection import Found
from facecap.training.near_copies import NearCopies
from facecap.training.refiner.look import (
    PLACES,
    agreed,
    ask,
    candidates,
    empty_square,
    enlarge,
    near,
    same_face,
)
from facecap.training.refiner.sources import collection_photos, pack_photos, place, read_collections
from facecap.training.run import TrainingError


def found(*rows: tuple[float, ...]) -> Found:
    array = np.array(rows, np.float32).reshape(-1, 5)
    return Found(array[:, :4], array[:, 4])


def test_a_face_that_two_detectors_see_is_one_candidate() -> None:
    (one,) = candidates([found((10, 10, 50, 60, 0.9)), found((12, 10, 52, 62, 0.6))])
    assert (one.score, one.second) == (pytest.approx(0.9), pytest.approx(0.6))
    assert one.boxes.tolist() == [[10, 10, 50, 60], [12, 10, 52, 62]]
    assert not one.alone


def test_what_one_detector_sees_is_alone_unless_another_is_near() -> None:
    first = found((10, 10, 50, 60, 0.9), (200, 10, 240, 60, 0.7))
    second = found((205, 15, 225, 35, 0.2), (300, 300, 310, 310, 0.1))
    lone, crowded, inside = candidates([first, second])
    assert lone.alone and not crowded.alone and not inside.alone
    assert lone.second == crowded.second == inside.second == 0
    assert candidates([found(), found()]) == []


def test_near_is_to_overlap_to_hold_or_to_lie_in() -> None:
    region = np.array([[0, 0, 100, 100]], np.float32)
    boxes = np.array(
        [[90, 90, 190, 190], [40, 40, 50, 50], [-200, -200, 300, 300], [50, 0, 150, 100]], np.float32
    )
    assert near(boxes, region).tolist() == [False, True, True, True]
    assert near(boxes, region[:0]).tolist() == [False] * 4
    assert near(boxes[:0], region).tolist() == []


def test_a_teacher_alone_makes_no_face() -> None:
    assert agreed(0.65, 0.5)
    assert agreed(0.8, 0.25)
    assert not agreed(0.95, 0.0)
    assert not agreed(0.3, 0.9)


def test_empty_squares_touch_nothing() -> None:
    seen = found((0, 0, 60, 80, 0.03))
    squares = [
        empty_square([seen], np.zeros((0, 4), np.float32), (120, 80), np.random.default_rng(i))
        for i in range(9)
    ]
    assert any(len(square) for square in squares)
    assert not any(near(square, seen.boxes).any() for square in squares if len(square))


def test_the_teacher_sees_many_places_on_one_canvas() -> None:
    image = np.zeros((300, 400, 3), np.uint8)
    boxes = np.array([[20, 20, 60, 60], [200, 100, 300, 200], [370, 270, 400, 300]], np.float32)
    tiles = [enlarge(image, box) for box in boxes]
    teacher = Mock()
    rows = []
    for number, (tile, box) in enumerate(zip(tiles, boxes, strict=True)):
        corner = np.array([number % 4, number // 4]) * 160
        corners = (box.reshape(2, 2) - tile.corner) * tile.scale + corner
        rows.append(np.concatenate([corners.reshape(4), np.tile(corners.mean(0), 5), [0.8]]))
    teacher.detect.return_value = np.array(rows[:2], np.float32)
    answers = ask(teacher, tiles)
    assert [len(faces) for faces in answers] == [1, 1, 0]
    for box, faces in zip(boxes[:2], answers[:2], strict=True):
        np.testing.assert_allclose(faces[0, :4], box, atol=1e-3)
        assert same_face(box, faces) is not None
    assert same_face(boxes[0], answers[2]) is None
    assert len(tiles) <= PLACES


def test_near_copies_are_found_mirrored_too(photo: np.ndarray, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.jpg"), photo)
    (tmp_path / "broken.jpg").write_bytes(b"nothing")
    copies = NearCopies(sorted(tmp_path.glob("*.jpg")))
    assert len(copies) == 1
    smaller = cv2.resize(photo, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    assert copies.has(smaller)
    assert copies.has(np.ascontiguousarray(smaller[:, ::-1]))
    assert not copies.has(np.ascontiguousarray(photo[::-1]))
    assert not NearCopies([]).has(photo)


def test_collections_say_what_they_show(tmp_path: Path) -> None:
    for name in ("people", "walls", "marked"):
        (tmp_path / name).mkdir()
    (tmp_path / "refiner.json").write_text(
        json.dumps({"walls": {"kind": "empty"}, "marked": {"kind": "points", "lists": ["list.txt"]}}),
        encoding="utf-8-sig",
    )
    (tmp_path / "list.txt").write_text(
        "\ufeffmarked\\a.jpg 10 60 20 80 1 2 3 4 5 6 7 8 9 10\nelsewhere\\b.jpg " + "0 " * 14
    )
    collections = read_collections(tmp_path)
    assert [collections[name].kind for name in ("people", "walls", "marked")] == ["people", "empty", "points"]
    (photo,) = collection_photos(tmp_path, "marked", collections["marked"])
    assert photo.path == tmp_path / "marked" / "a.jpg"
    assert photo.faces[0].tolist() == [10, 20, 60, 80, *range(1, 11)]
    assert photo.true
    assert 0 <= place("a name") == place("a name") < 1


@pytest.mark.parametrize("entry", [{"kind": "odd"}, {"lists": ["a"]}, {"kind": "points"}, {"size": 3}, 5])
def test_a_collection_that_is_said_wrongly_is_refused(tmp_path: Path, entry: object) -> None:
    (tmp_path / "refiner.json").write_text(json.dumps({"a": entry}))
    with pytest.raises(TrainingError, match=r"refiner\.json"):
        read_collections(tmp_path)


def test_of_the_pack_the_training_part_is_read(shared: Path) -> None:
    data = shared / "data"
    for name in ("fddb", "rmfd", "udacity", "mask"):
        photos = pack_photos(data, name)
        assert photos
        assert all(photo.faces.shape[1] == 14 for photo in photos)
        assert all(photo.true == (name == "udacity") for photo in photos)
    assert pack_photos(data / "nothing", "fddb") == []


def test_one_detector_is_too_few(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "refiner-crops", "--data", str(tmp_path), "--teacher", str(tmp_path / "none.onnx")]
    assert main([*command, "--out", str(tmp_path / "out")]) == 1
    assert "two detectors" in capsys.readouterr().err


def test_data_that_measures_nothing_is_refused(shared: Path, tmp_path: Path, capsys: Any) -> None:
    teacher = shared / "data" / "weights" / "scrfd_2.5g_kps.onnx"
    detectors = ["--detector", "retinaface-mobilenet0.25"] * 2
    command = ["train", "refiner-crops", "--data", str(tmp_path / "typo"), "--teacher", str(teacher)]
    assert main([*command, *detectors, "--out", str(tmp_path / "out")]) == 1
    assert "typo: found no evaluation picture" in capsys.readouterr().err


def test_faces_and_false_alarms_are_cut_and_a_second_run_adds_nothing(
    shared: Path, photo: np.ndarray, tmp_path: Path
) -> None:
    pytest.importorskip("torch")
    (tmp_path / "photos" / "people").mkdir(parents=True)
    measured = tmp_path / "lfw_dev" / "images" / "other.jpg"
    measured.parent.mkdir(parents=True)
    cv2.imwrite(str(measured), np.ascontiguousarray(photo[::-1]))
    cv2.imwrite(str(tmp_path / "photos" / "people" / "a.png"), photo)
    weights = shared / "data" / "weights"
    detector = ["--detector", "retinaface-mobilenet0.25", "--detector", "retinaface-mobilenet0.25"]
    command = [
        "train",
        "refiner-crops",
        "--data",
        str(tmp_path),
        "--photos",
        str(tmp_path / "photos"),
        *detector,
    ]
    command += ["--teacher", str(weights / "scrfd_2.5g_kps.onnx"), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    index = tmp_path / "out" / "people.jsonl"
    entries = [json.loads(line) for line in index.read_text().splitlines()]
    (face,) = [entry for entry in entries if entry["face"]]
    assert face["points_by"] == "teacher"
    patch = cv2.imread(str(tmp_path / "out" / face["file"]))
    x1, y1, x2, y2 = face["boxes"][0]
    assert 0 <= x1 < x2 <= patch.shape[1] and 0 <= y1 < y2 <= patch.shape[0]
    assert max(x2 - x1, y2 - y1) <= 80.5
    before = index.stat().st_mtime_ns
    assert main(command) == 0
    assert index.stat().st_mtime_ns == before
