"""`facecap convert onnx`: batch, form and precision change, the answers do not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import scripted
import tiny_models as tiny

import facecap
from facecap.cli import main

pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from onnx import TensorProto, helper  # noqa: E402

from facecap.conversion import run_graph  # noqa: E402
from facecap.conversion.batch import with_batch  # noqa: E402
from facecap.conversion.convert_onnx import FLOAT16_TOLERANCE, convert  # noqa: E402
from facecap.conversion.equality import ConversionError  # noqa: E402
from facecap.conversion.float16 import to_float16  # noqa: E402
from facecap.conversion.network_input import noise  # noqa: E402

CROPS = np.random.default_rng(3).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)


def test_float16_mask_classifier_answers_the_same_and_says_what_it_is(tmp_path: Path) -> None:
    model = tiny.write_mask(tmp_path)
    out = tmp_path / "out" / "half.onnx"
    convert(str(model), out, precision="float16")
    found = facecap.MaskClassifier(out).predict(CROPS)
    np.testing.assert_allclose(found, facecap.MaskClassifier(model).predict(CROPS), atol=5e-3)
    types = {weight.data_type for weight in onnx.load(out).graph.initializer}
    assert types == {TensorProto.FLOAT16}
    manifest = json.loads(out.with_suffix(".json").read_text())
    assert manifest["name"] == "tiny-mask-float16"
    assert manifest["conversion"]["precision"] == "float16"
    source = json.loads(model.with_suffix(".json").read_text())["file"]["sha256"]
    assert manifest["conversion"]["source"] == {"name": "tiny-mask", "sha256": source}


def test_float16_detector_finds_the_same_faces(tmp_path: Path) -> None:
    model = scripted.detector(tmp_path)
    out = tmp_path / "half.onnx"
    convert(str(model), out, precision="float16")
    frame = scripted.frame((20, 20), (60, 30))
    wanted, found = (facecap.Detector(path).detect(frame) for path in (model, out))
    assert len(found) == len(wanted) == 2
    np.testing.assert_allclose(found.boxes, wanted.boxes, atol=1.0)


def test_float16_keeps_what_must_stay_float32(tmp_path: Path) -> None:
    """Resize wants its scales in float32; constants inside nodes and casts follow the graph."""
    nodes = [
        helper.make_node("Resize", ["x", "", "scales"], ["large"], mode="nearest"),
        helper.make_node("Constant", [], ["two"], value=tiny.constant("two", [2.0])),
        helper.make_node("Mul", ["large", "two"], ["twice"]),
        helper.make_node("Cast", ["twice"], ["y"], to=TensorProto.FLOAT),
    ]
    shapes = [tiny.info("x", ["n", 3, 4, 4])], [tiny.info("y", ["n", 3, 8, 8])]
    model = tiny.model(nodes, *shapes, [tiny.constant("scales", [1, 1, 2, 2])])
    picture = np.arange(48, dtype=np.float32).reshape(1, 3, 4, 4)
    found = run_graph.outputs(to_float16(model), picture)["y"]
    np.testing.assert_array_equal(found, run_graph.outputs(model, picture)["y"])


def test_float16_refuses_weights_that_it_cannot_hold() -> None:
    nodes = [helper.make_node("Mul", ["x", "w"], ["y"])]
    model = tiny.model(nodes, [tiny.info("x", [1])], [tiny.info("y", [1])], [tiny.constant("w", [1e6])])
    with pytest.raises(ConversionError, match=r"w reach 1e\+06, float16 ends at 65504"):
        to_float16(model)


@pytest.mark.parametrize("batch", [1, 4, "free"])
def test_batch_of_a_classifier(tmp_path: Path, batch: int | str) -> None:
    out = tmp_path / "out.onnx"
    model = tiny.write_mask(tmp_path)
    convert(str(model), out, batch=batch)
    shape = onnx.load(out).graph.input[0].type.tensor_type.shape.dim[0]
    assert (shape.dim_param or shape.dim_value) == ("batch" if batch == "free" else batch)
    found = facecap.MaskClassifier(out).predict(CROPS)
    np.testing.assert_allclose(found, facecap.MaskClassifier(model).predict(CROPS), atol=1e-6)


def test_a_graph_that_holds_on_to_its_batch_is_refused() -> None:
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["y"])]
    model = tiny.model(
        nodes,
        [tiny.info("x", [1, 3, 8, 8])],
        [tiny.info("y", [1, 192])],
        [tiny.constant("shape", [1, 192], "int64")],
    )
    entry = {**tiny.INPUT, "width": 8, "height": 8}
    with pytest.raises(ConversionError, match="holds on to its batch"):
        with_batch(model, None, entry)


def test_noise_fits_the_input_of_a_manifest() -> None:
    native = {**tiny.INPUT, "width": 640, "height": 640, "fit": "native", "multiple": 32}
    assert noise(native, 3).shape == (3, 3, 160, 128)
    assert noise({**native, "fit": "fixed"}, 2).shape == (2, 3, 640, 640)
    np.testing.assert_array_equal(noise(native, 1), noise(native, 1))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--batch", "2"], "one picture at a time"),
        (["--form", "concatenated"], "give the detector's checkpoint"),
    ],
)
def test_what_a_detector_cannot_become(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], complaint: str
) -> None:
    model, out = scripted.detector(tmp_path), tmp_path / "out.onnx"
    assert main(["convert", "onnx", str(model), "--out", str(out), *options]) == 1
    assert complaint in capsys.readouterr().err
    assert not out.exists()


def test_a_detector_of_one_size_finds_what_it_found_at_that_size(tmp_path: Path) -> None:
    model, out = tiny.write_detector(tmp_path, "yunet"), tmp_path / "fixed.onnx"
    assert main(["convert", "onnx", str(model), "--out", str(out), "--input-size", "96x64"]) == 0
    shape = onnx.load(out).graph.input[0].type.tensor_type.shape.dim
    assert [side.dim_value for side in shape] == [1, 3, 64, 96]
    picture = np.random.default_rng(1).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    wanted = facecap.Detector(model, input_size=(96, 64), score_threshold=0.0).detect(picture)
    fixed = facecap.Detector(out, score_threshold=0.0)
    assert fixed.info["input_size"] == (96, 64)
    found = fixed.detect(picture)
    assert len(wanted) > 0
    np.testing.assert_allclose(found.boxes, wanted.boxes, atol=1e-3)
    with pytest.raises(ValueError, match="96x64"):
        facecap.Detector(out, input_size=(64, 64))


def test_a_copy_is_called_a_copy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, out = tiny.write_mask(tmp_path), tmp_path / "out.onnx"
    assert main(["convert", "onnx", str(model), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert f"a copy of {model}" in said and "differs" not in said
    found = facecap.MaskClassifier(out).predict(CROPS)
    np.testing.assert_array_equal(found, facecap.MaskClassifier(model).predict(CROPS))


def test_sides_that_a_detector_cannot_compute_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = tiny.write_detector(tmp_path, "yunet"), tmp_path / "out.onnx"
    assert main(["convert", "onnx", str(model), "--out", str(out), "--input-size", "100x64"]) == 1
    assert "input 100x64: wanted multiples of 16" in capsys.readouterr().err
    assert not out.exists()


def test_a_model_of_one_size_takes_no_other(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, out = tiny.write_mask(tmp_path), tmp_path / "out.onnx"
    assert main(["convert", "onnx", str(model), "--out", str(out), "--input-size", "16x16"]) == 1
    assert "input 16x16: the model takes 8x8 only" in capsys.readouterr().err
    assert not out.exists()


def test_a_checkpoint_is_compared_with_its_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    from facecap.training.networks.mobilefacenet import MobileFaceNet

    torch.manual_seed(0)
    torch.save(MobileFaceNet(128).state_dict(), tmp_path / "weights.pt")
    command = ["convert", "onnx", str(tmp_path / "weights.pt"), "--out", str(tmp_path / "out.onnx")]
    assert main(command) == 0
    assert "compared with the network of" in (said := capsys.readouterr().out) and "answers alike" in said


@pytest.mark.parametrize(("name", "wanted"), [("mask-ghostnet", 1e-3), ("retinaface-mobilenet0.25", 6e-3)])
def test_float16_of_what_ships_is_far_from_what_is_allowed(tmp_path: Path, name: str, wanted: float) -> None:
    difference = convert(name, tmp_path / "half.onnx", precision="float16")
    assert difference is not None and difference < wanted < FLOAT16_TOLERANCE


def test_a_converted_model_is_not_converted_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    half = tmp_path / "half.onnx"
    model = tiny.write_mask(tmp_path)
    assert main(["convert", "onnx", str(model), "--out", str(half), "--precision", "float16"]) == 0
    assert "of its range on noise" in capsys.readouterr().out
    assert main(["convert", "onnx", str(half), "--out", str(tmp_path / "again.onnx")]) == 1
    assert "give the float32 model" in capsys.readouterr().err


@pytest.mark.parametrize("options", [["--batch", "0"], ["--batch", "some"], ["--out", "x.json"]])
def test_wrong_usage(options: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["convert", "onnx", "x.onnx", "--out", "y.onnx", *options])
    assert stopped.value.code == 2
