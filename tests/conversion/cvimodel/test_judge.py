"""What quantisation did to answers, in figures, and the form of a network that the toolchain takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models as tiny

pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from onnx import helper  # noqa: E402

import facecap  # noqa: E402
from facecap import models  # noqa: E402
from facecap.conversion import run_graph  # noqa: E402
from facecap.conversion.cvimodel import check_detections, check_faces  # noqa: E402
from facecap.conversion.cvimodel.answers import answers_of, evenly  # noqa: E402
from facecap.conversion.cvimodel.judge import judge_of  # noqa: E402
from facecap.conversion.cvimodel.network import prepare  # noqa: E402
from facecap.conversion.cvimodel.steps import Steps  # noqa: E402
from facecap.conversion.detector.families import decode  # noqa: E402
from facecap.conversion.equality import ConversionError  # noqa: E402
from facecap.conversion.manifest import write_model  # noqa: E402
from facecap.conversion.network_input import letterbox  # noqa: E402
from facecap.conversion.source import Source, open_source  # noqa: E402


@pytest.fixture(scope="module")
def detector() -> Source:
    return open_source(models.default("face_detection").path)


def test_a_logit_is_judged_by_how_far_it_moves_and_where_it_changes_sides() -> None:
    judge = judge_of(tiny.mask_manifest(b""))
    wanted = {"y_Gemm_f32": np.array([[3], [-1], [0.5], [-4]], np.float32)}
    found = {"y_Gemm_f32": np.array([[1], [-1], [-1.5], [-4]], np.float32)}
    figures = judge.figures(wanted, found)
    assert figures["sign agreement"] == 0.75
    assert figures["harm"] == pytest.approx(np.sqrt(2))


def test_an_output_that_is_not_there_is_named() -> None:
    judge = judge_of(tiny.mask_manifest(b""))
    with pytest.raises(ConversionError, match="the toolchain answers z_Gemm, the manifest wants y"):
        judge.figures({"z_Gemm": np.zeros(1)}, {"z_Gemm": np.zeros(1)})


def detector_answers(manifest: dict[str, Any], random: np.random.Generator) -> dict[str, np.ndarray]:
    """Two pictures: noise, and a sure face in one cell of the coarse level."""
    outputs = {}
    for stride in (8, 16):
        level = random.normal(0, 0.1, (2, 30, 64 // stride, 64 // stride)).astype(np.float32)
        level[:, :2] = -5
        outputs[f"level_{stride}_Conv_f32"] = level
    outputs["level_16_Conv_f32"][:, 0, 1, 2] = 4
    return outputs


def test_a_detector_is_judged_by_its_faces_alone() -> None:
    manifest = tiny.detector_manifest(b"")
    judge = judge_of(manifest)
    wanted = detector_answers(manifest, np.random.default_rng(0))
    elsewhere = {name: level.copy() for name, level in wanted.items()}
    elsewhere["level_8_Conv_f32"][:, 2:] += 1
    assert judge.figures(wanted, elsewhere)["harm"] == 0
    moved = {name: level.copy() for name, level in wanted.items()}
    moved["level_16_Conv_f32"][:, 2, 1, 2] += 2  # x by 0.1 * 2 of the prior's 32 px
    moved["level_16_Conv_f32"][:, 0, 1, 2] = 0
    figures = judge.figures(wanted, moved)
    assert figures["box IoU"] == pytest.approx(0.8 / 1.2, abs=0.02)
    assert figures["score error"] == pytest.approx(1 / (1 + np.exp(-4)) - 0.5, abs=1e-5)
    assert figures["landmark error"] == 0
    assert figures["harm"] == pytest.approx(1 - figures["box IoU"] + figures["score error"])


def test_pictures_without_a_face_judge_no_detector() -> None:
    manifest = tiny.detector_manifest(b"")
    answers = {
        name: level - 9 for name, level in detector_answers(manifest, np.random.default_rng(0)).items()
    }
    with pytest.raises(ConversionError, match="sees no face"):
        judge_of(manifest).figures(answers, answers)


def test_both_forms_of_a_detector_decode_to_the_same() -> None:
    levels = detector_answers(tiny.detector_manifest(b""), np.random.default_rng(3))
    named = {name.removesuffix("_Conv_f32"): level for name, level in levels.items()}
    decoded = decode(named, tiny.detector_manifest(b""), (64, 64))
    rows = {"boxes": [], "scores": [], "landmarks": []}
    for level in levels.values():
        cells = np.moveaxis(level, 1, -1).reshape(2, -1, 30)
        logits = cells[..., :2].reshape(2, -1, 1)
        rows["scores"].append(np.concatenate([1 / (1 + np.exp(logits)), 1 / (1 + np.exp(-logits))], -1))
        rows["boxes"].append(cells[..., 2:10].reshape(2, -1, 4))
        rows["landmarks"].append(cells[..., 10:].reshape(2, -1, 10))
    manifest = tiny.detector_manifest(b"", form="concatenated")
    other = decode({role: np.concatenate(parts, 1) for role, parts in rows.items()}, manifest, (64, 64))
    for name in ("scores", "boxes", "landmarks"):
        np.testing.assert_allclose(getattr(decoded, name), getattr(other, name), rtol=1e-5, atol=1e-5)


def test_other_networks_are_judged_by_their_outputs() -> None:
    judge = judge_of(tiny.embedder_manifest(b"", 2))
    figures = judge.figures({"y": np.array([[3.0, 4.0]])}, {"y": np.array([[3.0, 3.5]])})
    assert figures["harm"] == pytest.approx(0.1)


def test_the_prepared_detector_answers_the_same_and_finds_what_the_product_finds(
    detector: Source, photo: np.ndarray, tmp_path: Path
) -> None:
    network = prepare(detector, (320, 256))
    assert [entry.version for entry in network.graph.opset_import] == [13]
    shapes = [
        [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*network.graph.graph.input, *network.graph.graph.output)
    ]
    assert shapes == [[1, 3, 256, 320], [1, 16, 32, 40], [1, 16, 16, 20], [1, 16, 8, 10]]
    assert network.manifest["input"]["fit"] == "fixed"
    path = tmp_path / "fixed.onnx"
    kept = {key: value for key, value in network.manifest.items() if key not in ("schema", "file")}
    write_model(path, network.graph.SerializeToString(), kept)
    found = facecap.Detector(path).detect(photo)
    blob, scale, left, top = letterbox(photo, network.manifest["input"])
    decoded = decode(run_graph.outputs(network.graph, blob), network.manifest, (320, 256))
    best = int(decoded.scores[0].argmax())
    box = (decoded.boxes[0, best] - np.array([left, top] * 2)) / scale
    np.testing.assert_allclose(box, found.boxes[0], atol=1.5)
    points = (decoded.landmarks[0, best] - np.array([left, top])) / scale
    np.testing.assert_allclose(points, found.landmarks[0], atol=1.5)


def test_sides_that_do_not_fit_are_refused(detector: Source) -> None:
    with pytest.raises(ConversionError, match="input 321x320: wanted multiples of 32"):
        prepare(detector, (321, 320))
    with pytest.raises(ConversionError, match="the model takes 112x112 only"):
        prepare(open_source(models.default("mask").path), (96, 96))


def test_a_node_of_a_newer_opset_is_refused(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Mish", ["x"], ["m"]),
        helper.make_node("GlobalAveragePool", ["m"], ["p"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "v"], ["y"]),
    ]
    graph = tiny.model(
        nodes, [tiny.info("x", ["n", 3, 8, 8])], [tiny.info("y", ["n", 1])], [tiny.constant("v", [[1]] * 3)]
    )
    graph.opset_import[0].version = 18
    data = graph.SerializeToString()
    path = tiny.write(tmp_path, data, tiny.mask_manifest(data))
    with pytest.raises(ConversionError, match="opset 13"):
        prepare(open_source(path))


def test_evaluation_pictures_are_spread_and_taken_in_turn() -> None:
    assert evenly([list(range(100)), ["a", "b"]], 6) == [0, "a", 25, "b", 50, 75]
    assert evenly([[1, 2]], 9) == [1, 2]
    assert evenly([[], [5]], 3) == [5]


def test_answers_are_kept_by_chunks(tmp_path: Path) -> None:
    model = tiny.write_mask(tmp_path)
    asked: list[int] = []

    def answer(items: Any) -> dict[str, np.ndarray]:
        asked.extend(items)
        if len(asked) == 45:
            raise KeyboardInterrupt
        return {"value": np.array(items)}

    items = list(range(45))
    steps = Steps(tmp_path / "steps")
    with pytest.raises(KeyboardInterrupt):
        answers_of(steps, model, items, str, answer, lambda text: None)
    chunks = answers_of(steps, model, items, str, answer, lambda text: None)
    assert np.concatenate([chunk["value"] for chunk in chunks]).tolist() == items
    assert asked == [*items, *items[40:]]


def test_a_mask_classifiers_figures() -> None:
    wanted, found = np.array([0.9, 0.8, 0.2, 0.1]), np.array([0.9, 0.4, 0.2, 0.1])
    masked = np.array([True, True, False, False])
    figures = check_faces.measure(wanted, found, masked)
    assert figures["sign agreement"] == 0.75
    assert figures["AP"] == 1.0
    assert figures["accuracy"] == 0.75
    assert check_faces.measure(wanted, wanted, masked)["logit error"] == 0


def picture(boxes: list[list[float]], scores: list[float]) -> dict[str, np.ndarray]:
    """Detections of one picture, landmarks at the corners of the boxes."""
    array = np.array(boxes, np.float32).reshape(-1, 4)
    points = np.repeat(array[:, None, :2], 5, 1)
    return {"boxes": array, "scores": np.array(scores, np.float32), "landmarks": points}


def test_a_detectors_figures_hold_boxes_against_those_of_the_float_model() -> None:
    wanted = picture([[0, 0, 10, 10], [50, 50, 60, 60]], [0.9, 0.8])
    swapped = picture([[50, 50, 60, 60], [0, 0, 10, 10]], [0.95, 0.9])
    figures = check_detections.measure([wanted], [swapped])
    assert figures["top-box IoU"] == 1.0  # the float model's best box is among the other's
    assert figures["top-to-top IoU"] == 0.0  # and is not its best one
    assert figures["faces kept"] == 1.0
    assert figures["score error"] == pytest.approx(0.075)
    lost = check_detections.measure([wanted, wanted], [picture([], []), wanted])
    assert lost["faces kept"] == 0.5
    assert lost["top-box IoU"] == 0.5
    shifted = check_detections.measure([wanted], [picture([[1, 0, 11, 10], [50, 50, 60, 60]], [0.9, 0.8])])
    assert shifted["box IoU"] == pytest.approx((9 / 11 + 1) / 2)
    assert shifted["landmark error"] == pytest.approx(0.05)
