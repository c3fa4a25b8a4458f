"""Masked and bare faces in two folders of pictures: which are found, which are taken whole, what is said."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import cv2
import numpy as np
import pytest

from facecap.errors import FacecapError
from facecap.training.mask.class_folders import ClassFolders, FaceFinder, from_options, read_labelled

FIND = ClassFolders(whole=False)


@pytest.fixture(scope="module")
def scene(photo) -> np.ndarray:
    """A small face in a large picture."""
    canvas = np.full((700, 700, 3), 90, np.uint8)
    canvas[200:500, 250:506] = cv2.resize(photo, (256, 300))
    return canvas


@pytest.fixture(scope="module")
def crop(photo) -> np.ndarray:
    """A face that fills its picture."""
    found = FaceFinder().largest(np.ascontiguousarray(photo[..., ::-1]))
    assert found is not None
    x1, y1, x2, y2 = (int(v) for v in found.box)
    wide, high = (x2 - x1) // 8, (y2 - y1) // 8
    return cv2.resize(photo[y1 - high : y2 + high, x1 - wide : x2 + wide], (160, 180))


def write(folder: Path, *pictures: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(folder / f"{number}.png"), picture)


def test_the_face_of_a_photograph_is_found_and_a_picture_without_one_counted(tmp_path, scene, capsys):
    for part, count in (("train", 2), ("val", 1)):
        for name in ("mask", "no_mask"):
            write(tmp_path / part / name, *[scene] * count)
    cv2.imwrite(str(tmp_path / "train" / "mask" / "wall.png"), np.full((300, 300, 3), 90, np.uint8))
    faces = read_labelled(tmp_path, "train")
    assert [face.masked for face in faces] == [True, True, False, False]
    assert all(face.landmarks is not None and face.box is not None for face in faces)
    x1, y1, x2, y2 = faces[0].box
    assert 250 < x1 < x2 < 506 and 200 < y1 < y2 < 500
    said = capsys.readouterr().err
    assert "which fills 0 of them: photographs, the largest face of each taken" in said
    assert f"{tmp_path}, train: a face found in 4 of 5 pictures, 1 left out" in said
    assert len(read_labelled(tmp_path, "val")) == 2
    assert read_labelled(tmp_path, "calib") == []


def test_face_crops_are_taken_whole(tmp_path, crop, capsys):
    blurred = cv2.GaussianBlur(crop, (0, 0), 30)  # nothing is found in it
    for name in ("with_mask", "without_mask"):
        write(tmp_path / name, crop, crop, crop, blurred)
    train, val = read_labelled(tmp_path, "train"), read_labelled(tmp_path, "val")
    assert len(train) == 6 and len(val) == 2, "one of each class is held out"
    assert all(face.box is None for face in train + val)
    said = capsys.readouterr().err
    assert "face crops, each taken whole" in said and "taken whole, without landmarks" in said
    found = read_labelled(tmp_path, "train", FIND) + read_labelled(tmp_path, "val", FIND)
    assert len(found) == 6 and all(face.box is not None for face in found)


def test_the_held_out_part_is_the_same_each_time_and_apart(tmp_path):
    for name in ("mask", "no_mask"):
        write(tmp_path / name, *np.zeros((20, 32, 32, 3), np.uint8))
    whole = ClassFolders(whole=True)
    train, val = ([face.path for face in read_labelled(tmp_path, part, whole)] for part in ("train", "val"))
    assert (len(train), len(val)) == (34, 6)
    assert set(train).isdisjoint(val)
    assert [face.path for face in read_labelled(tmp_path, "val", whole)] == val


def test_classes_of_other_names_are_given_masked_first(tmp_path, capsys):
    for name in ("bare", "covered", "validation_preprocess"):
        write(tmp_path / name, *np.zeros((3, 32, 32, 3), np.uint8))
    how = ClassFolders(("covered", "bare"), whole=True)
    faces = read_labelled(tmp_path, "train", how)
    assert {face.path.parent.name: face.masked for face in faces} == {"covered": True, "bare": False}
    assert "not used: the folder validation_preprocess/ with 3 files" in capsys.readouterr().err
    assert how.options() == " --classes covered bare --faces whole"
    with pytest.raises(
        FacecapError, match=r"found the folders \['bare', 'covered', .* wanted .* --classes a b"
    ):
        read_labelled(tmp_path, "train", ClassFolders(("a", "b")))
    with pytest.raises(FacecapError, match="two class folders, mask/ and no_mask/ or those of --classes"):
        read_labelled(tmp_path, "train")


def test_options_of_class_folders_are_refused_for_an_index(tmp_path):
    (tmp_path / "mask").mkdir()
    (tmp_path / "mask" / "index.csv").write_text("file,label,group,split,x1,y1,x2,y2\n")
    with pytest.raises(FacecapError, match=r"--faces find is for two class folders; .* has mask/index.csv"):
        read_labelled(tmp_path, "train", FIND)


def test_each_picture_is_looked_at_once_however_often_a_part_is_read(tmp_path, scene, capsys):
    for name in ("mask", "no_mask"):
        write(tmp_path / name, scene, scene)
    assert [face.path for face in read_labelled(tmp_path, "val", FIND)] == [
        face.path for face in read_labelled(tmp_path, "val", FIND)
    ]
    assert capsys.readouterr().err.count(f"{tmp_path}, val: a face found in 2 of 2 pictures") == 1


def test_folders_without_a_face_are_refused(tmp_path):
    for name in ("mask", "no_mask"):
        write(tmp_path / name, *np.full((3, 64, 64, 3), 90, np.uint8))
    with pytest.raises(FacecapError, match="no face in the 4 pictures of the part train"):
        read_labelled(tmp_path, "train", FIND)


def test_one_name_for_both_classes_is_refused():
    with pytest.raises(FacecapError, match="--classes a a: wanted two names"):
        from_options(Namespace(classes=["a", "a"], faces="auto"))
