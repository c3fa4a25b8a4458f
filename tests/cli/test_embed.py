"""`facecap embed`: vectors of faces, and whether two pictures show one person."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import scripted

from .conftest import FACE

VECTOR = [1 / 3, 2 / 3, 2 / 3]  # what the scripted embedder says of every face


@pytest.fixture(scope="session")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scripted.embedder(tmp_path_factory.mktemp("embedder"), 112)


@pytest.fixture
def embed(facecap, models, embedder):
    """`facecap embed` with the scripted models."""

    def run(*arguments: object) -> Any:
        return facecap("embed", *arguments, "--model", embedder, *models[:2], *models[4:])

    return run


@pytest.fixture
def two_faces(tmp_path: Path) -> Path:
    path = tmp_path / "two.png"
    cv2.imwrite(str(path), scripted.frame(FACE, (60, 30)))
    return path


@pytest.fixture
def nobody(tmp_path: Path) -> Path:
    path = tmp_path / "nobody.png"
    cv2.imwrite(str(path), scripted.frame())
    return path


def test_every_face_of_every_picture_has_its_vector_in_the_file(embed, face_png, two_faces, nobody, tmp_path):
    out = tmp_path / "new" / "vectors.npz"
    done = embed(face_png, two_faces, nobody, "--out", out)
    assert done.returncode == 0, done.stderr
    assert f"{two_faces}: 2 faces\n" in done.stdout
    assert f"vectors of 3 faces in 3 pictures: {out}" in done.stderr
    found = np.load(out)
    assert found["files"].tolist() == [str(face_png), str(two_faces), str(two_faces)]
    assert found["without_faces"].tolist() == [str(nobody)]
    np.testing.assert_allclose(found["vectors"], [VECTOR] * 3, atol=1e-6)
    assert found["boxes"].shape == (3, 4) and found["scores"].shape == (3,)


def test_the_table_says_the_same_as_what_is_printed(embed, face_png, nobody, tmp_path):
    out = tmp_path / "vectors.csv"
    done = embed(face_png, nobody, "--out", out, "--format", "csv")
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["face"] for row in rows] == ["1", ""]  # a picture without a face is named too
    written = list(csv.DictReader(out.read_text().splitlines()))
    assert written == rows[:1]
    assert [float(rows[0][f"v{place}"]) for place in (1, 2, 3)] == pytest.approx(VECTOR, abs=1e-5)


def test_the_largest_face_alone(embed, two_faces):
    (document,) = map(json.loads, embed(two_faces, "--json", "--largest").stdout.splitlines())
    (face,) = document["faces"]
    assert face["vector"] == pytest.approx(VECTOR, abs=1e-5)


def test_two_pictures_are_compared_by_the_model_s_threshold(embed, face_png, two_faces):
    done = embed(face_png, two_faces, "--compare")
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{face_png}: cosine 1.0000 with {two_faces}: the same person (threshold 0.5)\n"
    assert "2 faces, the largest is compared" in done.stderr
    document = json.loads(embed(face_png, two_faces, "--compare", "--json").stdout)
    assert (document["cosine"], document["same_person"]) == (pytest.approx(1.0), True)


def test_a_comparison_without_a_face_says_in_which_picture(embed, face_png, nobody):
    done = embed(face_png, nobody, "--compare")
    assert done.returncode == 1
    assert f"{nobody}: no face found" in done.stderr and done.stdout == ""


def test_crops_are_taken_as_they_are_and_other_sizes_left_out(embed, face_png, tmp_path):
    crop = tmp_path / "crop.png"
    cv2.imwrite(str(crop), np.zeros((112, 112, 3), np.uint8))
    done = embed(crop, face_png, "--crops", "--json")
    assert done.returncode == 1
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["faces"][0]["vector"] == pytest.approx(VECTOR, abs=1e-5)
    assert "1920x1080, wanted an aligned face of 112x112" in second["error"]


def test_what_the_refiner_calls_no_face_has_no_vector(facecap, models, embedder, face_png, tmp_path):
    refiner = scripted.refiner(tmp_path, face=-4)
    asked = ["embed", face_png, "--model", embedder, *models[:2], "--refiner", refiner, "--json"]
    done = facecap(*asked)
    assert json.loads(done.stdout)["faces"] == []
    assert "no face, says the refiner (probability 0.02)" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "give a picture, a folder, or --list"),
        (["a.png"], "give --out FILE for the vectors"),
        (["a.png", "--compare"], "--compare wants two pictures, found 1"),
        (["a.png", "b.png", "--compare", "--out", "v.npz"], "give it or --out"),
        (["a.png", "--out", "v.txt"], "wanted a name that ends in .npz or .csv"),
    ],
)
def test_wrong_usage(embed, arguments, text):
    done = embed(*arguments)
    assert done.returncode == 2
    assert text in done.stderr
