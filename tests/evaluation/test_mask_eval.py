import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import scripted
from face_folder import write_face_folder

import facecap
from facecap.cli import main
from facecap.evaluation.mask import Answers, answer, contact_sheet, measure, unknown_band
from facecap.evaluation.mask_sets import MaskSet, read_sets

BAND = (0.4, 0.6)


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return write_face_folder(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    return scripted.mask_classifier(tmp_path_factory.mktemp("models"))


def answers(chance: list[float], masked: list[bool]) -> Answers:
    crops = np.zeros((len(chance), 112, 112, 3), np.uint8)
    part = MaskSet("mask", "val", crops, np.array(masked), [""] * len(chance))
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
    assert decoded[50, 112 + 50].tolist() == [0, 0, 0]


def test_a_folder_without_data_ends_with_what_was_found(model, tmp_path, capsys):
    assert main(["eval", "mask", "--data", str(tmp_path), "--model", str(model)]) == 1
    assert "no mask/index.csv" in capsys.readouterr().err
