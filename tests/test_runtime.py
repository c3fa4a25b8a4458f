"""Sessions over ONNX Runtime: they compute what it computes, share weights, and name what is wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import tiny_models as tiny
from onnx import TensorProto, helper

import facecap
from facecap._model import open_model

SIDE = 8


def pictures(count: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(size=(count, 3, SIDE, SIDE)).astype(np.float32)


def test_session_computes_what_onnxruntime_computes(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    path = tiny.write_mask(tmp_path)
    model, info = open_model(path, "mask")
    reference = onnxruntime.InferenceSession(str(path))
    for count in (1, 3, 1):
        x = pictures(count, seed=count)
        (y,) = model.run([x])
        np.testing.assert_array_equal(y, reference.run(None, {"x": x})[0])
    assert info["runtime"] == "onnx"
    assert info["runtime_version"] == onnxruntime.__version__
    assert info["input_size"] == (SIDE, SIDE)
    assert info["providers"] == ["CPUExecutionProvider"]
    assert info["manifest"]["name"] == "tiny-mask"
    assert info["path"] == str(path)


def test_a_classifier_of_any_classes(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    data = tiny.classifier(columns=3).SerializeToString()
    manifest = tiny.classification_manifest(data, ["cat", "dog", "horse"])
    path = tiny.write(tmp_path, data, manifest)
    model, info = open_model(path, "classification")
    assert info["manifest"]["classifier"]["classes"] == ["cat", "dog", "horse"]
    wanted = onnxruntime.InferenceSession(str(path)).run(None, {"x": pictures(5)})[0]
    np.testing.assert_array_equal(model.run([pictures(5)])[model.find_output("logits")], wanted)
    with pytest.raises(facecap.ModelError, match="a model of the task classification, wanted mask"):
        facecap.MaskClassifier(path)
    with pytest.raises(facecap.ModelError, match=r"the role 'logits', 'y' float32 \(\?, 2\)"):
        open_model((data, tiny.classification_manifest(data, ["cat", "dog"])), "classification")


def test_external_data_lies_beside_the_model(tmp_path: Path) -> None:
    proto = tiny.classifier(hidden=64)
    onnx.save(
        proto, tmp_path / "tiny.onnx", save_as_external_data=True, location="tiny.data", size_threshold=0
    )
    data = (tmp_path / "tiny.onnx").read_bytes()
    path = tiny.write(tmp_path, data, tiny.mask_manifest(data))
    whole = tiny.classifier(hidden=64).SerializeToString()
    inside, _ = open_model((whole, tiny.mask_manifest(whole)), "mask")
    outside, _ = open_model(path, "mask")
    np.testing.assert_array_equal(outside.run([pictures(2)])[0], inside.run([pictures(2)])[0])
    (tmp_path / "tiny.data").unlink()
    del outside
    with pytest.raises(facecap.ModelError, match=r"tiny\.onnx: its weights lie in a file beside it"):
        open_model(path, "mask")


def test_published_embedder_with_external_data(shared: Path, tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    for name in ("MobileFaceNet.onnx", "MobileFaceNet.onnx.data"):
        (tmp_path / name).symlink_to(shared / "data" / "weights" / name)
    path = tmp_path / "MobileFaceNet.onnx"
    manifest = tiny.embedder_manifest(path.read_bytes(), 128, side=112)
    path.with_suffix(".json").write_text(json.dumps(manifest))
    model, _ = open_model(path, "face_embedding")
    x = np.random.default_rng(0).normal(size=(1, 3, 112, 112)).astype(np.float32)
    reference = onnxruntime.InferenceSession(str(path)).run(None, {"input0": x})[0]
    np.testing.assert_allclose(model.run([x])[0], reference, atol=1e-5)


def test_sixteen_holders_of_one_file_share_one_session(tmp_path: Path) -> None:
    weights = 8_000_000  # floats, 32 MB
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"]),
        helper.make_node("MatMul", ["f", "w"], ["m"]),
        helper.make_node("ReduceMean", ["m"], ["y"], axes=[1]),
    ]
    columns = weights // (3 * SIDE * SIDE)
    matrix = tiny.constant("w", np.ones((3 * SIDE * SIDE, columns)))
    proto = tiny.model(nodes, [tiny.info("x", ["n", 3, SIDE, SIDE])], [tiny.info("y", ["n", 1])], [matrix])
    data = proto.SerializeToString()
    path = tiny.write(tmp_path, data, tiny.mask_manifest(data))
    first, _ = open_model(path, "mask")
    first.run([pictures(1)])
    before = resident_bytes()
    others = [open_model(path if i % 2 else tmp_path / "." / "tiny.onnx", "mask")[0] for i in range(15)]
    for other in others:
        other.run([pictures(1)])
    assert {other.session_id for other in others} == {first.session_id}
    assert resident_bytes() - before < 4 * weights / 2
    assert open_model(path, "mask", threads=2)[0].session_id != first.session_id


def resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except FileNotFoundError:
        pytest.skip("resident memory is read from /proc")
    import resource

    return pages * resource.getpagesize()


def test_a_session_may_run_in_several_threads(tmp_path: Path) -> None:
    """Guards the session against state that calls would share: threads with other shapes each."""
    model, _ = open_model(tiny.write_mask(tmp_path), "mask")
    expected = [model.run([pictures(t + 1, seed=t)])[0] for t in range(4)]
    wrong: list[int] = []

    def work(t: int) -> None:
        for _ in range(50):
            if not np.array_equal(model.run([pictures(t + 1, seed=t)])[0], expected[t]):
                wrong.append(t)

    threads = [threading.Thread(target=work, args=(t,)) for t in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# What is wrong with a file.


def damaged(change: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        data = tiny.classifier().SerializeToString()
        return tiny.write(folder, change(data), tiny.mask_manifest(data))

    return build


def foreign(data: bytes, suffix: str = ".onnx") -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        path = folder / f"tiny{suffix}"
        path.write_bytes(data)
        path.with_suffix(".json").write_text(json.dumps(tiny.mask_manifest(data)))
        return path

    return build


def with_manifest(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        data = tiny.classifier().SerializeToString()
        return tiny.write(folder, data, change(tiny.mask_manifest(data)))

    return build


def network(
    inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto], nodes: list[onnx.NodeProto]
) -> Callable[[Path], Path]:
    def build(folder: Path) -> Path:
        data = tiny.model(nodes, inputs, outputs).SerializeToString()
        return tiny.write(folder, data, tiny.mask_manifest(data))

    return build


def fitting_half(folder: Path) -> Path:
    data = tiny.classifier().SerializeToString()
    half = data[: len(data) // 2]
    return tiny.write(folder, half, tiny.mask_manifest(half))


def flat(kind: int = TensorProto.FLOAT, side: int = SIDE) -> list[onnx.ValueInfoProto]:
    return [tiny.info("x", ["n", 3, side, side], kind)]


FLATTEN = [helper.make_node("Flatten", ["x"], ["y"])]

BAD_MODELS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "none.onnx", r"none\.onnx: No such file"),
    "folder": (lambda folder: folder, "a folder, wanted a model file"),
    "empty": (damaged(lambda data: b""), "empty"),
    "picture": (foreign(b"\x89PNG\r\n\x1a\n" + bytes(100), ".png"), "a PNG picture"),
    "text": (foreign(b"hello there\n" * 10, ".txt"), "a text"),
    "checkpoint": (foreign(b"PK\x03\x04" + bytes(100), ".pth"), "facecap models import"),
    "old checkpoint": (foreign(b"\x80\x02\x8a\nl\xfc" + bytes(100), ".pth"), "facecap models import"),
    "for the board": (foreign(b"CviModel" + bytes(100), ".cvimodel"), "the key 'chip' is missing"),
    "truncated": (damaged(lambda data: data[:-20]), r"the manifest wants \d+: the file is truncated"),
    "longer": (damaged(lambda data: data + b"\0"), "another file"),
    "other bytes": (
        damaged(lambda data: data[:-1] + bytes([data[-1] ^ 1])),
        "found the sha256 [0-9a-f]{64}, the",
    ),
    "truncated with its manifest": (fitting_half, "no ONNX model, or one that is cut or damaged"),
    "no manifest": (with_manifest(lambda manifest: None), r"tiny\.json: no manifest"),
    "broken manifest": (with_manifest(lambda manifest: "{'a': 1}"), r"tiny\.json: not a JSON text: line 1"),
    "manifest lacks a key": (
        with_manifest(lambda m: {k: v for k, v in m.items() if k != "input"}),
        "the key 'input' is missing",
    ),
    "manifest of another task": (
        with_manifest(lambda m: tiny.embedder_manifest(tiny.classifier().SerializeToString(), 1)),
        "a model of the task face_embedding, wanted mask",
    ),
    "other input size": (
        with_manifest(lambda m: {**m, "input": {**m["input"], "width": 9}}),
        r"takes 'x' float32 \(\?, 3, 8, 8\), the manifest wants one input float32 \(\?, 3, 8, 9\)",
    ),
    "chip of an ONNX file": (
        with_manifest(lambda m: {**m, "chip": "cv182x"}),
        "found the key 'chip', which only",
    ),
    "name cut within a character": (
        with_manifest(lambda m: {**m, "task": "m" + "\u00e9" * 80}),
        "found 'm\u00e9+.?', wanted one of",
    ),
    "no room for a picture": (
        network([tiny.info("x", [0, 3, SIDE, SIDE])], [tiny.info("y", ["n", 192])], FLATTEN),
        r"takes 'x' float32 \(0, 3, 8, 8\), the manifest wants one input",
    ),
    "other output columns": (
        with_manifest(lambda m: {**m, "classifier": {**m["classifier"], "output": "softmax"}}),
        r"an output with the role 'logits', 'y' float32 \(\?, 2\); the network gives 'y' float32 \(\?, 1\)",
    ),
    "two inputs": (
        network([*flat(), tiny.info("z", ["n"])], [tiny.info("y", ["n", 192])], FLATTEN),
        r"takes 'x' .*, 'z' float32 \(\?\), the manifest wants one input",
    ),
    "input of bytes": (
        network(flat(TensorProto.UINT8), [tiny.info("y", ["n", 192], TensorProto.UINT8)], FLATTEN),
        "takes 'x' uint8 .* wants one input float32",
    ),
    "input of doubles": (
        network(flat(TensorProto.DOUBLE), [tiny.info("y", ["n", 192], TensorProto.DOUBLE)], FLATTEN),
        "'x' has the ONNX element type 11, wanted float32",
    ),
}


@pytest.mark.parametrize("case", BAD_MODELS)
def test_a_model_that_cannot_be_used_is_named(
    case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    build, message = BAD_MODELS[case]
    path = build(tmp_path)
    with pytest.raises(facecap.ModelError, match=message) as caught:
        open_model(path, "mask")
    assert str(path.parent if path.suffix else path) in str(caught.value)
    assert capfd.readouterr() == ("", ""), "the library's log is kept off the user's terminal"


def test_runtime_and_threads_are_checked(tmp_path: Path) -> None:
    path = tiny.write_mask(tmp_path)
    with pytest.raises(facecap.ModelError, match='a model of the runtime onnx, but runtime="cvimodel"'):
        open_model(path, "mask", runtime="cvimodel")
    with pytest.raises(ValueError, match="found 'gpu', wanted auto, onnx or cvimodel"):
        open_model(path, "mask", runtime="gpu")
    for threads in (0, -1, 257):
        with pytest.raises(ValueError, match=f"threads is {threads}, wanted 1 to 256"):
            open_model(path, "mask", threads=threads)


@pytest.mark.parametrize(
    ("arrays", "error", "message"),
    [
        ([], facecap.ModelError, "found 0 input tensors, wanted 'x'"),
        ([pictures(1)] * 2, facecap.ModelError, "found 2 input tensors"),
        ([pictures(1)[:, :2].copy()], facecap.ModelError, r"float32 \(1, 2, 8, 8\), wanted 'x' float32"),
        ([pictures(1)[0]], facecap.ModelError, r"float32 \(3, 8, 8\)"),
        ([pictures(1).astype(np.int32)], facecap.ModelError, "int32"),
        ([pictures(1).astype(np.float64)], TypeError, "a tensor of float64"),
        ([pictures(1)[:, :, :, ::-1]], ValueError, "not C-contiguous"),
    ],
)
def test_wrong_tensors_are_refused(
    arrays: list[Any], error: type[Exception], message: str, tmp_path: Path
) -> None:
    model, _ = open_model(tiny.write_mask(tmp_path), "mask")
    with pytest.raises(error, match=message):
        model.run(arrays)
    assert model.run([pictures(2)])[0].shape == (2, 1)


@pytest.mark.parametrize(("rows", "shape"), [(0, r"\(0, 1\)"), (1, r"\(1, 1\)"), (9, r"\(9, 1\)")])
@pytest.mark.parametrize("task", ["mask", "face_embedding"])
def test_answers_that_are_not_one_a_crop_are_refused(
    task: str, rows: int, shape: str, tmp_path: Path
) -> None:
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[0, 1, 2, 3], keepdims=0),
        helper.make_node("Expand", ["m", "s"], ["y"]),
    ]
    shapes = [tiny.constant("s", [rows, 1], "int64")]
    data = tiny.model(nodes, flat(), [tiny.info("y", ["m", 1])], shapes).SerializeToString()
    crops = np.zeros((3, SIDE, SIDE, 3), np.uint8)
    if task == "mask":
        ask = facecap.MaskClassifier((data, tiny.mask_manifest(data))).predict
    else:
        ask = facecap.Embedder((data, tiny.embedder_manifest(data, 1))).embed
    with pytest.raises(facecap.ModelError, match=f"answers 3 crops with float32 {shape}, wanted .*3, 1"):
        ask(crops)


def test_a_network_that_fails_while_it_runs(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    nodes = [
        helper.make_node("Reshape", ["x", "s"], ["r"]),
        helper.make_node("ReduceMean", ["r"], ["y"], axes=[1]),
    ]
    shape = tiny.constant("s", [5, -1], "int64")
    proto = tiny.model(nodes, flat(), [tiny.info("y", ["m", 1])], [shape])
    data = proto.SerializeToString()
    model, _ = open_model(tiny.write(tmp_path, data, tiny.mask_manifest(data)), "mask")
    with pytest.raises(facecap.ModelError, match=r"tiny\.onnx: ONNX Runtime failed: .*[Rr]eshape"):
        model.run([pictures(1)])
    assert capfd.readouterr() == ("", "")
    assert model.run([pictures(5)])[0].shape == (5, 1)
