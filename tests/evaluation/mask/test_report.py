import csv
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import scripted
from face_folder import write_face_folder

import facecap
from facecap.cli import main
from facecap.evaluation.mask.answers import Answers, answer, measure, pool, unknown_band
from facecap.evaluation.mask.conditions import by_condition
from facecap.evaluation.mask.report import ONCE
from facecap.evaluation.mask.sets import MaskSet, View, read_sets
from facecap.evaluation.mask.sheet import contact_sheet
from facecap.testing import classifier_model

BAND = (0.4, 0.6)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_face_folder(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return scripted.mask_classifier(tmp_path_factory.mktemp("models"))


def answers(chance: list[float], masked: list[bool], views: tuple[View, ...] = ()) -> Answers:
    crops = np.zeros((len(chance), 112, 112, 3), np.uint8)
    part = MaskSet("mask", "val", crops, np.array(masked), [""] * len(chance), views)
    return Answers(part, np.array(chance))


def test_figures_by_hand():
    figures = measure(answers([0.9, 0.55, 0.3, 0.45, 0.5], [True, True, True, False, False]), BAND)
    assert figures["faces"] == 5
    assert figures["accuracy"] == pytest.approx(3 / 5)  # 0.3 is a missed mask, 0.5 is called one
    assert figures["masked called masked"] == pytest.approx(2 / 3)
    assert figures["bare called bare"] == pytest.approx(1 / 2)
    assert figures["unknown"] == pytest.approx(3 / 5)
    assert figures["accuracy where known"] == pytest.approx(1 / 2)
    assert figures["confusion"]["0.5"]["bare_called_mask"] == 1
    assert 0 < figures["AP"] <= 1


def test_a_set_of_one_label_has_no_ranking_figures():
    figures = measure(answers([0.1, 0.2], [False, False]), BAND)
    assert figures["bare called bare"] == 1
    assert "AP" not in figures
    assert "masked called masked" not in figures


def test_the_sets_are_the_same_in_every_run(data):
    first, second = read_sets(data, "val"), read_sets(data, "val")
    assert [part.name for part in first] == ["mask", "fddb", "fddb tight", "hard"]
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.crops, other.crops)


def test_masks_worn_wrongly_are_counted_apart_and_further_faces_are_a_set(data, model, tmp_path, capsys):
    more = tmp_path / "hands"
    shutil.copytree(data / "mask", more)
    index = more / "index.csv"
    index.write_text(
        index.read_text().replace("with_mask/val_0.png,with_mask", "with_mask/val_0.png,incorrect")
    )
    assert (
        main(["eval", "mask", "--data", str(data), "--model", str(model), "--more", str(more), "--json"]) == 0
    )
    report = json.loads(capsys.readouterr().out)
    assert report["sets"]["hands"]["faces"] == 7
    worn = report["worn wrongly"]
    assert {name: entry["faces"] for name, entry in worn.items()} == {
        "below nose": 8,
        "at chin": 8,
        "hands": 1,
    }
    for entry in worn.values():
        assert sum(share for name, share in entry.items() if name != "faces") == pytest.approx(1)
    assert report["sets"]["plain"]["faces"] == 12


@pytest.mark.parametrize("name", ["hard", "occluded", "plain", "fddb tight", "below nose", "at chin"])
def test_a_further_folder_with_the_name_of_a_set_is_refused(data, model, tmp_path, capsys, name):
    more = tmp_path / name
    more.mkdir()
    (more / "index.csv").write_text("file,label,group,split,x1,y1,x2,y2\n")
    command = ["eval", "mask", "--data", str(data), "--model", str(model), "--more", str(more)]
    assert main(command) == 1
    assert f"{more}: the name '{name}' is that of a set of --data; rename" in capsys.readouterr().err


def test_probabilities_are_those_of_the_production_classifier(data, model):
    classifier = facecap.MaskClassifier(model)
    assert unknown_band(classifier) == (0.45, 0.55)
    part = read_sets(data, "val")[0]
    [entry] = answer(classifier, [part])
    assert entry.probabilities == pytest.approx(classifier.predict(part.crops, color="rgb"))


