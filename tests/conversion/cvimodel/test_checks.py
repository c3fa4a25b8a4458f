"""Classifiers and embedders on the simulator, beside the float model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models as tiny
from class_folder import write_class_folder
from mask_folder import write_faces

pytest.importorskip("torch")
pytest.importorskip("onnx")

from facecap.cli import main
from facecap.conversion.cvimodel import check_classes, check_embeddings, check_faces, environment, evaluation
from facecap.conversion.cvimodel.steps import Steps
from facecap.training.mask.class_folders import AS_FOUND, ClassFolders

SIDE = 16


def test_a_classifiers_figures() -> None:
    wanted = np.array([[2, 1, 0], [0, 2, 1], [0, 1, 2], [2, 0, 1]], np.float32)
    found = wanted.copy()
    found[2] = [0, 2, 1]
    labels = np.array([0, 1, 1, 1])
    figures = check_classes.measure(wanted, found, labels)
    assert figures["top-1"] == 0.75  # the third is right by chance
    assert figures["same class"] == 0.75
    assert figures["logit error"] == pytest.approx(np.sqrt(2 / 12))
    assert check_classes.measure(wanted, wanted, labels)["logit error"] == 0


def test_an_embedders_figures() -> None:
    angles = np.radians([0, 10, 90])
    wanted = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    angles[1] = np.radians(50)
    found = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    figures = check_embeddings.measure(wanted, found, same_person=0.7)
    assert figures["lowest cosine"] == pytest.approx(np.cos(np.radians(40)), abs=1e-6)
    assert figures["cosine"] == pytest.approx((2 + np.cos(np.radians(40))) / 3, abs=1e-6)
    # The first two are no longer one person, the last two have become one.
    assert figures["pairs answered alike"] == pytest.approx(1 / 3)


def convert(folder: Path, model: Path) -> dict[str, Any]:
    """Convert by the real toolchain in int8, half a minute; what the report says of the evaluation."""
    if environment.find_toolchain() is None:
        pytest.skip(f"the toolchain's environment is not there: {environment.REMEDY}")
    command = ["convert", "cvimodel", str(model), "--chip", "cv182x", "--data", str(folder / "data")]
    command += ["--count", "8", "--precision", "int8", "--check", "6", "--max-loss", "0.9"]
    command += ["--work", str(folder / "work"), "--out", str(folder / "board.cvimodel")]
    assert main(command) == 0
    found: dict[str, Any] = json.loads((folder / "board-report" / "report.json").read_text())["evaluation"]
    assert found["figures"] is not None, found["problem"]
    assert found["pictures"] == 6
    return found


def test_a_classifier_is_checked_on_pictures_that_were_held_out(tmp_path: Path, cviruntime: Path) -> None:
    write_class_folder(tmp_path / "data" / "train", {"blue": 4, "green": 4, "red": 4})
    write_class_folder(tmp_path / "data" / "val", {"blue": 3, "green": 3, "red": 3}, seed=1)
    data = tiny.classifier(SIDE, columns=3).SerializeToString()
    manifest = tiny.classification_manifest(data, ["blue", "green", "red"], SIDE)
    found = convert(tmp_path, tiny.write(tmp_path, data, manifest))
    assert found["dataset"] == "validation part, 3 classes"
    assert found["loss_of"] == "top-1"
    assert found["figures"]["float"]["same class"] == 1
    assert found["figures"]["int8"]["same class"] >= 5 / 6
    assert 0 < found["figures"]["int8"]["logit error"] < 0.2


def test_an_embedder_is_checked_on_aligned_faces(tmp_path: Path, cviruntime: Path) -> None:
    write_faces(tmp_path / "data", 4, landmarks=True)
    data = tiny.classifier(SIDE, columns=4).SerializeToString()
    found = convert(tmp_path, tiny.write(tmp_path, data, tiny.embedder_manifest(data, 4, SIDE)))
    assert found["loss_of"] == "cosine"
    assert found["figures"]["float"]["cosine"] == pytest.approx(1)
    assert found["figures"]["int8"]["cosine"] > 0.95
    assert found["loss"] == pytest.approx(1 - found["figures"]["int8"]["cosine"], abs=1e-6)


def test_a_classifier_is_checked_on_cifars_records(tmp_path: Path) -> None:
    (tmp_path / "batches.meta.txt").write_text("cat\ndog\n")
    random = np.random.default_rng(3)
    records = [bytes([label]) + random.bytes(3072) for label in (0, 1, 0, 1)]
    (tmp_path / "test_batch.bin").write_bytes(b"".join(records))
    data = tiny.classifier(SIDE, columns=2).SerializeToString()
    model = tiny.write(tmp_path, data, tiny.classification_manifest(data, ["cat", "dog"], SIDE))
    steps = Steps(tmp_path / "steps")
    manifest = json.loads(model.with_suffix(".json").read_text())
    pictures = check_classes.draw_labelled(manifest, tmp_path, 4, AS_FOUND)
    found = check_classes.check_classes(steps, {"float": model}, pictures, lambda text: None)
    assert (found.count, found.dataset) == (4, "validation part, 2 classes")
    assert found.figures is not None and found.figures["float"]["same class"] == 1


MANIFESTS: dict[str, dict[str, Any]] = {
    "mask": {"classifier": {"crop_border": 0.15}},
    "classification": {"name": "tiny", "classifier": {"classes": ["blue", "red"]}},
    "face_embedding": {},
}


def drawn(task: str, data: Path, count: int, how: ClassFolders = AS_FOUND) -> evaluation.Drawn:
    manifest = {"task": task, "input": {"width": SIDE, "height": SIDE}, **MANIFESTS[task]}
    return evaluation.draw_evaluation(manifest, data, count, how)


@pytest.mark.parametrize("lost", ["damaged", "missing"])
@pytest.mark.parametrize("task", MANIFESTS)
def test_another_picture_stands_in_for_one_that_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], task: str, lost: str
) -> None:
    if task == "classification":
        write_class_folder(tmp_path / "train", {"blue": 2, "red": 2})
        write_class_folder(tmp_path / "val", {"blue": 3, "red": 3})
    else:
        write_faces(tmp_path, 4, landmarks=True)
    first = drawn(task, tmp_path, 4).pictures
    path = (first.items if task == "classification" else first)[0].path
    if lost == "missing" and task != "classification":  # a folder lists what is there
        path.unlink()
    else:
        path.write_bytes(b"no picture")
    second = drawn(task, tmp_path, 4).pictures
    chosen = second.items if task == "classification" else second
    assert len(chosen) == 4 and path not in [item.path for item in chosen]
    assert f"skipped {path}" in capsys.readouterr().err


def test_a_mask_classifier_is_checked_on_the_held_out_part_of_class_folders(tmp_path: Path) -> None:
    write_class_folder(tmp_path, {"blue": 8, "red": 8})
    how = ClassFolders(("red", "blue"), whole=True)
    faces = drawn("mask", tmp_path, 2, how).pictures
    assert [(face.masked, face.path.parent.name) for face in faces] == [(False, "blue"), (True, "red")]
    model = tiny.write_mask(tmp_path, side=SIDE)
    found = check_faces.check_faces(Steps(tmp_path / "steps"), {"float": model}, faces, lambda text: None)
    assert found.count == 2 and found.figures is not None and found.figures["float"]["sign agreement"] == 1


def test_people_cannot_check_an_embedder(tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    assert (
        "an embedder is checked on labelled faces with landmarks"
        in drawn("face_embedding", tmp_path, 4).problem
    )


def test_classes_that_are_not_the_models_are_said_before_any_work(tmp_path: Path) -> None:
    write_class_folder(tmp_path, {"blue": 2, "green": 2})
    problem = drawn("classification", tmp_path, 4).problem
    assert "and tiny differ by classes: 'green' is no class of the model" in problem
