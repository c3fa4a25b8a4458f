"""`facecap convert compare`: figures against the float model, noise of layers, size and time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tiny_models as tiny
from face_folder import write_face_folder

from facecap.cli import main

pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
pytest.importorskip("matplotlib")

from onnx import helper  # noqa: E402

from facecap.conversion.float16 import to_float16  # noqa: E402
from facecap.conversion.int8.equalize import equalized  # noqa: E402
from facecap.conversion.layer_noise import layer_noise  # noqa: E402


def chain(noise: float = 0.0) -> onnx.ModelProto:
    """Three convolutions with ReLU between; `noise` changes the weights of the second."""
    random = np.random.default_rng(0)
    weights = {
        name: random.normal(size=(4, channels, 1, 1)) for name, channels in (("w1", 3), ("w2", 4), ("w3", 4))
    }
    weights["w2"] = weights["w2"] + noise * np.random.default_rng(1).normal(size=(4, 4, 1, 1))
    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["c1"]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "w2"], ["c2"]),
        helper.make_node("Relu", ["c2"], ["r2"]),
        helper.make_node("Conv", ["r2", "w3"], ["y"]),
    ]
    shapes = [tiny.info("x", ["n", 3, 8, 8])], [tiny.info("y", ["n", 4, 8, 8])]
    return tiny.model(nodes, *shapes, [tiny.constant(name, value) for name, value in weights.items()])


def inputs() -> list[np.ndarray]:
    return [np.random.default_rng(seed).normal(size=(1, 3, 8, 8)).astype(np.float32) for seed in range(3)]


def test_noise_begins_where_the_graphs_part_and_balanced_channels_are_none() -> None:
    layers = {
        layer.tensor: layer for layer in layer_noise(chain(), equalized(chain(noise=0.1), inputs()), inputs())
    }
    assert layers["r1"].decibels > 100
    assert 5 < layers["r2"].decibels < 40
    assert layers["r2"].error == pytest.approx(10 ** (-layers["r2"].decibels / 20))
    assert layers["r2"].operator == "Relu" and "c2" not in layers, "what ReLU cuts off is no noise"


def test_noise_of_float16_is_small_everywhere() -> None:
    layers = layer_noise(chain(), to_float16(chain()), inputs())
    assert {layer.tensor for layer in layers} == {"r1", "r2", "y"}
    assert all(40 < layer.decibels < 90 for layer in layers)
    assert [layer.decibels for layer in layers] == sorted(layer.decibels for layer in layers)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path, Path]:
    """Data, a mask classifier, the same in int8, and an empty folder."""
    folder = tmp_path_factory.mktemp("compare")
    data = write_face_folder(folder / "data")
    model = tiny.write_mask(folder, side=112)
    small = folder / "int8.onnx"
    options = ["--data", str(data), "--out", str(small), "--count", "6"]
    assert main(["convert", "int8", str(model), *options]) == 0
    return data, model, small, folder / "report"


def test_the_report_holds_figures_layers_size_and_time(
    compared: tuple[Path, Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    data, model, small, out = compared
    command = ["convert", "compare", str(model), str(small), "--data", str(data), "--turns", "2"]
    assert main([*command, "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "mask accuracy" in text and "worst layers" in text and "time / float" in text
    assert (out / "compare.txt").read_text().strip() == text.strip()
    first, second = json.loads((out / "compare.json").read_text())["models"]
    assert first["layers"] == [] and first["time"] == 1.0
    assert second["bytes"] == small.stat().st_size
    assert second["figures"].keys() == first["figures"].keys()
    assert {layer["tensor"] for layer in second["layers"]} >= {"r", "p"}
    assert (out / "compare.png").read_bytes().startswith(b"\x89PNG")


def test_json_on_standard_output(
    compared: tuple[Path, Path, Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    data, model, small, _ = compared
    command = ["convert", "compare", str(model), str(small), "--data", str(data), "--turns", "1", "--json"]
    assert main(command) == 0
    assert len(json.loads(capsys.readouterr().out)["models"]) == 2


def test_mask_models_are_compared_behind_real_things_too(
    compared: tuple[Path, Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import cv2
    import scripted

    data, model, small, _ = compared
    (tmp_path / "val").mkdir()
    cv2.imwrite(str(tmp_path / "val" / "bag_1_0.png"), np.full((40, 30, 4), 255, np.uint8))
    options = ["--data", str(data), "--turns", "1", "--json", "--occluders", str(tmp_path)]
    assert main(["convert", "compare", str(model), str(small), *options]) == 0
    for one in json.loads(capsys.readouterr().out)["models"]:
        assert "occluded accuracy" in one["figures"]
    detector = str(scripted.detector(tmp_path))
    assert main(["convert", "compare", detector, detector, *options]) == 1
    assert "--occluders is for models of the task mask" in capsys.readouterr().err


def test_what_cannot_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import scripted

    model, other = tiny.write_mask(tmp_path), scripted.detector(tmp_path)
    assert main(["convert", "compare", str(model), str(other), "--data", str(tmp_path)]) == 1
    assert "a model for face_detection, compared with one for mask" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stopped:
        main(["convert", "compare", str(model), "--data", str(tmp_path)])
    assert stopped.value.code == 2
