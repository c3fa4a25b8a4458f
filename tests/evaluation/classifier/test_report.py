"""`facecap eval classifier`: the figures, the classes of folder and model, and mask models."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import tiny_models as tiny
from class_folder import COLOURS, write_class_folder
from onnx import helper

from facecap.cli import main


def colour_model(classes, side=16, channels="rgb", batch="n"):
    """Logits are the means of the planes, so that each class is its colour."""
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w"], ["y"]),
    ]
    weights = np.zeros((3, len(classes)), np.float32)
    for column, name in enumerate(classes):
        weights[:, column] = np.array(COLOURS[name])[:: 1 if channels == "bgr" else -1] / 255
    shapes = [tiny.info("x", [batch, 3, side, side])], [tiny.info("y", [batch, len(classes)])]
    data = tiny.model(nodes, *shapes, [tiny.constant("w", weights)]).SerializeToString()
    manifest = tiny.classification_manifest(data, classes, side)
    manifest["input"] = {**manifest["input"], "color": channels}
    return data, manifest


@pytest.fixture
def data(tmp_path):
    return write_class_folder(tmp_path / "data" / "val", {"blue": 3, "green": 4, "red": 5}).parent


def figures(capsys, data, *models):
    options = [option for model in models for option in ("--model", str(model))]
    assert main(["eval", "classifier", "--data", str(data), *options, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("channels", ["rgb", "bgr"])
@pytest.mark.parametrize("batch", ["n", 1, 5])
def test_preprocessing_batch_and_class_order_come_from_the_model(tmp_path, capsys, data, channels, batch):
    model = tiny.write(tmp_path, *colour_model(["red", "blue", "green"], channels=channels, batch=batch))
    (found,) = figures(capsys, data, model)
    assert found["pictures"] == 12
    assert found["top-1"] == 1.0
    assert "top-5" not in found
    assert found["top-1 by class"] == {"red": 1.0, "blue": 1.0, "green": 1.0}


def test_several_models_make_one_table(tmp_path, capsys, data):
    right = tiny.write(tmp_path, *colour_model(["red", "blue", "green"]), stem="right")
    raw, manifest = colour_model(["red", "blue", "green"])
    manifest["classifier"]["classes"] = ["blue", "red", "green"]
    swapped = tiny.write(tmp_path, raw, manifest, stem="swapped")
    command = ["eval", "classifier", "--data", str(data), "--model", str(right), "--model", str(swapped)]
    assert main(command) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["model", "pictures", "top-1", "top-5"]
    assert lines[1] == [str(right), "12", "1.0000", "-"]
    assert lines[2] == [str(swapped), "12", f"{4 / 12:.4f}", "-"]


def test_a_damaged_picture_is_named_and_left_out(tmp_path, capsys, data):
    broken = data / "val" / "red" / "00.png"
    broken.write_bytes(broken.read_bytes()[:300])
    model = tiny.write(tmp_path, *colour_model(["red", "blue", "green"]))
    assert main(["eval", "classifier", "--data", str(data), "--model", str(model), "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["pictures"] == 11
    assert f"skipped {broken}" in err


def test_other_classes_are_refused_by_name(tmp_path, capsys, data):
    raw, manifest = colour_model(["red", "blue", "green"])
    manifest["classifier"]["classes"] = ["red", "blue", "yellow"]
    model = tiny.write(tmp_path, raw, manifest)
    assert main(["eval", "classifier", "--data", str(data), "--model", str(model)]) == 1
    error = capsys.readouterr().err
    assert "'green' is no class of the model; the model's 'yellow' has no folder" in error


def test_results_and_the_curve_of_the_classes_are_written(tmp_path, data):
    model = tiny.write(tmp_path, *colour_model(["red", "blue", "green"]))
    out = tmp_path / "out"
    assert main(["eval", "classifier", "--data", str(data), "--model", str(model), "--out", str(out)]) == 0
    (found,) = json.loads((out / "classifier.json").read_text())["models"]
    assert found["model"] == str(model) and set(found["top-1 by class"]) == {"blue", "green", "red"}
    assert (out / "classifier.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((out / "classifier.csv").read_text().splitlines()))
    assert len(rows) == found["pictures"]
    assert {row["picture"].split("/")[0] == row["label"] for row in rows} == {True}
    right = [row["answer"] == row["label"] for row in rows]
    assert right == [row["rank"] == "1" for row in rows]
    assert sum(right) / len(rows) == pytest.approx(found["top-1"])


def test_of_equal_logits_the_rows_answer_as_the_figures_count(tmp_path, data, monkeypatch):
    for name in ("red", "blue", "green"):
        monkeypatch.setitem(COLOURS, name, (0, 0, 0))  # all logits are 0
    model = tiny.write(tmp_path, *colour_model(["red", "blue", "green"]))
    out = tmp_path / "out"
    assert main(["eval", "classifier", "--data", str(data), "--model", str(model), "--out", str(out)]) == 0
    rows = list(csv.DictReader((out / "classifier.csv").read_text().splitlines()))
    assert [row["answer"] == row["label"] for row in rows] == [row["rank"] == "1" for row in rows]


def test_a_mask_classifier_answers_for_two_folders(tmp_path, capsys):
    write_class_folder(tmp_path / "data", {"green": 4, "red": 4})
    (tmp_path / "data" / "green").rename(tmp_path / "data" / "no_mask")
    (tmp_path / "data" / "red").rename(tmp_path / "data" / "mask")
    nodes = [
        helper.make_node("GlobalAveragePool", ["x"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "w"], ["y"]),
    ]
    column = tiny.constant("w", [[1.0], [-1.0], [0.0]])
    shapes = [tiny.info("x", ["n", 3, 16, 16])], [tiny.info("y", ["n", 1])]
    raw = tiny.model(nodes, *shapes, [column]).SerializeToString()
    model = tiny.write(tmp_path, raw, tiny.mask_manifest(raw, 16))
    (found,) = figures(capsys, tmp_path / "data", model)
    assert found["top-1"] == 1.0


def test_a_model_of_another_task_is_refused(tmp_path, capsys, data):
    raw = tiny.classifier().SerializeToString()
    model = tiny.write(tmp_path, raw, tiny.embedder_manifest(raw, 1))
    assert main(["eval", "classifier", "--data", str(data), "--model", str(model)]) == 1
    assert "a model of the task face_embedding, wanted classification or mask" in capsys.readouterr().err


def test_numbers_of_a_list_are_the_outputs_of_the_model(tmp_path, capsys):
    folder = write_class_folder(tmp_path / "data" / "val", {"blue": 1, "red": 1})
    for name in ("blue", "red"):
        (folder / name / "00.png").rename(folder / f"{name}.png")
        (folder / name).rmdir()
    labels = tmp_path / "data" / "val_label.txt"
    labels.write_text("blue.png 1\nred.png 0\n")
    model = tiny.write(tmp_path, *colour_model(["red", "blue", "green"]))
    (found,) = figures(capsys, tmp_path / "data", model)
    assert found["pictures"] == 2 and found["top-1"] == 1.0
    labels.write_text("blue.png 3\n")
    assert main(["eval", "classifier", "--data", str(tmp_path / "data"), "--model", str(model)]) == 1
    assert "a picture has the label 3" in capsys.readouterr().err
