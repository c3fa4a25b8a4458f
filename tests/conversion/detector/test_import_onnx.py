"""Public files of YuNet and SCRFD become level graphs that answer like them, or nothing is written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import public_detectors as public
import pytest
import tiny_models as tiny

pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from facecap import models  # noqa: E402
from facecap.conversion import run_graph  # noqa: E402
from facecap.conversion.batch import with_batch  # noqa: E402
from facecap.conversion.equality import ConversionError  # noqa: E402
from facecap.conversion.import_model import import_model  # noqa: E402

FILES = {
    "yunet": public.yunet(),
    "yunet of one size": public.yunet(96),
    "scrfd": public.scrfd(),
    "scrfd of any size": public.scrfd(None),
    "scrfd without a batch": public.scrfd(batched=False),
    "scrfd with three anchors": public.scrfd(anchors=3),
    "scrfd with a layer before its points": public.scrfd(apart=True),
}


@pytest.fixture
def imported(tmp_path: Path):
    def run(model: onnx.ModelProto, name: str = "public.onnx"):
        path, out = tmp_path / name, tmp_path / "out" / "net.onnx"
        onnx.save(model, str(path))
        import_model(path, out, licence="MIT")
        return onnx.load(str(out)), models.verify(out)

    return run


@pytest.mark.parametrize("name", FILES)
def test_public_files_become_levels_that_answer_like_them(name: str, imported) -> None:
    graph, manifest = imported(FILES[name])
    family = name.split()[0]
    assert manifest["detector"]["family"] == family
    assert manifest["input"]["fit"] == "native" and manifest["input"]["multiple"] == 16
    kinds = {node.op_type for node in graph.graph.node}
    assert not kinds & {"Sigmoid", "Transpose", "Reshape", "Mul"}
    channels = 16 if family == "yunet" else 15 * manifest["detector"]["anchors"]
    found = run_graph.outputs(graph, np.zeros((1, 3, 48, 80), np.float32))
    assert {name: level.shape for name, level in found.items()} == {
        "level_8": (1, channels, 6, 10),
        "level_16": (1, channels, 3, 5),
    }


def test_heads_that_share_their_input_are_one(imported) -> None:
    def convolutions(model: onnx.ModelProto) -> int:
        return sum(node.op_type == "Conv" for node in model.graph.node)

    for name, fewer in (("yunet", 2 * 6), ("scrfd", 2 * 2), ("scrfd with a layer before its points", 0)):
        beside = 0 if name == "yunet" else 2  # layers before points that nothing reads
        unread = beside if name == "scrfd" else 0
        assert convolutions(FILES[name]) - convolutions(imported(FILES[name])[0]) == fewer + unread


def test_what_a_file_is_shows_in_its_outputs_and_not_in_its_name(imported) -> None:
    assert imported(FILES["scrfd"], "yunet_n.onnx")[1]["detector"] == {
        "family": "scrfd",
        "form": "levels",
        "strides": [8, 16],
        "anchors": 2,
        "score_threshold": 0.5,
        "nms_iou": 0.4,
    }


def test_the_batch_of_an_imported_file_can_be_freed(imported) -> None:
    for name in ("yunet", "scrfd with a layer before its points"):
        graph, manifest = imported(FILES[name])
        free = with_batch(graph, None, manifest["input"])
        found = run_graph.outputs(
            free, np.random.default_rng(0).normal(0, 50, (3, 3, 32, 32)).astype("float32")
        )
        assert found["level_8"].shape[0] == 3


def test_other_detectors_are_refused_with_what_they_have(tmp_path: Path) -> None:
    path, out = tmp_path / "other.onnx", tmp_path / "net.onnx"
    onnx.save(tiny.detector("retinaface"), str(path))
    with pytest.raises(
        ConversionError, match=r"other\.onnx: 1 inputs and the outputs level_8 .* yunet, 2 of 1"
    ):
        import_model(path, out)
    without_points = public.scrfd()
    del without_points.graph.output[4:]
    onnx.save(without_points, str(path))
    with pytest.raises(ConversionError, match=r"out3 .* are no detector that is known"):
        import_model(path, out)
    assert not out.exists()


def test_a_layer_that_is_not_known_is_named(tmp_path: Path) -> None:
    model = public.yunet()
    for node in model.graph.node:
        if node.op_type == "Relu":
            node.op_type = "Softplus"
    onnx.save(model, str(tmp_path / "soft.onnx"))
    with pytest.raises(ConversionError, match="the layer Softplus"):
        import_model(tmp_path / "soft.onnx", tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()


@pytest.mark.parametrize("file", ["yunet_n_dynamic.onnx", "scrfd_2.5g_kps.onnx"])
def test_published_files(file: str, shared: Path, tmp_path: Path) -> None:
    difference = import_model(shared / "data" / "weights" / file, tmp_path / file)
    assert difference is not None and difference.score <= 1e-5 and difference.box <= 1e-3
    manifest = json.loads((tmp_path / file).with_suffix(".json").read_text())
    assert manifest["detector"]["strides"] == [8, 16, 32]
