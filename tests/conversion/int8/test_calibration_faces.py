"""Any folder of pictures calibrates a network of any task: faces are found where the task wants them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx")

import tiny_models as tiny

from facecap.conversion.equality import ConversionError
from facecap.conversion.int8.calibration_set import DataOptions, draw
from facecap.errors import FacecapError
from facecap.training.classifier.data import read_split
from facecap.training.mask.class_folders import SPLIT_SEED, ClassFolders

INPUT = {**tiny.INPUT, "width": 32, "height": 32}
MANIFESTS: dict[str, dict[str, Any]] = {
    "face_detection": {},
    "mask": {"classifier": {"crop_border": 0.15}},
    "face_refinement": {"refiner": {"crop_border": 0.3}},
    "face_embedding": {},
    "classification": {"classifier": {"classes": ["cat", "dog"]}},
}


def manifest(task: str) -> dict[str, Any]:
    return {"task": task, "input": INPUT, **MANIFESTS[task]}


def shapes(task: str, data: Path, count: int = 99) -> list[tuple[int, ...]]:
    return [blob.shape for blob in draw(manifest(task), data, count, seed=0).inputs()]


def write(folder: Path, picture: np.ndarray, count: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    return folder


@pytest.mark.parametrize("task", MANIFESTS)
def test_a_plain_folder_calibrates_a_model_of_every_task(tmp_path, photo, task, capsys):
    write(tmp_path, photo, 2)
    (tmp_path / "notes.txt").write_text("")
    found = draw(manifest(task), tmp_path, 99, seed=0)
    assert {blob.shape for blob in found.inputs()} == {(1, 3, 32, 32)}
    assert sum(found.classes.values()) == (4 if task == "face_refinement" else 2)
    assert f"{tmp_path}: not used: 1 file .txt" in capsys.readouterr().err


@pytest.mark.parametrize("task", ["mask", "face_refinement", "face_embedding"])
def test_a_picture_without_a_face_is_named_and_left_out(tmp_path, photo, task, capsys):
    write(tmp_path, photo, 1)
    wall = write(tmp_path / "walls", np.full((80, 80, 3), 90, np.uint8), 1) / "0.png"
    assert len(shapes(task, tmp_path)) == (2 if task == "face_refinement" else 1)
    assert f"left out of calibration: {wall}: no face found" in capsys.readouterr().err


def test_people_calibrate_an_embedder_in_turn_but_those_that_it_is_measured_on(tmp_path, photo, capsys):
    write(tmp_path / "people" / "Ann Lee", photo, 3)
    write(tmp_path / "people" / "Bea", photo, 1)
    known = write(tmp_path / "people" / "Eve_Poe", photo, 2)
    write(tmp_path / "lfw_dev" / "images" / "Eve_Poe", photo, 1)
    for path in known.iterdir():
        path.write_bytes(b"not to be opened")
    assert len(shapes("face_embedding", tmp_path, 2)) == 2
    assert "left out of calibration, for LFW shows them: Eve_Poe" in capsys.readouterr().err
    assert len(shapes("face_embedding", tmp_path)) == 4


def test_class_folders_of_masks_calibrate_with_what_is_learnt_from(tmp_path, photo):
    for name in ("mask", "no_mask"):
        write(tmp_path / "train" / name, photo, 3)
        for path in write(tmp_path / "val" / name, photo, 1).iterdir():
            path.write_bytes(b"not to be opened")
    found = draw(manifest("mask"), tmp_path, 4, seed=0)
    assert found.classes == {"mask": 2, "bare": 2} and len(list(found.inputs())) == 4


def test_named_class_folders_of_masks_calibrate_with_what_is_learnt_from(tmp_path, photo, capsys):
    for name in ("covered", "bare"):
        write(tmp_path / name, photo, 3)
    assert len(shapes("mask", tmp_path)) == 6
    assert "any picture of bare, covered may calibrate; where two" in capsys.readouterr().err
    for item in read_split(tmp_path, SPLIT_SEED, ["covered", "bare"]).val:
        item.path.write_bytes(b"not to be opened")
    options = DataOptions(how=ClassFolders(("covered", "bare")))
    found = draw(manifest("mask"), tmp_path, 99, seed=0, options=options)
    assert found.classes == {"mask": 2, "bare": 2} and len(list(found.inputs())) == 4
    assert "left out" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("task", "classes", "said"),
    [
        ("mask", ("a", "b"), r"found the folders \['bare'\]; wanted those of --classes a b"),
        ("face_embedding", ("covered", "bare"), "--classes covered bare is for models of the tasks mask"),
    ],
)
def test_classes_that_cannot_be_are_refused(tmp_path, photo, task, classes, said):
    write(tmp_path / "bare", photo, 1)
    with pytest.raises(FacecapError, match=said):
        draw(manifest(task), tmp_path, 99, seed=0, options=DataOptions(how=ClassFolders(classes)))


def test_crops_that_show_no_face_are_taken_whole_where_asked(tmp_path):
    write(tmp_path, np.full((64, 64, 3), 90, np.uint8), 2)
    found = draw(manifest("mask"), tmp_path, 99, seed=0, options=DataOptions(how=ClassFolders(whole=True)))
    assert len(list(found.inputs())) == 2


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(ConversionError, match=r"no picture to calibrate with \(.jpg"):
        shapes("mask", tmp_path)
    with pytest.raises(ConversionError, match="no such folder"):
        shapes("face_detection", tmp_path / "absent")
