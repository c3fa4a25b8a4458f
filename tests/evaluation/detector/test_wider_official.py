"""The official WIDER FACE layout: MATLAB lists, event folders, text files of predictions."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("scipy")

from facecap.cli import main
from facecap.errors import FacecapError
from facecap.evaluation.detector.detection import Found
from facecap.evaluation.detector.wider_ground_truth import read_official
from facecap.evaluation.detector.wider_predictions import read_predictions, write_predictions

from . import wider_folder

EVAL = ["eval", "widerface"]


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return wider_folder.write_ground_truth(tmp_path / "truth")


def test_the_lists_are_read(truth: Path) -> None:
    entries = read_official(truth, None).entries
    assert [entry["file"] for entry in entries] == [
        "0--Parade/0_Parade_a.jpg",
        "0--Parade/0_Parade_b.jpg",
        "1--Handshaking/1_Handshaking_c.jpg",
    ]
    assert entries[0]["boxes"] == [[10, 10, 30, 30], [60, 10, 90, 50]]
    assert entries[0]["easy"] == [1]
    assert entries[0]["hard"] == [0, 1]
    assert entries[1]["boxes"] == []


def test_perfect_predictions_reach_one(
    truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    perfect = wider_folder.write_perfect(tmp_path / "perfect")
    options = [*EVAL, "--ground-truth", str(truth), "--predictions", str(perfect), "--json"]
    assert main([*options, "--out", str(tmp_path / "out")]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures == {"model": str(perfect), "wider_easy": 1, "wider_medium": 1, "wider_hard": 1}
    report = json.loads((tmp_path / "out" / "widerface.json").read_text())
    assert report["models"] == [figures]
    assert cv2.imread(str(tmp_path / "out" / "widerface.png")) is not None


def test_what_a_detector_found_can_be_written_and_measured_again(
    shared: Path, truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("torch", "onnx"):
        pytest.importorskip(module)
    data, texts = ["--data", str(shared / "data"), "--json"], str(tmp_path / "texts")
    checkpoint = str(shared / "data" / "weights" / "mobilenet0.25_Final.pth")
    options = ["--model", checkpoint, "--long-side", "192", "--write-predictions", texts]
    assert main([*EVAL, *data, *options]) == 0
    first = json.loads(capsys.readouterr().out)
    assert main([*EVAL, *data, "--predictions", texts]) == 0
    again = json.loads(capsys.readouterr().out)
    for name in ("wider_easy", "wider_medium", "wider_hard"):
        assert again[name] == pytest.approx(first[name], abs=1e-3)


def test_a_detector_runs_on_the_official_pictures(truth: Path, tmp_path: Path) -> None:
    images = wider_folder.write_images(tmp_path / "images")
    options = [*EVAL, "--ground-truth", str(truth), "--images", str(images)]
    assert main([*options, "--long-side", "0"]) == 0
    next(images.rglob("*_b.jpg")).unlink()
    with pytest.raises(FacecapError, match="lacks 1 of 3 pictures, the first is 0--Parade/0_Parade_b"):
        read_official(truth, images)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "picture's name, then the number"),
        ("a\nmany\n", "picture's name, then the number"),
        ("a\n2\n1 2 3 4 0.5\n", "says 2 faces, has 1"),
        ("a\n1\n1 2 3 0.5\n", "line 3: wanted x y width height score"),
        ("a\n1\n1 2 3 4 nan\n", "line 3: not finite"),
        (None, "no such file"),
    ],
)
def test_damaged_and_missing_predictions_are_named(
    truth: Path, tmp_path: Path, text: str | None, said: str
) -> None:
    perfect = wider_folder.write_perfect(tmp_path / "perfect")
    wrong = perfect / "0--Parade" / "0_Parade_b.txt"
    wrong.unlink() if text is None else wrong.write_text(text)
    with pytest.raises(FacecapError, match=rf"1 of 3 .*0_Parade_b\.txt: .*{said}"):
        read_predictions(perfect, read_official(truth, None).entries)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("predictions")
    (folder / "event").mkdir()
    (folder / "event" / "one.txt").write_bytes(data)
    try:
        [found] = read_predictions(folder, [{"event": "event", "file": "event/one.jpg"}])
    except FacecapError as error:
        assert "event/one.txt" in str(error)
    else:
        assert np.isfinite(found.scores).all()


coordinates = st.floats(-50, 5000, width=32)


@given(st.lists(st.tuples(coordinates, coordinates, coordinates, coordinates, st.floats(0, 1, width=32))))
def test_text_files_keep_detections(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("predictions")
    array = np.array(sorted(rows, key=lambda row: -row[4]), np.float32).reshape(-1, 5)
    entries = [{"event": "event", "file": "event/one.jpg"}]
    write_predictions(folder, entries, [Found(array[:, :4], array[:, 4])])
    [back] = read_predictions(folder, entries)
    np.testing.assert_allclose(back.scores, array[:, 4], atol=1e-6)
    np.testing.assert_allclose(np.sort(back.boxes, 0), np.sort(array[:, :4], 0), atol=2e-3)


def test_a_damaged_list_is_named(truth: Path) -> None:
    (truth / "wider_hard_val.mat").write_bytes(b"MATLAB" * 40)
    with pytest.raises(FacecapError, match=r"wider_hard_val\.mat: not a readable MATLAB file"):
        read_official(truth, None)
    (truth / "wider_hard_val.mat").write_bytes((truth / "wider_face_val.mat").read_bytes())
    with pytest.raises(FacecapError, match=r"wider_hard_val\.mat lacks gt_list"):
        read_official(truth, None)
    (truth / "wider_easy_val.mat").unlink()
    with pytest.raises(FacecapError, match=r"wider_easy_val\.mat: no such file"):
        read_official(truth, None)


def test_without_scipy_it_is_said_what_to_install(truth: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(FacecapError, match=r"needs scipy, .*pip install 'facecap\[train\]'"):
        read_official(truth, None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "give --data, or --ground-truth"),
        (["--ground-truth", "x"], "--ground-truth needs --images"),
        (["--data", "x", "--predictions", "p", "--write-predictions", "w"], "takes the detections of one"),
        (["--data", "x", "--long-side", "7"], "wanted default, 0 or 32 to 8192, found '7'"),
        (["--data", "x", "--long-side", "320", "--scales", "320"], "not allowed with"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*EVAL, *options])
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err
