"""Starting from a checkpoint: what is taken over, what is refused, what stays frozen."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from facecap.training.backbone import freeze_backbone, head_names, takes_side  # noqa: E402
from facecap.training.mask.recipe import PRESETS  # noqa: E402
from facecap.training.networks.layout import layer_names  # noqa: E402
from facecap.training.networks.registry import LAYOUTS, NETWORKS, build  # noqa: E402
from facecap.training.norms import train_mode  # noqa: E402
from facecap.training.quantisation import RoundedConv2d, trained  # noqa: E402
from facecap.training.run import TrainingError  # noqa: E402
from facecap.training.start import begin, blend, read_start  # noqa: E402

NETWORK = "mobilenet_v1_0.25"
RECIPE = replace(PRESETS["default"], network=NETWORK)


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(1)
    path = tmp_path / "best.pt"
    about = {"architecture": NETWORK, "origin": "trained on squares"}
    torch.save({"model": build(NETWORK, 3).state_dict(), "manifest": about}, path)
    return path


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_has_a_backbone_and_a_small_head(network):
    model = build(network, 1)
    head = head_names(network)
    learnt = {name: weight.numel() for name, weight in model.named_parameters()}
    assert head & learnt.keys()
    assert sum(count for name, count in learnt.items() if name in head) < 0.01 * sum(learnt.values())
    assert takes_side(network, 112)


@pytest.mark.parametrize("per_tensor", [False, True])
def test_weights_are_rounded_by_layer_where_the_recipe_says_so(per_tensor):
    model = begin(replace(RECIPE, preset="qat", per_tensor=per_tensor), 3, None)
    layers = [module for module in model.modules() if isinstance(module, RoundedConv2d)]
    assert layers and all(layer.per_channel is not per_tensor for layer in layers)


def rounded(model):
    return [module for module in model.modules() if isinstance(module, RoundedConv2d)]


def rounded_run(recipe, start=None):
    """A network in training under rounding, after it saw some pictures."""
    model = begin(replace(recipe, preset="qat"), 3, start).train()
    model(torch.rand(4, 3, 32, 32))
    return model.eval()


@pytest.mark.parametrize("from_float", [False, True])
@pytest.mark.parametrize("name", ["best.pt", "last.pt"])
def test_a_run_under_rounding_is_gone_on_with_its_ranges(checkpoint, tmp_path, from_float, name):
    start = read_start(checkpoint, NETWORK, 3, new_head=False) if from_float else None
    model = rounded_run(RECIPE, start)
    path = tmp_path / "run" / name
    path.parent.mkdir()
    about = {"architecture": NETWORK, "origin": "trained on squares"}
    state = {**trained(model), "manifest": about} if name == "best.pt" else {"model": model.state_dict()}
    torch.save(state, path)
    again = read_start(path, NETWORK, 3, new_head=False)
    assert again.origin.endswith(", with its ranges")
    further = begin(replace(RECIPE, preset="qat", start=str(path)), 3, again).eval()
    for layer, other in zip(rounded(model), rounded(further), strict=True):
        assert (layer.low, layer.high, layer.seen) == (other.low, other.high, other.seen)
    pictures = torch.rand(2, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(further(pictures), model(pictures), atol=0.05, rtol=0.05)


def test_a_network_that_begins_under_rounding_keeps_its_batch_norms():
    model = rounded_run(RECIPE)
    assert any(isinstance(module, torch.nn.BatchNorm2d) for module in model.modules())
    assert trained(model)["model"].keys() == build(NETWORK, 3).state_dict().keys()


def test_the_last_checkpoint_of_another_network_is_refused(tmp_path):
    torch.save({"model": rounded_run(RECIPE).state_dict()}, tmp_path / "last.pt")
    with pytest.raises(TrainingError, match=r"a run of another network than mobilenet_v1_1.0"):
        read_start(tmp_path / "last.pt", "mobilenet_v1_1.0", 3, new_head=False)


def test_the_same_outputs_keep_the_head(checkpoint):
    start = read_start(checkpoint, NETWORK, 3, new_head=False)
    assert start.whole
    assert start.origin == "the best checkpoint of a run (trained on squares)"
    model = begin(RECIPE, 3, start)
    for name, value in torch.load(checkpoint, weights_only=True)["model"].items():
        assert torch.equal(model.state_dict()[name], value)


@pytest.mark.parametrize(("outputs", "new_head"), [(5, False), (3, True)])
def test_the_head_is_dropped_where_the_outputs_differ_or_when_asked(checkpoint, outputs, new_head):
    start = read_start(checkpoint, NETWORK, outputs, new_head)
    assert not start.whole
    fresh, model = begin(RECIPE, outputs, None).state_dict(), begin(RECIPE, outputs, start)
    head = head_names(NETWORK)
    loaded = torch.load(checkpoint, weights_only=True)["model"]
    for name, value in model.state_dict().items():
        assert torch.equal(value, fresh[name] if name in head else loaded[name]), name


def test_a_frozen_backbone_stays_to_the_last_bit():
    torch.manual_seed(0)
    model = build(NETWORK, 2)
    model(torch.randn(16, 3, 32, 32))
    freeze_backbone(model, NETWORK)
    train_mode(model)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    model(torch.randn(4, 3, 32, 32)).square().sum().backward()
    optimizer.step()
    head = head_names(NETWORK)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]) == (name not in head), name


def test_a_checkpoint_of_another_network_is_refused_by_name(checkpoint, tmp_path):
    with pytest.raises(TrainingError, match=f"holds {NETWORK}, wanted mobilenet_v2"):
        read_start(checkpoint, "mobilenet_v2", 3, new_head=False)
    plain = tmp_path / "plain.pth"
    torch.save(torch.load(checkpoint, weights_only=True)["model"], plain)
    with pytest.raises(TrainingError, match=f"holds {NETWORK}, wanted mobilenet_v2"):
        read_start(plain, "mobilenet_v2", 3, new_head=False)
    torch.save(torch.nn.Linear(2, 3).state_dict(), plain)
    with pytest.raises(TrainingError, match=f"does not fit {NETWORK}"):
        read_start(plain, NETWORK, 3, new_head=False)


def test_plain_weights_are_a_start_too(checkpoint, tmp_path):
    weights = torch.load(checkpoint, weights_only=True)["model"]
    older = tmp_path / "older.pt"
    torch.save({"model": weights, "step": 3}, older)
    assert read_start(older, NETWORK, 3, new_head=False).origin == "the weights of older.pt"


def test_weights_in_the_names_of_another_program_are_a_start(tmp_path):
    model = build(NETWORK, 5)
    [layout] = LAYOUTS[NETWORK]
    names = dict(zip(layer_names(model), layout.layers, strict=True))
    state = {}
    for key, value in model.state_dict().items():
        layer, _, entry = key.rpartition(".")
        state[f"module.{names[layer]}.{entry}"] = value
    torch.save({"state_dict": state}, tmp_path / "published.pth")
    start = read_start(tmp_path / "published.pth", NETWORK, 1, new_head=False)
    assert not start.whole
    for key, value in start.weights.items():
        assert torch.equal(value, model.state_dict()[key])


def test_published_weights_of_imagenet_are_a_start(shared):
    start = read_start(shared / "data/weights/mobilenetV1X0.25_pretrain.tar", NETWORK, 1, new_head=False)
    assert not start.whole
    assert begin(RECIPE, 1, start)(torch.zeros(2, 3, 64, 64)).shape == (2, 1)


@pytest.mark.parametrize("content", [b"", b"text", None])
def test_what_is_no_checkpoint_is_refused(tmp_path, content):
    path = tmp_path / "best.pt"
    if content is None:
        torch.save([1, 2], path)
    else:
        path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"best.pt: .* give its best.pt"):
        read_start(path, NETWORK, 3, new_head=False)


def test_a_blend_lies_between_its_ends():
    start, end = {"w": torch.zeros(2), "n": torch.tensor(3)}, {"w": torch.ones(2), "n": torch.tensor(9)}
    blended = blend(start, end, 0.7)
    assert blended["w"].tolist() == pytest.approx([0.7, 0.7])
    assert int(blended["n"]) == 9
