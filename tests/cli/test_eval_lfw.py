"""`facecap eval lfw` on a made-up set and, where it is there, on some pairs of the real one."""

from __future__ import annotations

import csv
import json
import pickle
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture
def embedder(tmp_path: Path) -> Path:
    """MobileFaceNet of random weights: bad, but a model."""
    torch = pytest.importorskip("torch")
    from facecap.conversion.embedder import export, manifest
    from facecap.training.networks.mobilefacenet import MobileFaceNet

    torch.manual_seed(0)
    network = MobileFaceNet(16)
    network.train()(torch.rand(4, 3, 112, 112) * 2 - 1)
    path = tmp_path / "model" / "embedder.onnx"
    about = {"name": "e", "licence": "MIT", "origin": "a test"}
    export(network.eval(), path, manifest(16, 0.4), about)
    return path


@pytest.fixture
def small_set(tmp_path: Path, photo) -> Path:
    """Two folds of one face: once as it is, once darker, once mirrored; Eve's second picture has none."""
    data = tmp_path / "data"
    face = photo[100:400, 100:400]
    pictures = {"Ann/1": face, "Ann/2": face // 2 + 20, "Eve/1": face[:, ::-1], "Eve/2": np.zeros_like(face)}
    for name, picture in pictures.items():
        person, number = name.split("/")
        (data / "images" / person).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(data / "images" / person / f"{person}_000{number}.jpg"), picture)
    (data / "pairs.txt").write_text("2 1\nAnn 1 2\nAnn 1 Eve 1\nAnn 2 2\nAnn 2 Eve 2\n")
    return data


def test_a_made_up_set(facecap, embedder, small_set, tmp_path):
    done = facecap(
        "eval", "lfw", "--data", small_set, "--model", embedder, "--json", "--out", tmp_path / "out", "--flip"
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["pairs"] == 4 and len(figures["folds"]) == 2
    assert figures["faces not found"] == ["Eve/Eve_0002.jpg"]
    assert 0 <= figures["accuracy"] <= 0.75
    assert figures["FAR 0.01"]["different pairs accepted"] == 0
    assert (tmp_path / "out" / "lfw.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((tmp_path / "out" / "lfw.csv").read_text().splitlines()))
    assert [row["label"] for row in rows] == ["same", "different"] * 2
    right = [row["answer"] == row["label"] for row in rows]
    assert sum(right) / len(rows) == pytest.approx(figures["accuracy"])
    assert (rows[3]["other"], rows[3]["answer"], rows[3]["score"]) == ("Eve/Eve_0002.jpg", "", "")
    assert (
        json.loads((tmp_path / "out" / "lfw.json").read_text())["models"][0]["accuracy"]
        == figures["accuracy"]
    )


def test_a_picture_that_is_missing_is_named(facecap, embedder, small_set):
    (small_set / "images" / "Ann" / "Ann_0002.jpg").unlink()
    done = facecap("eval", "lfw", "--data", small_set, "--model", embedder)
    assert done.returncode == 1
    assert "Ann_0002.jpg" in done.stderr and "Traceback" not in done.stderr


def test_a_folder_without_pairs_is_refused(facecap, embedder, tmp_path):
    (tmp_path / "empty").mkdir()
    done = facecap("eval", "lfw", "--data", tmp_path / "empty", "--model", embedder)
    assert done.returncode == 1 and "found 0 files pairs*.txt" in done.stderr


def test_the_published_mobilefacenet_knows_people(facecap, shared, tmp_path):
    pytest.importorskip("torch")
    lfw = shared / "data" / "lfw_dev"
    lines = (lfw / "pairs_dev.txt").read_text().splitlines()
    chosen = [line for fold in (0, 1) for kind in (0, 1) for line in lines[1 + 600 * fold + 300 * kind :][:5]]
    names = {word for line in chosen for word in line.split("\t") if not word.isdecimal()}
    for name in names:
        shutil.copytree(lfw / "images" / name, tmp_path / "lfw_dev" / "images" / name)
    (tmp_path / "lfw_dev" / "pairs.txt").write_text("\n".join(["2 5", *chosen]))
    model = tmp_path / "mobilefacenet.onnx"
    weights = shared / "data" / "weights" / "MobileFaceNet.onnx"
    assert facecap("models", "import", weights, "--out", model).returncode == 0
    done = facecap("eval", "lfw", "--data", tmp_path, "--model", model, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["accuracy"] >= 0.9


def test_aligned_pairs_of_a_file_are_measured_without_a_detector(facecap, embedder, photo, tmp_path):
    face = cv2.resize(photo[100:400, 100:400], (112, 112))
    codes = [cv2.imencode(".jpg", image)[1].tobytes() for image in (face, face, face, np.zeros_like(face))]
    data = tmp_path / "lfw.bin"
    data.write_bytes(pickle.dumps((codes * 10, [True, False] * 10)))
    done = facecap("eval", "lfw", "--data", data, "--model", embedder, "--json")
    assert done.returncode == 0, done.stderr
    assert "40 faces of 112x112, aligned already: no detector" in done.stderr
    figures = json.loads(done.stdout)
    assert figures["pairs"] == 20 and len(figures["folds"]) == 10
    assert figures["accuracy"] == 1.0, "a face is like itself, and like no black picture"
    done = facecap("eval", "lfw", "--data", data, "--model", embedder, "--detector", "yunet-n")
    assert done.returncode == 1 and "nothing is detected" in done.stderr
