"""Models that ONNX Runtime refuses: the error says in one line what to do, its own words are in the log."""

from __future__ import annotations

import json
import os
from pathlib import Path

import onnx
import pytest
import tiny_models as tiny
from onnx import helper

import facecap


def newer_operators(folder: Path) -> Path:
    model = tiny.classifier()
    model.opset_import[0].version = 99
    return write(folder, model)


def newer_format(folder: Path) -> Path:
    model = tiny.classifier()
    model.ir_version = 99
    return write(folder, model)


def foreign_operator(folder: Path) -> Path:
    model = tiny.classifier()
    model.graph.node[1].domain = "org.example"
    model.opset_import.append(helper.make_opsetid("org.example", 1))
    return write(folder, model)


def cut_weights(folder: Path) -> Path:
    path = weights_beside(folder)
    os.truncate(folder / "weights", 100)
    return path


def missing_weights(folder: Path) -> Path:
    path = weights_beside(folder)
    (folder / "weights").unlink()
    return path


def wrong_graph(folder: Path) -> Path:
    model = tiny.classifier()
    model.graph.node[0].input[1] = "nothing"
    return write(folder, model)


def write(folder: Path, model: onnx.ModelProto) -> Path:
    data = model.SerializeToString()
    return tiny.write(folder, data, tiny.mask_manifest(data))


def weights_beside(folder: Path) -> Path:
    path = folder / "tiny.onnx"
    onnx.save_model(
        tiny.classifier(hidden=512),
        str(path),
        save_as_external_data=True,
        location="weights",
        size_threshold=0,
    )
    path.with_suffix(".json").write_text(json.dumps(tiny.mask_manifest(path.read_bytes())))
    return path


@pytest.mark.parametrize(
    ("make", "sentence", "words"),
    [
        (newer_operators, "operators newer than this ONNX Runtime: install a newer onnxruntime", "pset 99"),
        (newer_format, "format is newer than this ONNX Runtime: install a newer onnxruntime", "99"),
        (foreign_operator, "an operator that this ONNX Runtime does not have", "org.example"),
        (
            cut_weights,
            "weights lie in a file beside it that is cut or damaged: copy both again",
            "weights|: w",
        ),
        (missing_weights, "weights lie in a file beside it that is missing", "weights"),
        (wrong_graph, "cannot be read as an ONNX model; the log has the reason", "nothing"),
    ],
)
def test_the_error_is_one_line_to_act_on_and_the_rest_is_logged(
    make, sentence: str, words: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = make(tmp_path)
    with pytest.raises(facecap.ModelError, match=sentence) as caught:
        facecap.MaskClassifier(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ") and "\n" not in text and ".cc:" not in text
    (record,) = caplog.records
    assert any(word in record.getMessage() for word in words.split("|"))
