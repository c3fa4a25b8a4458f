"""Training under the rounding of int8: rounded as ONNX rounds, with gradients, on any network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

import tiny_models as tiny  # noqa: E402
from onnx import helper  # noqa: E402
from torch import nn  # noqa: E402

from facecap.conversion import run_graph  # noqa: E402
from facecap.training.networks.registry import build  # noqa: E402
from facecap.training.networks.retinaface import RetinaFace, flatten  # noqa: E402
from facecap.training.quantisation import (  # noqa: E402
    FROZEN_FROM,
    RoundedConv2d,
    finish_qat,
    follow_run,
    prepare_qat,
)


def small() -> nn.Sequential:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(inplace=True),
        nn.Conv2d(4, 4, 3, groups=4),
        nn.Flatten(),
        nn.Linear(4 * 6 * 6, 2),
    )
    nn.init.uniform_(network[1].running_var, 0.5, 2)
    nn.init.normal_(network[1].running_mean)
    nn.init.uniform_(network[1].weight, 0.5, 2)
    return network.eval()


PICTURES = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(1))


def rounded_by_onnx(values: Any, scale: Any, zero: Any, axis: int | None = None) -> Any:
    """QuantizeLinear and DequantizeLinear, as ONNX Runtime computes them."""
    about = {} if axis is None else {"axis": axis}
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], **about),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], **about),
    ]
    shape = tiny.info("x", values.shape), tiny.info("y", values.shape)
    weights = [tiny.constant("s", scale), tiny.constant("z", zero, str(zero.dtype))]
    model = tiny.model(nodes, [shape[0]], [shape[1]], weights)
    return run_graph.session(model).run(None, {"x": values})[0]


def trained_a_step(model: nn.Module, pictures: Any) -> nn.Module:
    model.train()
    model(pictures)
    return model.eval()


@pytest.mark.parametrize("per_channel", [True, False])
def test_weights_are_rounded_as_onnx_rounds_them(per_channel: bool) -> None:
    layer = prepare_qat(small(), per_channel)[3]
    weight = layer.weight.detach().numpy()
    if per_channel:
        scale = np.abs(weight).reshape(4, -1).max(1) / np.float32(127)
        wanted = rounded_by_onnx(weight, scale, np.zeros(4, np.int8), axis=0)
    else:
        wanted = rounded_by_onnx(weight, np.abs(weight).max() / np.float32(127), np.array(0, np.int8))
    np.testing.assert_allclose(layer._rounded_weight().detach().numpy(), wanted, atol=1e-7)


def test_inputs_are_rounded_as_onnx_rounds_them() -> None:
    layer = trained_a_step(prepare_qat(small()), PICTURES)[0]
    scale = np.float32((layer.high - layer.low) / 255)
    zero = np.array(np.round(-float(layer.low) / scale), np.uint8)
    beyond = 1.5 * PICTURES
    wanted = rounded_by_onnx(beyond.numpy(), scale, zero)
    np.testing.assert_allclose(layer._input(beyond).numpy(), wanted, atol=1e-6)


def test_a_folded_network_answers_the_same_but_for_the_rounding() -> None:
    network = small()
    folded = prepare_qat(network)
    for module in folded.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module._rounded_weight = lambda layer=module: layer.weight  # type: ignore[method-assign]
    with torch.inference_mode():
        torch.testing.assert_close(folded(PICTURES), network(PICTURES), atol=1e-5, rtol=1e-5)
        rounded = trained_a_step(prepare_qat(network), PICTURES)(PICTURES)
        difference = (rounded - network(PICTURES)).abs().max() / network(PICTURES).abs().max()
    assert 0 < difference < 0.05


def test_weights_before_a_batch_norm_are_rounded_as_if_it_were_folded() -> None:
    network = small()
    with torch.inference_mode():
        folded, kept = (prepare_qat(network, fold=fold)(PICTURES) for fold in (True, False))
    torch.testing.assert_close(kept, folded, atol=1e-5, rtol=1e-5)


def test_gradients_reach_every_layer_and_a_step_lowers_the_loss() -> None:
    model = prepare_qat(small()).train()
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    losses = []
    for _ in range(10):
        loss = (model(PICTURES) - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()
        assert all(p.grad is not None for p in model.parameters())
        assert all(layer.weight.grad.abs().sum() > 0 for layer in (model[0], model[3], model[5]))
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 2


def test_values_outside_of_the_range_get_no_gradient() -> None:
    layer = trained_a_step(prepare_qat(small()), PICTURES)[0]
    x = (PICTURES * 2).requires_grad_()
    layer._input(x).sum().backward()
    inside = (x >= layer.low) & (x <= layer.high)
    assert (x.grad[~inside] == 0).all() and (x.grad[inside] == 1).float().mean() > 0.99


def test_ranges_follow_slowly_and_stay_when_frozen() -> None:
    model = prepare_qat(small())
    layer = model[0]
    trained_a_step(model, PICTURES)
    first = float(layer.high)
    assert first == pytest.approx(float(PICTURES.max()))
    trained_a_step(model, 10 * PICTURES)
    assert first < float(layer.high) < 1.2 * first
    follow_run(model, FROZEN_FROM)
    second = float(layer.high)
    trained_a_step(model, 10 * PICTURES)
    assert float(layer.high) == second
    model(100 * PICTURES)  # in evaluation nothing follows
    assert float(layer.high) == second


def test_finished_weights_load_where_they_came_from() -> None:
    network = small()
    model = trained_a_step(prepare_qat(network), PICTURES)
    state, ranges = finish_qat(model)
    fresh = small()
    fresh.load_state_dict(state)
    with torch.inference_mode():
        torch.testing.assert_close(fresh(PICTURES), network(PICTURES), atol=1e-5, rtol=1e-5)
    assert list(ranges) == ["0", "3", "5"]
    low, high = ranges["3"]  # reads what ReLU gives
    assert low == 0 < high


@pytest.mark.parametrize("name", ["ghostnet_1.0x", "mobilenet_v2", "mobilefacenet"])
def test_networks_of_the_registry_go_there_and_back(name: str) -> None:
    torch.manual_seed(0)
    network = build(name, 2).eval()
    pictures = torch.randn(1, 3, 112, 112)
    model = prepare_qat(network)
    assert sum(isinstance(module, RoundedConv2d) for module in model.modules()) > 20
    fresh = build(name, 2).eval()
    fresh.load_state_dict(finish_qat(model)[0])
    with torch.inference_mode():
        torch.testing.assert_close(fresh(pictures), network(pictures), atol=1e-3, rtol=1e-3)


def test_the_detector_trains_under_rounding() -> None:
    torch.manual_seed(0)
    model = prepare_qat(RetinaFace()).train()
    boxes, logits, landmarks = flatten(model(torch.randn(1, 3, 64, 64)))
    (boxes.sum() + logits.sum() + landmarks.sum()).backward()
    assert all(p.grad is not None for p in model.parameters())
    fresh = RetinaFace()
    fresh.load_state_dict(finish_qat(model)[0])
