"""The networks have the published sizes and the published checkpoints' layouts."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from facecap.errors import FacecapError  # noqa: E402
from facecap.training.networks.counting import (  # noqa: E402
    multiply_adds,
    parameters,
    running_statistics,
)
from facecap.training.networks.registry import EMBEDDERS, NETWORKS, build, recognise  # noqa: E402
from facecap.training.networks.retinaface import RetinaFace  # noqa: E402

# Network, outputs, side, multiply-adds in M, parameters in M as published, and how they were counted:
# operations a value of a batch norm, and whether its running statistics are parameters.
PUBLISHED = [
    ("ghostnet_1.0x", 1, 112, 44.0, 3.90, 4, False),
    ("mobilenet_v3_small", 1, 112, 18.2, 1.23, 4, False),
    ("mobilenet_v3_small_paper", 1000, 224, 56.5, 2.54, 0, False),
    ("mobilenet_v2", 1000, 224, 300.0, 3.5, 0, False),
    ("mobilenet_v1_0.25", 1000, 224, 43.6, 0.48, 2, True),
    ("mobilenet_v1_0.5", 1000, 224, 154.6, 1.34, 2, True),
    ("mobilenet_v1_0.75", 1000, 224, 333.0, 2.60, 2, True),
    ("mobilenet_v1_1.0", 1000, 224, 578.9, 4.25, 2, True),
    ("mobilefacenet", 128, 112, None, 1.0, 0, False),
    ("mobilefacenet_prelu", 128, 112, 221.0, 1.0, 0, False),
]


@pytest.mark.parametrize(
    ("name", "outputs", "side", "wanted_adds", "wanted_parameters", "per_normed", "statistics"),
    PUBLISHED,
    ids=[row[0] for row in PUBLISHED],
)
def test_sizes_are_the_published_ones(
    name, outputs, side, wanted_adds, wanted_parameters, per_normed, statistics
):
    network = build(name, outputs)
    counted = parameters(network) + statistics * running_statistics(network)
    assert counted / 1e6 == pytest.approx(wanted_parameters, rel=0.01)
    if wanted_adds is not None:
        adds = multiply_adds(network, side, per_normed=per_normed)
        assert adds / 1e6 == pytest.approx(wanted_adds, rel=0.003)


def test_retinaface_has_the_published_size():
    assert parameters(RetinaFace()) / 1e6 == pytest.approx(0.43, abs=0.005)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("outputs", [1, 5])
def test_every_network_answers_what_it_is_asked_for(name, outputs):
    network = build(name, outputs).eval()
    with torch.no_grad():
        answers = network(torch.rand(2, 3, 112, 112) - 0.5)
    assert answers.shape == (2, outputs) and answers.isfinite().all()


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in EMBEDDERS])
def test_classifiers_take_any_size(name):
    with torch.no_grad():
        assert build(name, 3).eval()(torch.zeros(1, 3, 96, 72)).shape == (1, 3)


def test_a_seed_gives_the_same_weights():
    def weights():
        torch.manual_seed(5)
        return build("mobilenet_v3_small", 2).state_dict()

    first, second = weights(), weights()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_an_unknown_network_is_refused_with_the_names():
    with pytest.raises(FacecapError, match=r"no network 'resnet'.*mobilenet_v2"):
        build("resnet", 1)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("outputs", [1, 10])
def test_weights_are_recognised(name, outputs):
    found = recognise(build(name, outputs).state_dict())
    assert found is not None and (found.network, found.outputs, found.source) == (name, outputs, "")


def test_weights_of_other_networks_are_not_recognised():
    assert recognise({}) is None
    assert recognise(RetinaFace().state_dict()) is None
    short = build("mobilenet_v2", 3).state_dict()
    del short["features.4.conv.2.weight"]
    assert recognise(short) is None


# Some entries of published checkpoints, one for each kind of layer.
LAYOUTS = {
    ("mobilenet_v2", 1000): {
        "features.0.0.weight": (32, 3, 3, 3),
        "features.0.1.running_var": (32,),
        "features.1.conv.0.0.weight": (32, 1, 3, 3),
        "features.1.conv.1.weight": (16, 32, 1, 1),
        "features.1.conv.2.running_mean": (16,),
        "features.2.conv.0.0.weight": (96, 16, 1, 1),
        "features.2.conv.1.0.weight": (96, 1, 3, 3),
        "features.2.conv.1.1.bias": (96,),
        "features.2.conv.2.weight": (24, 96, 1, 1),
        "features.2.conv.3.weight": (24,),
        "features.17.conv.2.weight": (320, 960, 1, 1),
        "features.18.0.weight": (1280, 320, 1, 1),
        "features.18.1.num_batches_tracked": (),
        "classifier.1.weight": (1000, 1280),
        "classifier.1.bias": (1000,),
    },
    ("mobilenet_v3_small", 1000): {
        "conv1.weight": (16, 3, 3, 3),
        "bneck.0.se.se.0.weight": (4, 16, 1, 1),
        "bneck.0.se.se.4.running_mean": (16,),
        "bneck.3.conv2.weight": (96, 1, 5, 5),
        "bneck.6.shortcut.0.weight": (48, 40, 1, 1),
        "bneck.6.shortcut.1.weight": (48,),
        "bneck.10.conv3.weight": (96, 576, 1, 1),
        "conv2.weight": (576, 96, 1, 1),
        "linear3.bias": (1280,),
        "bn3.running_var": (1280,),
        "linear4.weight": (1000, 1280),
    },
    ("mobilefacenet", 128): {
        "conv1.0.weight": (64, 3, 3, 3),
        "dw_conv.depthwise.weight": (64, 1, 3, 3),
        "dw_conv.bn2.bias": (64,),
        "features.5.conv.0.0.weight": (256, 64, 1, 1),
        "features.14.conv.3.running_var": (128,),
        "conv2.1.weight": (512,),
        "gdconv.depthwise.weight": (512, 1, 7, 7),
        "gdconv.bn.weight": (512,),
        "conv3.bias": (128,),
        "bn.running_mean": (128,),
    },
}
ENTRIES = {"mobilenet_v2": 314, "mobilenet_v3_small": 333, "mobilefacenet": 307}


@pytest.mark.parametrize(("network", "entries"), LAYOUTS.items(), ids=[name for name, _ in LAYOUTS])
def test_published_layouts(network, entries):
    state = build(*network).state_dict()
    assert {key: tuple(state[key].shape) for key in entries} == entries
    assert len(state) == ENTRIES[network[0]]


def test_the_published_backbone_of_the_detector_loads(shared: Path):
    path = shared / "data" / "weights" / "mobilenetV1X0.25_pretrain.tar"
    state = torch.load(path, map_location="cpu", weights_only=True)["state_dict"]
    network = build("mobilenet_v1_0.25", 1000)
    network.load_state_dict({key.removeprefix("module."): value for key, value in state.items()})
    body = RetinaFace().body
    body.load_state_dict({key: value for key, value in network.state_dict().items() if "stage" in key})
