"""Starting from a model: weights whose batch norms are folded, and the statistics that they lack."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from facecap.conversion.network_onnx import to_onnx  # noqa: E402
from facecap.conversion.onnx_weights import weights_of_onnx  # noqa: E402
from facecap.training import processes  # noqa: E402
from facecap.training.folding import restore_norms  # noqa: E402
from facecap.training.networks.registry import NETWORKS, build  # noqa: E402
from facecap.training.norms import following_norms  # noqa: E402
from facecap.training.run import TrainingError  # noqa: E402
from facecap.training.start import read_start  # noqa: E402

NETWORK = "mobilenet_v1_0.25"


def used(network=NETWORK, outputs=2, side=64):
    """A network whose batch norms have seen something."""
    torch.manual_seed(3)
    model = build(network, outputs)
    for _ in range(3):
        model(torch.randn(8, 3, side, side) * 2 + 1)
    return model.eval()


@pytest.fixture
def file(tmp_path):
    return write(tmp_path, NETWORK)


def write(folder, network):
    path = folder / "model.onnx"
    path.write_bytes(to_onnx(used(network), (64, 64)))
    return path


@pytest.mark.parametrize("network", [name for name in NETWORKS if name != "mobilenet_v1_1.0"])
def test_every_network_comes_back_from_its_file(network, tmp_path):
    model, path = used(network, side=112), tmp_path / "model.onnx"
    path.write_bytes(to_onnx(model, (112, 112)))
    again = build(network, 2).eval()
    again.load_state_dict(weights_of_onnx(path, network))
    pictures = torch.randn(2, 3, 112, 112)
    torch.testing.assert_close(again(pictures), model(pictures), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("network", [NETWORK, "mobilenet_v3_small"])
def test_restored_statistics_keep_the_answers_and_are_those_of_the_pictures(network, tmp_path):
    start = read_start(write(tmp_path, network), network, 2, new_head=False)
    assert start.folded and start.whole
    model = build(network, 2).eval()
    model.load_state_dict(start.weights)
    pictures = torch.randn(64, 3, 64, 64)
    before = model(pictures)
    restore_norms(model, pictures.split(16))
    assert all(norm.running_mean.any() for norm in following_norms(model)), "a mean of 0 is that of none"
    torch.testing.assert_close(model.eval()(pictures), before, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(model.train()(pictures), before, rtol=0.05, atol=0.05)


def test_restored_statistics_are_those_of_the_pictures_of_all_processes(file, monkeypatch):
    weights, pictures = read_start(file, NETWORK, 2, new_head=False).weights, torch.randn(32, 3, 64, 64)
    alone, first, second = (build(NETWORK, 2) for _ in range(3))
    for model in (alone, first, second):
        model.load_state_dict(weights)
    restore_norms(alone, [pictures])
    sums = []
    monkeypatch.setattr(processes, "total", lambda own: sums.append(own) or own)
    restore_norms(first, [pictures[:10]])
    monkeypatch.setattr(processes, "total", lambda own: own + sums.pop(0))
    restore_norms(second, [pictures[10:]])
    torch.testing.assert_close(second.state_dict(), alone.state_dict(), rtol=1e-3, atol=1e-4)


def test_a_file_of_another_network_is_refused(file, tmp_path):
    with pytest.raises(TrainingError, match="its layers are not those of mobilenet_v2"):
        read_start(file, "mobilenet_v2", 2, new_head=False)
    (tmp_path / "none.onnx").write_bytes(b"nothing")
    with pytest.raises(TrainingError, match=r"give its best\.pt"):
        read_start(tmp_path / "none.onnx", NETWORK, 2, new_head=False)
