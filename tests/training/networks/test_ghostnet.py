import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch")

from facecap.conversion import network_onnx  # noqa: E402
from facecap.conversion.equality import ConversionError, check_same_outputs  # noqa: E402
from facecap.training.networks.counting import multiply_adds, parameters  # noqa: E402
from facecap.training.networks.ghostnet import GhostNet  # noqa: E402


@pytest.fixture(scope="module")
def trained() -> GhostNet:
    """A network whose batch norms have seen something, so that folding them is not the identity."""
    torch.manual_seed(3)
    model = GhostNet().train()
    with torch.no_grad():
        for _ in range(3):
            model(torch.randn(4, 3, 64, 64) * 0.7 + 0.2)
    return model.eval()


def test_has_the_size_of_ghostnet_with_one_logit():
    model = GhostNet()
    assert parameters(model) == pytest.approx(3.90e6, rel=0.005)
    # 0.0403 G in convolutions and linear layers; 0.044 G counts batch norm, pooling and products too
    assert multiply_adds(model, 112) == pytest.approx(0.0403e9, rel=0.01)


def test_has_the_published_multiply_adds_at_224():
    assert multiply_adds(GhostNet(1000), 224) == pytest.approx(141e6, rel=0.01)


def test_counting_leaves_the_model_as_it_was():
    model = GhostNet().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    multiply_adds(model, 64)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_exported_file_answers_like_the_network(trained):
    data = network_onnx.to_onnx(trained, (64, 64))
    assert check_same_outputs(trained, data, (64, 64)).share < 1e-5


def test_the_exported_file_is_plain(trained):
    model = onnx.load_from_string(network_onnx.to_onnx(trained, (64, 64)))
    assert model.opset_import[0].version == 13
    assert [d.dim_param or d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim] == [
        "batch", 3, 64, 64,
    ]  # fmt: skip
    kinds = {node.op_type for node in model.graph.node}
    assert kinds == {
        *("Conv", "Relu", "Concat", "Add", "Mul"),
        *("GlobalAveragePool", "HardSigmoid", "Flatten", "Gemm"),
    }
    assert all(tensor.data_location == onnx.TensorProto.DEFAULT for tensor in model.graph.initializer)


def test_a_file_that_answers_differently_is_refused(trained, monkeypatch):
    other = GhostNet().eval()
    build = network_onnx.build
    monkeypatch.setattr(network_onnx, "build", lambda model, *shape: build(other, *shape))
    with pytest.raises(ConversionError, match="differs from the network"):
        network_onnx.to_onnx(trained, (64, 64))


def test_a_picture_of_nan_weights_is_refused():
    model = GhostNet().eval()
    with torch.no_grad():
        model.classifier.bias.fill_(np.nan)
    with pytest.raises(ConversionError):
        network_onnx.to_onnx(model, (64, 64))
