"""`facecap bench model`: all precisions of a model at batch 1, 4 and 8."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import scripted
import tiny_models as tiny

from facecap.cli import main

pytest.importorskip("torch")
pytest.importorskip("onnx")


def test_every_precision_at_every_batch(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(tiny.write_mask(tmp_path))
    assert main(["bench", "model", model, "--turns", "2", "--json"]) == 0
    batches = json.loads(capsys.readouterr().out)["batches"]
    assert [one["batch"] for one in batches] == [1, 4, 8]
    for one in batches:
        assert list(one["ms"]) == [f"{model} {kind}" for kind in ("float32", "float16", "int8")]
        assert all(value > 0 for value in one["pictures_per_second"].values())


def test_a_converted_model_runs_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, half = str(tiny.write_mask(tmp_path)), str(tmp_path / "half.onnx")
    assert main(["convert", "onnx", model, "--out", half, "--precision", "float16"]) == 0
    capsys.readouterr()
    assert main(["bench", "model", half, "--turns", "1"]) == 0
    text = capsys.readouterr().out
    assert f"{half} float16" in text and "int8" not in text


def test_a_graph_with_a_batch_of_its_own_is_left_out_of_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from onnx import helper

    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], strides=[8, 8]),
        helper.make_node("Reshape", ["c", "shape"], ["y"]),
    ]
    weights = [tiny.constant("w", [[[[0.1] * 8] * 8] * 3]), tiny.constant("shape", [1, 1], "int64")]
    graph = tiny.model(nodes, [tiny.info("x", [1, 3, 8, 8])], [tiny.info("y", [1, 1])], weights)
    data = graph.SerializeToString()
    model = tiny.write(tmp_path, data, tiny.mask_manifest(data))
    assert main(["bench", "model", str(model), "--turns", "1"]) == 0
    text = capsys.readouterr().out
    assert "holds on to its batch" in text
    assert all(line.split()[-2] == "-" for line in text.splitlines() if line.startswith(str(model)))


def test_a_detector_runs_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "model", str(scripted.detector(tmp_path)), "--turns", "1"]) == 0
    assert "one picture at a time" in capsys.readouterr().out
