"""A model whose names are not UTF-8: errors and names reach the user, and no capture is lost over them."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
import scripted
import tiny_models as tiny
from onnx import TensorProto, helper

import facecap
from facecap._model import open_model

FOREIGN = b"caf\xe9 \xff\xfe!"


def renamed(model: onnx.ModelProto, name: str) -> bytes:
    """The model with `name` in Latin-1 and worse; its length stays."""
    assert len(name) == len(FOREIGN)
    return model.SerializeToString().replace(name.encode(), FOREIGN)


def failing_classifier() -> facecap.MaskClassifier:
    """It fails when it runs, in a node of that name."""
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["largest"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Add", ["largest", "far"], ["distance"]),
        helper.make_node("Cast", ["distance"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "index"], ["y"], name="NODENAME"),
    ]
    weights = [tiny.constant("far", [1000.0]), tiny.constant("table", [[1.0], [2.0]])]
    network = tiny.model(nodes, [tiny.info("x", ["n", 3, 8, 8])], [tiny.info("y", ["n", 1])], weights)
    data = renamed(network, "NODENAME")
    return facecap.MaskClassifier((data, tiny.mask_manifest(data)))


def test_a_failing_classifier_of_a_foreign_name_costs_the_answer_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    classifier = failing_classifier()
    with pytest.raises(facecap.ModelError, match="caf\ufffd"):
        classifier.predict(np.zeros((1, 8, 8, 3), np.uint8))
    config = facecap.CaptureConfig(mode="fast", min_hits=1)
    capture = facecap.FaceCapture(
        config, detector=facecap.Detector(scripted.detector(tmp_path)), classifier=classifier, refiner=False
    )
    with caplog.at_level(logging.WARNING, "facecap"):
        (first,) = capture.process(scripted.frame((40, 22))).captures
    assert first.mask == "unknown"
    assert "caf\ufffd" in caplog.text
    assert capture.flush() == []


def test_foreign_names_of_inputs_and_outputs_are_shown() -> None:
    network = tiny.classifier()
    network.graph.output.append(tiny.info("SECONDLY", ["n", 4]))
    network.graph.node.append(helper.make_node("Relu", ["f"], ["SECONDLY"]))
    data = renamed(network, "SECONDLY")
    model, _ = open_model((data, tiny.mask_manifest(data)), "mask")
    assert [name for name, *_ in model.outputs] == ["y", FOREIGN.decode(errors="replace")]
    assert [name for name, *_ in model.inputs] == ["x"]
