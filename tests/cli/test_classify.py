"""`facecap classify` on pictures and crops."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import tiny_models as tiny

import facecap as package

CLASSES = ["blue", "green", "red", "white"]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "pictures" / "noise.png"
    path.parent.mkdir()
    cv2.imwrite(str(path), np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8))
    return path


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """A classifier of four classes."""
    data = tiny.classifier(columns=4).SerializeToString()
    return tiny.write(tmp_path, data, tiny.classification_manifest(data, CLASSES))


def test_the_most_probable_classes_come_first_with_their_names(facecap, colours, picture):
    done = facecap("classify", picture, "--model", colours, "--top", 3, "--json")
    assert done.returncode == 0, done.stderr
    (document,) = map(json.loads, done.stdout.splitlines())
    assert document["file"] == str(picture)
    chances = [row["probability"] for row in document["classes"]]
    assert [row["rank"] for row in document["classes"]] == [1, 2, 3]
    assert chances == sorted(chances, reverse=True) and 0 < sum(chances) < 1
    assert {row["class"] for row in document["classes"]} < set(CLASSES)
    text = facecap("classify", picture, "--model", colours).stdout
    assert text.startswith(f"{picture}: {document['classes'][0]['class']} {chances[0]:.4f}  ")
    assert len(text.split()) == 1 + 2 * len(CLASSES)


def test_a_table_has_a_row_for_each_class(facecap, colours, picture):
    done = facecap("classify", picture.parent, "--model", colours, "--format", "csv", "--top", 2)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["file"], row["rank"]) for row in rows] == [(str(picture), "1"), (str(picture), "2")]
    assert rows[0]["class"] in CLASSES and float(rows[0]["probability"]) > float(rows[1]["probability"])


def test_a_mask_classifier_takes_the_whole_crop_as_the_pipeline_does(facecap, tmp_path):
    model = tiny.write_mask(tmp_path)
    crop = np.random.default_rng(2).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "crop.png"), crop)
    [wanted] = package.MaskClassifier(model).predict(crop[None])
    done = facecap("classify", tmp_path / "crop.png", "--model", model, "--json")
    found = {row["class"]: row["probability"] for row in json.loads(done.stdout)["classes"]}
    assert found["mask"] == pytest.approx(float(wanted), abs=1e-5)
    assert found["no_mask"] == pytest.approx(1 - float(wanted), abs=1e-5)


def test_the_default_is_the_mask_classifier_that_ships(facecap, picture):
    done = facecap("classify", picture)
    assert done.returncode == 0, done.stderr
    assert done.stdout == facecap("classify", picture, "--model", "mask-ghostnet").stdout


def test_a_model_of_another_task_is_refused(facecap, picture, tmp_path):
    done = facecap("classify", picture, "--model", tiny.write_detector(tmp_path, "yunet"))
    assert done.returncode == 1
    assert "a model of the task face_detection, wanted classification or mask" in done.stderr
