"""Any classifier or embedder network becomes one ONNX file that answers the same."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from facecap.conversion.equality import ConversionError, check_same_outputs  # noqa: E402
from facecap.conversion.network_onnx import to_onnx  # noqa: E402
from facecap.training.networks.registry import NETWORKS, build  # noqa: E402


def trained(name: str, outputs: int = 3) -> torch.nn.Module:
    """A network whose batch norms are like those that training leaves: no two channels alike."""
    torch.manual_seed(1)
    network = build(name, outputs)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
    with torch.no_grad():
        network.train()(torch.rand(8, 3, 112, 112) * 2 - 1)
    return network.eval()


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network(name):
    network = trained(name)
    data = to_onnx(network, (112, 112))
    assert check_same_outputs(network, data, (112, 112)).share < 1e-5
    model = onnx.load_from_string(data)
    assert {"BatchNormalization", "Identity", "Dropout"}.isdisjoint({n.op_type for n in model.graph.node})
    assert model.opset_import[0].version == 13


def run(data: bytes, pictures: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: pictures})[0]


def test_a_free_batch_takes_any_number_and_a_fixed_one_its_own():
    network = trained("mobilenet_v1_0.25")
    free, fixed = to_onnx(network, (64, 48)), to_onnx(network, (64, 48), 4)
    pictures = np.random.default_rng(2).uniform(-1, 1, (4, 3, 48, 64)).astype(np.float32)
    np.testing.assert_allclose(run(free, pictures), run(fixed, pictures), atol=1e-6)
    assert run(free, pictures[:1]).shape == (1, 3)
    with pytest.raises(Exception, match=r"(?i)invalid dimensions"):
        run(fixed, pictures[:1])


def test_the_network_stays_in_its_mode():
    network = trained("mobilenet_v1_0.25").train()
    to_onnx(network, (64, 64))
    assert network.training


class Odd(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(x.flatten(1), 1)


class HalfPooled(torch.nn.Module):
    """Its pooling is written as a global one, which it is not."""

    def __init__(self):
        super().__init__()
        self.pool = torch.nn.AdaptiveAvgPool2d((1, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pool(x).flatten(1)


def test_an_unknown_operation_is_named():
    with pytest.raises(ConversionError, match="softmax"):
        to_onnx(Odd(), (8, 8))


def test_a_file_that_answers_differently_is_refused():
    with pytest.raises(ConversionError, match=r"answers \(9, 3\) where the network answers \(9, 6\)"):
        to_onnx(HalfPooled(), (8, 8))


def test_tiny_answers_are_compared_too():
    network = trained("mobilenet_v1_0.25")
    other = trained("mobilenet_v1_0.25")
    with torch.no_grad():
        for each, factor in ((network, 1e-7), (other, 1.01e-7)):
            each.fc.weight.mul_(factor)
            each.fc.bias.mul_(factor)
    with pytest.raises(ConversionError):
        check_same_outputs(other, to_onnx(network, (64, 64)), (64, 64))
