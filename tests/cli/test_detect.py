"""`facecap detect` on pictures and folders."""

from __future__ import annotations

import csv
import io
import json

import cv2
import pytest
import scripted

from .conftest import FACE


def test_faces_of_a_picture_as_json(facecap, models, face_png):
    done = facecap("detect", face_png, "--json", "--mask", *models)
    assert done.returncode == 0, done.stderr
    (picture,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert (picture["file"], picture["width"], picture["height"]) == (str(face_png), 1920, 1080)
    (face,) = picture["faces"]
    center = [scripted.CELL * (cell + 0.5) for cell in FACE]
    assert face["box"] == pytest.approx(
        [center[0] - 100, center[1] - 100, center[0] + 100, center[1] + 100], abs=0.5
    )
    assert face["score"] > 0.9
    assert face["quality"] == pytest.approx(1.358, abs=0.01)
    assert set(face["pose"]) == {"yaw", "pitch", "roll"}
    assert face["mask"] in ("mask", "no_mask", "unknown")


def test_a_mask_worn_wrongly_is_said_with_its_own_probability(facecap, models, tmp_path):
    picture = tmp_path / "picture.png"
    cv2.imwrite(str(picture), scripted.frame((20, 20), mask="incorrect"))
    options = [*models, "--classifier", scripted.mask_classifier(tmp_path, incorrect=True), "--mask"]
    [face] = json.loads(facecap("detect", picture, "--json", *options).stdout)["faces"]
    assert face["mask"] == "incorrect" and face["mask_prob"] < 0.1
    done = facecap("detect", picture, "--annotate", tmp_path / "drawn", *options)
    assert f"incorrect {face['incorrect_prob']:.2f}" in done.stdout
    assert (tmp_path / "drawn" / "picture.png").exists()


def test_what_the_refiner_calls_no_face_gets_no_mask_answer(facecap, models, face_png, tmp_path):
    refiner = scripted.refiner(tmp_path, face=-4)
    drawn = tmp_path / "drawn"
    asked = ["detect", face_png, "--mask", *models[:4], "--refiner", refiner, "--annotate", drawn]
    (face,) = json.loads(facecap(*asked, "--json").stdout)["faces"]
    assert face["not_a_face"] and face["face_prob"] == pytest.approx(0.018, abs=1e-3)
    assert (face["mask"], face["mask_prob"]) == ("unknown", None)
    assert "not a face 0.02" in facecap(*asked).stdout
    assert (drawn / "face.png").is_file()


def test_a_damaged_picture_is_said_and_the_others_are_done(facecap, models, face_png, tmp_path):
    (tmp_path / "1.png").write_bytes(face_png.read_bytes()[:3000])
    (tmp_path / "2.png").write_bytes(face_png.read_bytes())
    done = facecap("detect", tmp_path, "--json", *models)
    assert done.returncode == 1
    damaged, whole = [json.loads(line) for line in done.stdout.splitlines()]
    assert "cut short" in damaged["error"] and damaged["file"].endswith("1.png")
    assert len(whole["faces"]) == 1
    assert "left out" in done.stderr


def test_annotated_pictures(facecap, models, face_png, tmp_path):
    done = facecap("detect", face_png, "--annotate", tmp_path / "drawn", *models)
    assert done.returncode == 0
    assert "1 face\n" in done.stdout
    drawn, plain = cv2.imread(str(tmp_path / "drawn" / "face.png")), cv2.imread(str(face_png))
    assert drawn.shape == plain.shape and (drawn != plain).any()


def test_a_missing_picture_ends_with_1(facecap, models):
    done = facecap("detect", "nowhere.jpg", *models)
    assert done.returncode == 1
    assert "nowhere.jpg: it cannot be read: No such file or directory" in done.stderr


def test_a_table_has_a_row_a_face_and_one_for_a_picture_without(facecap, models, face_png, tmp_path):
    cv2.imwrite(str(tmp_path / "nobody.png"), scripted.frame())
    done = facecap("detect", face_png, tmp_path / "nobody.png", "--format", "csv", "--mask", *models)
    assert done.returncode == 0, done.stderr
    face, nobody = csv.DictReader(io.StringIO(done.stdout))
    (wanted,) = json.loads(facecap("detect", face_png, "--json", "--mask", *models).stdout)["faces"]
    assert [float(face[key]) for key in ("x1", "y1", "x2", "y2")] == wanted["box"]
    assert [float(face["nose_x"]), float(face["nose_y"])] == wanted["landmarks"][2]
    assert (face["face"], face["mask"], face["face_prob"]) == ("1", wanted["mask"], "")
    assert nobody["file"].endswith("nobody.png") and nobody["face"] == nobody["score"] == ""


def test_pictures_of_a_list(facecap, models, face_png, tmp_path):
    """Names and folders, a line each; `-` is standard input."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "1.png").write_bytes(face_png.read_bytes())
    text = f"{face_png}\n\n{tmp_path / 'folder'}\n"
    (tmp_path / "list.txt").write_text(text)
    done = facecap("detect", "--list", tmp_path / "list.txt", *models)
    assert done.stdout.count(": 1 face\n") == 2, done.stderr
    assert facecap("detect", "--list", "-", *models, input=text).stdout == done.stdout
    (tmp_path / "list.txt").write_text(text, encoding="utf-8-sig")  # as some editors do
    assert facecap("detect", "--list", tmp_path / "list.txt", *models).stdout == done.stdout


def test_a_line_of_a_list_with_a_nul_byte_is_named_and_the_others_are_done(facecap, models, face_png):
    done = facecap("detect", "--list", "-", *models, input=f"a\0b\n{face_png}\n")
    assert done.returncode == 1
    assert "left out a\0b: it cannot be read: no file has such a name" in done.stderr
    assert done.stdout == facecap("detect", face_png, *models).stdout


def test_a_list_of_names_separated_by_nul_bytes_is_refused(facecap, models, face_png, tmp_path):
    """As `find -print0` writes it."""
    (tmp_path / "list").write_text(f"{face_png}\0{face_png}\0")
    done = facecap("detect", "--list", tmp_path / "list", *models)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{tmp_path / 'list'}: found names separated by NUL bytes, wanted one a line" in done.stderr


def test_no_more_pictures_and_faces_than_wanted(facecap, models, visit, tmp_path):
    done = facecap("detect", visit, "--max-images", 2, *models)
    assert done.stdout.count(": 1 face\n") == 2
    assert "the first 2 of 40 pictures (--max-images)" in done.stderr
    two = tmp_path / "two.png"
    cv2.imwrite(str(two), scripted.frame(FACE, (60, 30)))
    assert ": 2 faces\n" in facecap("detect", two, *models).stdout
    assert ": 1 face\n" in facecap("detect", two, "--max-faces", 1, *models).stdout


def test_how_much_faces_may_overlap_is_asked_for(facecap, models, tmp_path):
    near = tmp_path / "near.png"
    cv2.imwrite(str(near), scripted.frame(FACE, (FACE[0] + 3, FACE[1])))  # of 200 pixels, 72 apart
    assert ": 1 face\n" in facecap("detect", near, *models).stdout
    assert ": 2 faces\n" in facecap("detect", near, "--nms-iou", 0.9, *models).stdout
    done = facecap("detect", near, "--nms-iou", 2, *models)
    assert done.returncode == 2
    assert "nms_iou is 2.0, wanted 0 to 1" in done.stderr


def test_annotated_pictures_of_one_name_are_all_kept(facecap, models, face_png, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "face.png").write_bytes(face_png.read_bytes())
    facecap("detect", tmp_path / "a", tmp_path / "b", "--annotate", tmp_path / "drawn", *models)
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["face-2.png", "face.png"]
