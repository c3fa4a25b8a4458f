"""Whatever a user calls a model is opened, or the text says what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

import facecap  # noqa: E402
from facecap.conversion import embedder  # noqa: E402
from facecap.conversion.checkpoint import CheckpointError  # noqa: E402
from facecap.conversion.import_model import import_model  # noqa: E402
from facecap.conversion.model_source import as_model  # noqa: E402
from facecap.conversion.source import open_source  # noqa: E402
from facecap.training.networks.mobilefacenet import MobileFaceNet  # noqa: E402
from facecap.training.networks.registry import build  # noqa: E402

MASK = {
    "name": "mine",
    "task": "mask",
    "architecture": "mobilenet_v1_0.25",
    "input": {
        "name": "input",
        "width": 64,
        "height": 64,
        "fit": "fixed",
        "color": "rgb",
        "mean": [127.5] * 3,
        "std": [127.5] * 3,
    },
    "outputs": [{"role": "logits", "name": "logits"}],
    "classifier": {
        "output": "sigmoid",
        "classes": ["no_mask", "mask"],
        "unknown": [0.4, 0.6],
        "crop_border": 0.15,
    },
    "licence": "MIT",
    "origin": "a test",
}


def saved(path: Path, content: Any) -> Path:
    torch.save(content, path)
    return path


@pytest.fixture
def mask_run(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    network = build("mobilenet_v1_0.25", 1)
    state = {"model": network.state_dict(), "manifest": MASK, "step": 3, "history": [{"step": 3.0}]}
    return saved(tmp_path / "best.pt", state)


@pytest.fixture
def embedding_network() -> MobileFaceNet:
    torch.manual_seed(0)
    network = MobileFaceNet(128)
    network.train()(torch.rand(4, 3, 112, 112) * 2 - 1)
    return network.eval()


@pytest.mark.parametrize("model", [None, "mask-ghostnet", "some/where.onnx", Path("m.cvimodel")])
def test_models_stay_as_they_are(model, tmp_path):
    assert as_model(model, tmp_path / "made") == model
    assert not (tmp_path / "made").exists()


def test_a_run_becomes_a_model_that_opens(mask_run, tmp_path):
    path = as_model(mask_run, tmp_path / "made")
    classifier = facecap.MaskClassifier(path)
    assert classifier.info["manifest"]["name"] == "mine"
    assert classifier.info["input_size"] == (64, 64)


def test_a_conversion_starts_from_a_run(mask_run):
    source = open_source(mask_run)
    assert source.task == "mask" and source.manifest["name"] == "mine"


def test_runs_of_the_same_name_do_not_meet(mask_run, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "best.pt").write_bytes(mask_run.read_bytes())
    made = {as_model(path, tmp_path / "made") for path in (mask_run, other / "best.pt")}
    assert len(made) == 2 and all(path.is_file() for path in made)


def test_an_embedder_answers_like_its_network(embedding_network, photo, tmp_path):
    manifest = {**embedder.manifest(128, 0.4), "name": "e", "licence": "MIT", "origin": "a test"}
    checkpoint = {"model": embedding_network.state_dict(), "manifest": manifest}
    path = saved(tmp_path / "best.pt", checkpoint)
    opened = facecap.Embedder(as_model(path, tmp_path))
    assert opened.info["manifest"]["embedder"]["same_person"] == 0.4
    import_model(path, tmp_path / "stricter.onnx", same_person=0.5, name="stricter")
    stricter = facecap.Embedder(tmp_path / "stricter.onnx").info["manifest"]
    assert stricter["embedder"]["same_person"] == 0.5 and stricter["name"] == "stricter"
    crop = np.ascontiguousarray(photo[200:312, 200:312])
    pixels = torch.from_numpy(crop[:, :, ::-1].copy()).permute(2, 0, 1)[None].float()
    with torch.no_grad():
        wanted = torch.nn.functional.normalize(embedding_network((pixels / 255 - 0.5) / 0.5)).numpy()
    np.testing.assert_allclose(opened.embed(crop[None]), wanted, atol=1e-5)


def test_published_state_dicts_of_mobilefacenet(embedding_network, tmp_path):
    weights = saved(tmp_path / "mobilefacenet.pt", embedding_network.state_dict())
    import_model(weights, tmp_path / "out.onnx", same_person=0.25, licence="Apache-2.0")
    manifest = json.loads((tmp_path / "out.json").read_text())
    assert manifest["embedder"] == {"dimensions": 128, "same_person": 0.25}
    assert manifest["licence"] == "Apache-2.0"
    assert facecap.Embedder(tmp_path / "out.onnx")


def test_a_kind_shows_in_the_file_and_not_in_its_name(embedding_network, tmp_path):
    weights = saved(tmp_path / "weights.onnx", embedding_network.state_dict())
    first = import_model(weights, tmp_path / "first.onnx")
    graph = tmp_path / "graph.pth"
    graph.write_bytes((tmp_path / "first.onnx").read_bytes())
    second = import_model(graph, tmp_path / "second.onnx")
    for difference in (first, second):
        assert 0 <= difference.share <= 1e-4
        assert str(difference).startswith("outputs differ by ")


def test_a_graph_without_outputs_is_of_no_kind(tmp_path):
    empty = onnx.helper.make_model(onnx.helper.make_graph([], "empty", [], []))
    onnx.save(empty, str(tmp_path / "empty.onnx"))
    with pytest.raises(CheckpointError, match="an ONNX graph of 0 outputs; wanted one of: YuNet or SCRFD"):
        import_model(tmp_path / "empty.onnx", tmp_path / "out.onnx")


def detector_shapes() -> dict[str, Any]:
    return {"BboxHead.0.conv1x1.weight": torch.zeros(2)}


def detector_run() -> dict[str, Any]:
    return {"model": {}, "manifest": {**MASK, "task": "face_detection"}}


FOREIGN = [
    ("text", lambda: None, "neither a checkpoint of torch nor a readable ONNX file"),
    ("a list", lambda: [1, 2], "found a list"),
    ("no weights", lambda: {"epoch": 3}, "wanted a state_dict"),
    ("another network", lambda: {"conv.weight": torch.zeros(3)}, "unknown network .*conv.weight"),
    ("a classifier", lambda: build("mobilenet_v2", 10).state_dict(), "mobilenet_v2 with 10 outputs .*--task"),
    ("a broken detector", detector_shapes, "does not fit retinaface"),
    ("a run of a detector", lambda: detector_run(), "no network of a run has the task 'face_detection'"),
    ("a run of nothing", lambda: {"model": {}, "manifest": {}}, "does not describe a network"),
    ("a run of another network", lambda: {"model": {}, "manifest": MASK}, "wanted a state_dict"),
]


@pytest.mark.parametrize(("content", "said"), [row[1:] for row in FOREIGN], ids=[row[0] for row in FOREIGN])
def test_a_foreign_file_is_named(content, said, tmp_path):
    path = tmp_path / "foreign.pt"
    if content() is None:
        path.write_text("a text")
    else:
        saved(path, content())
    with pytest.raises(CheckpointError, match=rf"foreign.pt: .*{said}"):
        as_model(path, tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_weights_of_another_width_do_not_fit_the_run(tmp_path):
    state = {"model": build("mobilenet_v1_0.5", 1).state_dict(), "manifest": MASK}
    with pytest.raises(CheckpointError, match=r"does not fit mobilenet_v1_0\.25"):
        as_model(saved(tmp_path / "best.pt", state), tmp_path)


def test_onnx_files_of_other_networks_are_named(tmp_path):
    (tmp_path / "text.onnx").write_text("no model")
    from facecap.conversion.network_onnx import to_onnx

    (tmp_path / "v1.onnx").write_bytes(to_onnx(build("mobilenet_v1_0.25", 2), (64, 64)))
    for name, said in (
        ("text.onnx", "neither a checkpoint of torch nor a readable ONNX file"),
        ("v1.onnx", "has 27 convolutions, MobileFaceNet has 51"),
        ("absent.onnx", "no such file"),
    ):
        with pytest.raises(CheckpointError, match=said):
            import_model(tmp_path / name, tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()


def test_the_published_mobilefacenet(shared: Path, photo, tmp_path):
    published = shared / "data" / "weights" / "MobileFaceNet.onnx"
    out = tmp_path / "embedder.onnx"
    import_model(published, out)
    opened = facecap.Embedder(out)
    assert opened.info["manifest"]["embedder"]["dimensions"] == 128
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(str(published), providers=["CPUExecutionProvider"])
    crop = np.ascontiguousarray(photo[150:262, 200:312])
    pixels = (crop[:, :, ::-1].transpose(2, 0, 1)[None] / 255 - 0.5) / 0.5
    (wanted,) = session.run(None, {"input0": pixels.astype(np.float32)})
    np.testing.assert_allclose(opened.embed(crop[None]), wanted / np.linalg.norm(wanted), atol=1e-5)
    assert not list(tmp_path.glob("*.data"))


def test_the_published_backbone_is_recognised(shared: Path, tmp_path):
    path = shared / "data" / "weights" / "mobilenetV1X0.25_pretrain.tar"
    with pytest.raises(CheckpointError, match=r"mobilenet_v1_0\.25 with 1000 outputs"):
        as_model(path, tmp_path)


def test_a_published_detector_opens(shared: Path, tmp_path):
    path = as_model(str(shared / "data" / "weights" / "mobilenet0.25_Final.pth"), tmp_path)
    assert facecap.Detector(path)
