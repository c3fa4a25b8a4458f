"""Faces cut out of photographs: how they are labelled, kept apart and read again."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from face_folder import write_face_folder

from facecap import Detector
from facecap.cli import main
from facecap.demo.portrait import photograph
from facecap.testing import classifier_model
from facecap.testing._onnx import model, node, weights
from facecap.training.mask import photo_faces
from facecap.training.mask.data import load_patch, read_more
from facecap.training.mask.draw import draw_mask
from facecap.training.run import TrainingError

VOC = """<annotation><object><name>{name}</name><bndbox>
<xmin>{0}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax></bndbox></object></annotation>"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_face_folder(tmp_path / "data", faces=1)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """The same portrait in colour and mirrored, another brightness, and a file that is no picture."""
    folder = tmp_path / "photos"
    folder.mkdir()
    image = photograph()
    cv2.imwrite(str(folder / "a.jpg"), image)
    cv2.imwrite(str(folder / "b.jpg"), np.asarray(image * 0.8, np.uint8))
    cv2.imwrite(str(folder / "c_jpg.rf.1.jpg"), np.ascontiguousarray(image[:, ::-1]))
    cv2.imwrite(str(folder / "c_jpg.rf.2.jpg"), image)
    (folder / "d.jpg").write_bytes(b"nothing")
    return folder


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "index.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_faces_are_labelled_by_the_boxes_around_them(
    photos: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boxes = tmp_path / "boxes"
    boxes.mkdir()
    face_box = Detector().detect(photograph()).boxes[0].tolist()
    (boxes / "a.xml").write_text(VOC.format(*face_box, name="mask"))
    (boxes / "b.xml").write_text(VOC.format(0, 0, 3, 3, name="mask"))
    out = tmp_path / "faces"
    given = ["--photos", str(photos), "--data", str(data), "--boxes", str(boxes), "--out", str(out)]
    assert main(["train", "mask-faces", *given]) == 0
    assert "near copies of 20 evaluation pictures are left out" in capsys.readouterr().err
    [face] = rows(out)
    assert (face["label"], face["source_file"]) == ("with_mask", "a.jpg")
    (out / "index.csv").write_text("corrected by hand")
    assert main(["train", "mask-faces", *given]) == 1
    assert "faces holds faces already" in capsys.readouterr().err
    assert (out / "index.csv").read_text() == "corrected by hand"


def test_near_copies_stay_on_one_side_and_one_version_is_taken(
    photos: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "faces"
    counts = photo_faces.write_faces(photos, out, data, photo_faces.always("without_mask"))
    found = rows(out)
    assert counts["without_mask"] == len(found) == 3
    assert "d.jpg: not a picture" in capsys.readouterr().err
    assert found[0]["group"] == found[1]["group"]
    assert found[0]["split"] == found[1]["split"]
    assert [row["source_file"] for row in found] == ["a.jpg", "b.jpg", "c_jpg.rf.1.jpg"]
    faces = read_more([out], found[0]["split"])[out.name]
    patch = load_patch(faces[0])
    assert patch is not None and patch.landmarks is not None
    assert patch.box[0] < patch.landmarks[:, 0].min() < patch.landmarks[:, 0].max() < patch.box[2]


def test_near_copies_of_evaluation_pictures_are_left_out(
    photos: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cv2.imwrite(str(data / "mask" / "with_mask" / "val_0.png"), photograph())
    given = ["--photos", str(photos), "--data", str(data), "--incorrect", "--out", str(tmp_path / "faces")]
    assert main(["train", "mask-faces", *given]) == 1
    assert "no face of 4 pictures could be labelled" in capsys.readouterr().err


def test_data_that_measures_nothing_is_refused(
    photos: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--photos", str(photos), "--incorrect", "--out", str(tmp_path / "faces")]
    assert main(["train", "mask-faces", *given, "--data", str(tmp_path / "typo")]) == 1
    assert "typo: found no evaluation picture" in capsys.readouterr().err
    (data / "mask" / "index.csv").write_text("file,label\na.png,with_mask\n")
    assert main(["train", "mask-faces", *given, "--data", str(data)]) == 1
    assert "not in the expected form: KeyError('split')" in capsys.readouterr().err


def second_network(masked: float, bare: float) -> bytes:
    """Answers every picture with these scores of a mask and of none, in three places."""
    nodes = [node("ReduceMean", ["image"], "rows", axes=[3], keepdims=0)]
    nodes += [node("MatMul", ["rows", "no_place"], "loc"), node("MatMul", ["rows", "nothing"], "no_score")]
    nodes.append(node("Add", ["no_score", "scores"], "cls"))
    values = {"no_place": np.zeros((260, 4)), "nothing": np.zeros((260, 2)), "scores": [masked, bare]}
    shapes = {"loc": ["n", 3, 4], "cls": ["n", 3, 2]}
    return model(nodes, {"image": ["n", 3, 260, 260]}, shapes, [weights(*pair) for pair in values.items()])


@pytest.mark.parametrize(("scores", "label"), [((0.9, 0.2), None), ((0.2, 0.9), "without_mask")])
def test_a_face_is_not_bare_where_both_networks_see_a_mask(
    scores: tuple[float, float], label: str | None, tmp_path: Path
) -> None:
    pytest.importorskip("onnx")
    path = tmp_path / "second.onnx"
    path.write_bytes(second_network(*scores))
    image = photograph()
    found = Detector().detect(image)
    draw_mask(image, found.landmarks[0], np.random.default_rng(0))
    assert photo_faces.bare_unless(path)(path, image, found.boxes[:1]) == [label]


def test_a_second_network_that_is_none_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    with pytest.raises(TrainingError, match=r"--bare-unless .*typo\.onnx: not a readable ONNX file"):
        photo_faces.bare_unless(tmp_path / "typo.onnx")
    other = classifier_model().write(tmp_path)
    with pytest.raises(TrainingError, match="wanted the detector of AIZOOTech/FaceMaskDetection"):
        photo_faces.bare_unless(other)


def test_bare_faces_stay_where_the_default_classifier_is_sure(photos: Path, data: Path, shared: Path) -> None:
    labels = photo_faces.bare_unless(shared / "data/weights/aizoo_260.onnx")
    image = photograph()
    height, width = image.shape[:2]
    assert labels(photos / "a.jpg", image, np.array([[0, 0, width, height]], np.float32)) == ["without_mask"]