def test_the_command_prints_a_table_or_json(data, model, tmp_path, capsys):
    options = ["eval", "mask", "--data", str(data), "--model", str(model)]
    assert main([*options, "--sheet", str(tmp_path / "sheet.png")]) == 0
    table = capsys.readouterr().out
    assert "bare called bare" in table
    assert "strictly between 0.45 and 0.55" in table
    assert cv2.imread(str(tmp_path / "sheet.png")) is not None
    assert main([*options, "--json", "--split", "calib"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["sets"]["mask"]["faces"] == 8
    assert report["unknown"] == [0.45, 0.55]


def test_the_worst_error_comes_first_on_the_sheet():
    entry = answers([0.2, 0.9], [False, False])
    entry.part.crops[1] = 255
    decoded = cv2.imdecode(np.frombuffer(contact_sheet([entry]), np.uint8), cv2.IMREAD_COLOR)
    assert decoded[50, 50].tolist() == [255, 255, 255]
    assert decoded[50, 144 + 50].tolist() == [0, 0, 0]


def test_a_folder_without_data_ends_with_what_was_found(model, tmp_path, capsys):
    assert main(["eval", "mask", "--data", str(tmp_path), "--model", str(model)]) == 1
    assert "no mask/index.csv" in capsys.readouterr().err


def test_a_split_whose_pictures_are_all_damaged_is_said(model, tmp_path, capsys):
    data = write_face_folder(tmp_path)
    for path in data.rglob("val_*.png"):
        path.write_bytes(b"nothing")
    assert main(["eval", "mask", "--data", str(data), "--model", str(model)]) == 1
    assert "the set 'mask' of the split 'val' has no picture that can be used" in capsys.readouterr().err


def test_conditions_split_the_faces():
    views = (View(20, 0.0), View(50, -35.0), View(50, float("nan")))
    plain = answers([0.9, 0.9, 0.1], [True, False, False], views)
    hidden = answers([0.8, 0.3], [False, False], (View(50, 0, "hand", 0.6), View(50, 0, "dark")))
    rows = {(row["condition"], row["bin"]): row for row in by_condition(plain, [hidden], BAND)}
    assert rows["size", "below 24 px"]["faces"] == 1
    assert rows["size", "40 to 64"]["bare called mask"] == 0.5
    assert rows["size", "40 to 64"]["mask called bare"] is None
    assert rows["yaw", "30 to 45"]["bare called mask"] == 1
    assert rows["yaw", "not known"]["accuracy"] == 1
    assert rows["light", "below 50 of 255"]["faces"] == 3
    assert rows["mask", "hand"]["accuracy"] == 0
    assert rows["mask, covered", "50 to 75"]["faces"] == 1
    assert sum(row["faces"] for (condition, _), row in rows.items() if condition == "yaw") == 3
    assert sum(row["faces"] for (condition, _), row in rows.items() if condition == "mask") == 2


def test_several_sets_are_measured_as_one():
    parts = [answers([0.9], [True]), answers([0.2, 0.7], [False, False], (View(10), View(20)))]
    whole = pool(parts, "plain")
    assert measure(whole, BAND)["accuracy"] == pytest.approx(2 / 3)
    assert [view.size for view in whole.part.views[1:]] == [10, 20]


def test_views_show_how_the_faces_of_a_set_are_seen(data):
    sets = {part.name: part for part in read_sets(data, "val")}
    assert {view.size for view in sets["mask"].views} == {68}
    assert all(abs(view.yaw) < 5 for view in sets["mask"].views)
    hard = sets["hard"].views
    assert len(hard) == len(sets["hard"].crops) == 12
    assert {view.kind for view in hard} <= {"hand", "object", "cover", "beard", "dark", "tiny"}
    assert all(view.size < 23 for view in hard if view.kind == "tiny")
    shown = [view.covered for view in hard if view.kind in ("hand", "object", "cover", "beard")]
    assert shown
    assert all(0 <= share <= 1 for share in shown)


def test_faces_from_the_side_are_hard_ones(tmp_path):
    folder = write_face_folder(tmp_path)
    index = folder / "mask" / "index.csv"
    with index.open(newline="") as stream:
        rows = list(csv.reader(stream))
    nose = rows[0].index("lm2x")
    turned = [row for row in rows if row[3] == "val" and row[1] == "with_mask"]
    for row in turned:
        row[nose] = "75.0"
    with index.open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    hard = next(part for part in read_sets(folder, "val") if part.name == "hard")
    side = [place for place, view in enumerate(hard.views) if view.kind == "side"]
    assert len(side) == len(turned)
    assert hard.masked[side].all()


def test_models_side_by_side_leave_results_curves_and_sheets(data, tmp_path, capsys):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    models = [scripted.mask_classifier(tmp_path / name) for name in ("one", "two")]
    options = ["eval", "mask", "--data", str(data), "--out", str(tmp_path / "out")]
    for model in models:
        options += ["--model", str(model)]
    assert main(options) == 0
    table = capsys.readouterr().out
    assert f"one/{models[0].name}" in table
    assert f"two/{models[1].name}" in table
    report = json.loads((tmp_path / "out" / "mask.json").read_text())
    assert [entry["model"] for entry in report["models"]] == [str(model) for model in models]
    assert report["models"][0]["sets"]["plain"]["faces"] == 12
    assert cv2.imread(str(tmp_path / "out" / "mask.png")) is not None
    assert len(list((tmp_path / "out").glob("worst_*.png"))) == 2
    rows = list(csv.DictReader((tmp_path / "out" / "mask.csv").read_text().splitlines()))
    assert list(rows[0]) == ["model", "set", "picture", "label", "answer", "score", "incorrect_score"]
    for entry in report["models"]:
        plain = [row for row in rows if row["model"] == entry["model"] and row["set"] in ONCE]
        assert len(plain) == entry["sets"]["plain"]["faces"]
        right = [row for row in plain if (float(row["score"]) >= 0.5) == (row["label"] == "mask")]
        assert len(right) / len(plain) == pytest.approx(entry["sets"]["plain"]["accuracy"])
        assert {row["answer"] for row in plain} <= {"mask", "no_mask", "unknown"}


def test_a_model_of_three_classes_says_how_probable_each_is(data, tmp_path):
    model = classifier_model(incorrect=True).write(tmp_path, "three")
    out = tmp_path / "out"
    assert main(["eval", "mask", "--data", str(data), "--model", str(model), "--out", str(out)]) == 0
    rows = list(csv.DictReader((out / "mask.csv").read_text().splitlines()))
    assert rows and all(0 <= float(row["incorrect_score"]) <= 1 for row in rows)
    assert {row["answer"] for row in rows} <= {"mask", "no_mask", "incorrect", "unknown"}
    assert {row["label"] for row in rows if row["set"] == "below nose"} == {"incorrect"}


def test_a_sheet_is_of_one_model(data, model, tmp_path, capsys):
    options = ["eval", "mask", "--data", str(data), "--sheet", str(tmp_path / "sheet.png")]
    with pytest.raises(SystemExit):
        main([*options, "--model", str(model), "--model", "default"])
    assert "--sheet shows one --model" in capsys.readouterr().err
