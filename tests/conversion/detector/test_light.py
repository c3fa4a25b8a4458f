"""The RFB and Slim detectors become ONNX files that answer like the network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

import facecap  # noqa: E402
from facecap.conversion.checkpoint import CheckpointError, load_network  # noqa: E402
from facecap.conversion.detector.import_checkpoint import export_network, import_checkpoint  # noqa: E402
from facecap.conversion.detector.priors import FROM_10_PX, LIGHT  # noqa: E402
from facecap.errors import FacecapError  # noqa: E402
from facecap.training.networks.counting import parameters  # noqa: E402
from facecap.training.networks.retinaface import Layout  # noqa: E402
from facecap.training.networks.retinaface_light import RFB, SLIM, LightRetinaFace  # noqa: E402

ABOUT = {"name": "net", "licence": "MIT", "origin": "a test"}
# Some entries of the published checkpoints, and how many there are.
ENTRIES = {
    SLIM.name: (198, {"conv8.0.weight": (64, 1, 3, 3), "conv14.2.0.bias": (64,)}),
    RFB.name: (258, {"conv8.branch2.3.conv.weight": (16, 16, 3, 3), "conv8.ConvLinear.bn.bias": (64,)}),
}
HEADS = {"loc.0.2.weight": (12, 64, 1, 1), "landm.2.2.bias": (20,), "conf.3.weight": (6, 256, 3, 3)}


@pytest.fixture(params=[SLIM, RFB], ids=lambda layout: layout.name)
def network(request: pytest.FixtureRequest) -> LightRetinaFace:
    """Of random weights; `answers` at least some faces."""
    torch.manual_seed(0)
    layout: Layout = request.param
    network = LightRetinaFace(layout)
    with torch.no_grad():
        network.train()(torch.rand(2, 3, 128, 128) * 255 - 110)
    return network.eval()


def saved(network: LightRetinaFace, path: Path) -> Path:
    torch.save(network.state_dict(), path)
    return path


def test_the_published_layout_loads(network: LightRetinaFace, tmp_path: Path) -> None:
    state = network.state_dict()
    count, entries = ENTRIES[network.layout.name]
    assert len(state) == count
    assert {key: tuple(state[key].shape) for key in entries | HEADS} == entries | HEADS
    assert parameters(network) < 360_000
    loaded = load_network(saved(network, tmp_path / "net.pth"))
    assert isinstance(loaded, LightRetinaFace) and loaded.layout == network.layout


def test_four_levels_answer_like_the_network(network: LightRetinaFace, tmp_path: Path) -> None:
    out = tmp_path / "net.onnx"
    difference = export_network(network, out, ABOUT, min_sizes=LIGHT)
    assert difference.score <= 1e-5 and difference.box <= 1e-3
    manifest = json.loads(out.with_suffix(".json").read_text())
    assert manifest["architecture"] == network.layout.name
    assert manifest["detector"]["strides"] == [8, 16, 32, 64] and manifest["input"]["multiple"] == 64
    assert [len(sizes) for sizes in manifest["detector"]["min_sizes"]] == [3, 2, 2, 3]
    assert facecap.Detector(out).detect(np.zeros((100, 200, 3), np.uint8)) is not None


def test_the_published_graph_is_no_form_of_theirs(network: LightRetinaFace, tmp_path: Path) -> None:
    with pytest.raises(FacecapError, match=f"no form 'concatenated' of {network.layout.name}; known: levels"):
        export_network(network, tmp_path / "net.onnx", ABOUT, min_sizes=LIGHT, form="concatenated")


def test_weights_that_find_nothing_and_priors_that_do_not_fit_are_refused(
    network: LightRetinaFace, tmp_path: Path
) -> None:
    path = saved(network, tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match="finds 0 of 8 known faces"):
        import_checkpoint(path, tmp_path / "net.onnx")
    with pytest.raises(CheckpointError, match="priors of other numbers a stride: leave out --min-sizes"):
        import_checkpoint(path, tmp_path / "net.onnx", min_sizes=FROM_10_PX)
