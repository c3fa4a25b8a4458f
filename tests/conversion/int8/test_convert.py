"""`facecap convert int8`: calibrated, quantised, opened by the package, near to the float model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import scripted
import tiny_models as tiny
from class_folder import write_class_folder
from hypothesis import given
from hypothesis import strategies as st
from mask_folder import write_faces

import facecap
from facecap.cli import main

pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from onnx import helper  # noqa: E402

from facecap.conversion import run_graph  # noqa: E402
from facecap.conversion.batch import with_batch  # noqa: E402
from facecap.conversion.equality import ConversionError  # noqa: E402
from facecap.conversion.int8.calibration import Calibration, find_ranges  # noqa: E402
from facecap.conversion.int8.calibration_set import _in_turn, draw  # noqa: E402
from facecap.conversion.int8.equalize import equalized  # noqa: E402
from facecap.conversion.int8.quantize import OPERATORS, Int8, quantize  # noqa: E402
from facecap.conversion.layer_noise import layer_noise  # noqa: E402
from facecap.training.classifier.data import read_split  # noqa: E402

RANDOM = np.random.default_rng(1)


def two_layers(side: int = 8, channels: int = 6) -> onnx.ModelProto:
    """Convolution, ReLU, depthwise and plain convolutions whose channels differ a thousandfold."""
    scale = np.geomspace(0.03, 30, channels).reshape(-1, 1, 1, 1)
    nodes = [
        helper.make_node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2", "b2"], ["c2"], pads=[1, 1, 1, 1], group=channels),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("Conv", ["r2", "w3", "b3"], ["c3"]),
        helper.make_node("Conv", ["c3", "v"], ["y"]),
    ]
    random = np.random.default_rng(2)
    weights = [
        tiny.constant("w1", random.normal(size=(channels, 3, 3, 3)) * scale),
        tiny.constant("b1", 0.5 * scale.reshape(-1)),
        tiny.constant("w2", random.normal(size=(channels, 1, 3, 3))),
        tiny.constant("b2", np.zeros(channels)),
        tiny.constant("w3", random.normal(size=(4, channels, 1, 1)) / scale[None, :, 0]),
        tiny.constant("b3", np.zeros(4)),
        tiny.constant("v", random.normal(size=(1, 4, 1, 1))),
    ]
    return tiny.model(
        nodes, [tiny.info("x", ["n", 3, side, side])], [tiny.info("y", ["n", 1, side, side])], weights
    )


def pictures(count: int = 8, side: int = 8) -> Iterator[np.ndarray]:
    random = np.random.default_rng(5)
    for _ in range(count):
        yield random.uniform(-1, 1, (1, 3, side, side)).astype(np.float32)


def error(model: onnx.ModelProto, way: Int8, method: str = "minmax") -> float:
    graph = equalized(model, pictures()) if way.equalized else model
    ranges = find_ranges(graph, OPERATORS, pictures(), Calibration(method))
    made = quantize(graph, ranges, next(pictures()), way)
    blobs = np.concatenate(list(pictures(16)))
    wanted, found = (run_graph.outputs(m, blobs)["y"] for m in (model, made))
    return float(np.abs(wanted - found).mean() / np.abs(wanted).mean())


def test_balanced_channels_answer_the_same_and_lose_less_in_int8() -> None:
    model = two_layers()
    blobs = np.concatenate(list(pictures()))
    wanted = run_graph.outputs(model, blobs)
    assert run_graph.largest_difference(wanted, run_graph.outputs(equalized(model, pictures()), blobs)) < 1e-5
    plain, balanced = error(model, Int8(equalized=False)), error(model, Int8())
    assert balanced < 0.15
    assert balanced < plain / 3


@pytest.mark.parametrize("method", ["minmax", "percentile", "entropy"])
def test_every_method_comes_near(method: str) -> None:
    assert error(two_layers(), Int8(), method) < 0.2


def test_ranges_hold_zero_and_follow_the_percentile() -> None:
    model = two_layers()
    wide = find_ranges(model, OPERATORS, pictures(), Calibration("percentile", 99.99))
    tight = find_ranges(model, OPERATORS, pictures(), Calibration("percentile", 90))
    largest = find_ranges(model, OPERATORS, pictures(), Calibration("minmax"))
    assert all(low <= 0 <= high for low, high in largest.values())
    assert tight["c1"][1] < wide["c1"][1] <= largest["c1"][1] * 1.01
    with pytest.raises(ConversionError, match="no picture"):
        find_ranges(model, OPERATORS, [], Calibration("minmax"))


def test_the_last_layer_stays_float_unless_asked() -> None:
    ranges = find_ranges(two_layers(), OPERATORS, pictures(), Calibration("minmax"))
    made = quantize(two_layers(), ranges, next(pictures()), Int8())
    weights = {w.name for w in made.graph.initializer}
    assert "v" in weights and "w1" not in weights
    made = quantize(two_layers(), ranges, next(pictures()), Int8(float_outputs=False))
    assert "v" not in {w.name for w in made.graph.initializer}


def test_mask_classifier_from_folder_to_int8_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_faces(tmp_path / "data")
    model = tiny.write_mask(tmp_path, side=8)
    out = tmp_path / "int8.onnx"
    options = ["--data", str(data), "--out", str(out), "--count", "12", "--seed", "3"]
    assert main(["convert", "int8", str(model), *options]) == 0
    said = capsys.readouterr()
    assert "calibration pictures: 6 mask, 6 bare\n" in said.err
    assert "signal to noise of the outputs: y" in said.out
    crops = RANDOM.integers(90, 166, (5, 8, 8, 3), dtype=np.uint8)  # as shrunken noise is
    found, wanted = (facecap.MaskClassifier(path).predict(crops) for path in (out, model))
    np.testing.assert_allclose(found, wanted, atol=0.05)
    conversion = json.loads(out.with_suffix(".json").read_text())["conversion"]
    assert conversion["precision"] == "int8"
    assert conversion["calibration"] == {
        "method": "minmax",
        "count": 12,
        "seed": 3,
        "pictures": {"bare": 6, "mask": 6},
    }
    assert set(conversion["source"]) == {"name", "sha256"}


def test_named_class_folders_calibrate_and_compare_a_mask_classifier(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_class_folder(tmp_path / "data", {"blue": 8, "red": 8})
    model, out = tiny.write_mask(tmp_path, side=112), tmp_path / "int8.onnx"
    folders = ["--data", str(data), "--classes", "red", "blue", "--faces", "whole"]
    assert main(["convert", "int8", str(model), *folders, "--out", str(out)]) == 0
    assert "calibration pictures: 7 mask, 7 bare; 14 of 64 asked for" in capsys.readouterr().err
    assert main(["convert", "compare", str(model), str(out), *folders, "--turns", "1"]) == 0
    assert "mask accuracy" in capsys.readouterr().out


def test_refiner_from_folder_to_int8_file(tmp_path: Path) -> None:
    data = write_faces(tmp_path / "data")
    model = tiny.write_refiner(tmp_path)
    out = tmp_path / "int8.onnx"
    assert main(["convert", "int8", str(model), "--data", str(data), "--out", str(out), "--count", "12"]) == 0
    picture = cv2.resize(RANDOM.integers(0, 256, (12, 12, 3), dtype=np.uint8), (96, 96))
    boxes = [[10, 10, 60, 70], [30, 20, 90, 90]]
    wanted, found = (facecap.Refiner(path).refine(picture, boxes) for path in (model, out))
    np.testing.assert_allclose(found.face_prob, wanted.face_prob, atol=0.05)
    np.testing.assert_allclose(found.blur, wanted.blur, atol=0.05)
    np.testing.assert_allclose(found.landmarks, wanted.landmarks, atol=0.05 * 96)
    # As many crops beside faces as of faces: it meets both.
    calibration = json.loads(out.with_suffix(".json").read_text())["conversion"]["calibration"]
    assert calibration["pictures"] == {"face": 6, "other": 6}


def test_refiners_are_not_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, model = write_faces(tmp_path / "data"), tiny.write_refiner(tmp_path)
    assert main(["convert", "compare", str(model), str(model), "--data", str(data)]) == 1
    assert "models of the task face_refinement are not compared; wanted mask" in capsys.readouterr().err


def test_detector_from_folder_to_int8_file(tmp_path: Path) -> None:
    data = write_faces(tmp_path / "data")
    model = scripted.detector(tmp_path)
    out = tmp_path / "int8.onnx"
    options = ["--data", str(data), "--out", str(out), "--count", "4", "--quantize-outputs"]
    assert main(["convert", "int8", str(model), *options]) == 0
    frame = scripted.frame((20, 20), (60, 30))
    wanted, found = (facecap.Detector(path).detect(frame) for path in (model, out))
    assert len(found) == len(wanted) == 2


def test_nothing_is_written_where_every_picture_is_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = write_faces(tmp_path / "data"), tmp_path / "int8.onnx"
    for path in data.rglob("*.png"):
        path.write_bytes(b"no picture")
    model = tiny.write_mask(tmp_path, side=8)
    assert main(["convert", "int8", str(model), "--data", str(data), "--out", str(out)]) == 1
    assert "pictures drawn could be read" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("kind", ["int8", "onnx"])
def test_a_model_is_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    model = tiny.write_mask(tmp_path, side=8)
    before = model.read_bytes()
    data = ["--data", str(tmp_path)] if kind == "int8" else []
    out = tmp_path / "elsewhere" / ".." / model.name
    assert main(["convert", kind, str(model), *data, "--out", str(out)]) == 1
    assert "is the model itself" in capsys.readouterr().err
    assert model.read_bytes() == before


def test_nothing_is_written_without_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, out = scripted.detector(tmp_path), tmp_path / "int8.onnx"
    assert main(["convert", "int8", str(model), "--data", str(tmp_path), "--out", str(out)]) == 1
    assert "no picture to calibrate with" in capsys.readouterr().err
    assert not out.exists()


def test_nothing_half_is_left_after_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from facecap import _files

    def interrupted(self: _files.PendingFile) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_files.PendingFile, "commit", interrupted)
    out = tmp_path / "out" / "int8.onnx"
    options = ["--data", str(write_faces(tmp_path / "data")), "--out", str(out), "--count", "4"]
    assert main(["convert", "int8", str(tiny.write_mask(tmp_path)), *options]) == 130
    assert list(out.parent.iterdir()) == []


def test_damaged_pictures_are_named_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_faces(tmp_path / "data", count=2)
    for path in (data / "mask").glob("*.png"):
        path.write_bytes(b"no picture")
    manifest = tiny.mask_manifest(b"")
    found = draw(manifest, data, count=100, seed=0)
    assert len(list(found.inputs())) == 2  # those of detect/fddb
    assert capsys.readouterr().err.count("left out of calibration") == len(found.drawn) - 2


def test_the_manifest_counts_the_pictures_that_calibrated_not_those_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = write_faces(tmp_path / "data", count=4), tmp_path / "int8.onnx"
    damaged = sorted((data / "mask").glob("*.png"))[0]
    damaged.write_bytes(b"no picture")
    model = tiny.write_mask(tmp_path, side=8)
    options = ["--data", str(data), "--out", str(out), "--count", "500"]
    assert main(["convert", "int8", str(model), *options]) == 0
    said = capsys.readouterr().err
    made = json.loads(out.with_suffix(".json").read_text())["conversion"]["calibration"]
    assert made["count"] == sum(made["pictures"].values()) < 500
    assert f"; {made['count']} of 500 asked for" in said
    assert said.count("left out of calibration") == 1


@pytest.mark.parametrize("layout", ["", "train"])
def test_classes_of_a_folder_are_drawn_evenly(tmp_path: Path, layout: str) -> None:
    for name, count in (("cat", 4), ("dog", 9)):  # of whom one each is held out of training
        (tmp_path / layout / name).mkdir(parents=True)
        for index in range(count):
            cv2.imwrite(str(tmp_path / layout / name / f"{index}.png"), np.full((20, 30, 3), 7, np.uint8))
    manifest = {"task": "classification", "input": {**tiny.INPUT, "width": 8, "height": 8}}
    found = draw({**manifest, "classifier": {"classes": ["dog", "cat"]}}, tmp_path, count=6, seed=0)
    assert found.classes == {"cat": 3, "dog": 3}
    assert {blob.shape for blob in found.inputs()} == {(1, 3, 8, 8)}


def test_a_run_s_held_out_pictures_calibrate_nothing(tmp_path: Path) -> None:
    write_class_folder(tmp_path, {"blue": 20, "red": 20})
    held_out = read_split(tmp_path, seed=5).val
    for item in held_out:
        item.path.write_bytes(b"not to be opened")
    entry = {**tiny.INPUT, "width": 8, "height": 8}
    manifest = {"task": "classification", "input": entry, "training": {"seed": 5}}
    found = draw({**manifest, "classifier": {"classes": ["blue", "red"]}}, tmp_path, 99, seed=0)
    assert held_out and len(list(found.inputs())) == 40 - len(held_out)


def test_sub_folders_that_are_no_classes_of_the_model_calibrate_it_too(tmp_path: Path) -> None:
    write_class_folder(tmp_path, {"blue": 1, "green": 1})
    entry = {**tiny.INPUT, "width": 8, "height": 8}
    manifest = {"task": "classification", "input": entry, "classifier": {"classes": ["cat", "dog"]}}
    found = draw(manifest, tmp_path, 99, seed=0)
    assert found.classes == {"picture": 2} and len(list(found.inputs())) == 2


def test_a_model_of_a_fixed_batch_is_quantised_compared_and_timed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_faces(tmp_path / "data")
    model, four = tiny.write_mask(tmp_path, side=8), tmp_path / "four.onnx"
    assert main(["convert", "onnx", str(model), "--out", str(four), "--batch", "4"]) == 0
    out = tmp_path / "int8.onnx"
    assert main(["convert", "int8", str(four), "--data", str(data), "--out", str(out), "--count", "4"]) == 0
    assert onnx.load(out).graph.input[0].type.tensor_type.shape.dim[0].dim_value == 4
    capsys.readouterr()
    assert main(["bench", "model", str(four), "--turns", "1", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["batches"][0]["ms"]) == {
        f"{four} {precision}" for precision in ("float32", "float16", "int8")
    }


def test_batches_that_differ_are_compared_by_the_picture() -> None:
    one, four = two_layers(), with_batch(two_layers(), 4, {**tiny.INPUT, "width": 8, "height": 8})
    layers = layer_noise(one, four, [blob[:1] for blob in pictures()])
    assert layers and all(layer.decibels > 100 for layer in layers)


@given(st.lists(st.lists(st.integers(), max_size=6), max_size=5))
def test_taking_turns_keeps_everything_and_is_even(lists: list[list[int]]) -> None:
    tagged = [[(place, value) for value in items] for place, items in enumerate(lists)]
    mixed = _in_turn(tagged)
    assert sorted(mixed) == sorted(entry for items in tagged for entry in items)
    for place, items in enumerate(tagged):
        assert [entry for entry in mixed if entry[0] == place] == items


@pytest.mark.parametrize("options", [["--percentile", "101"], ["--method", "best"], ["--count", "0"]])
def test_wrong_usage(options: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["convert", "int8", "x.onnx", "--data", ".", "--out", "y.onnx", *options])
    assert stopped.value.code == 2
