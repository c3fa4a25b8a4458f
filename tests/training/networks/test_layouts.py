"""Published checkpoints are recognised by the names that their programs give to the layers."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from torch import Tensor  # noqa: E402

from facecap.training.networks.layout import EPSILON, Layout, layer_names  # noqa: E402
from facecap.training.networks.registry import LAYOUTS, build, nearest, recognise  # noqa: E402

# Network, whose names, and of a checkpoint with 1000 outputs: how many entries, and some with their shapes,
# one for each kind of layer, as the programs write them.
PUBLISHED = [
    (
        "ghostnet_1.0x",
        "huawei-noah and timm",
        512,
        {
            "conv_stem.weight": (16, 3, 3, 3),
            "bn1.weight": (16,),
            "blocks.0.0.ghost1.primary_conv.0.weight": (8, 16, 1, 1),
            "blocks.0.0.ghost2.cheap_operation.1.running_var": (8,),
            "blocks.1.0.conv_dw.weight": (48, 1, 3, 3),
            "blocks.1.0.bn_dw.bias": (48,),
            "blocks.1.0.shortcut.0.weight": (16, 1, 3, 3),
            "blocks.1.0.shortcut.3.weight": (24,),
            "blocks.3.0.se.conv_reduce.weight": (20, 72, 1, 1),
            "blocks.6.3.se.conv_expand.bias": (480,),
            "blocks.8.3.ghost2.primary_conv.0.weight": (80, 960, 1, 1),
            "blocks.9.0.conv.weight": (960, 160, 1, 1),
            "blocks.9.0.bn1.running_mean": (960,),
            "conv_head.bias": (1280,),
            "classifier.weight": (1000, 1280),
        },
    ),
    (
        "mobilenet_v3_small_paper",
        "torchvision",
        244,
        {
            "features.0.1.running_var": (16,),
            "features.1.block.0.0.weight": (16, 1, 3, 3),
            "features.1.block.1.fc1.weight": (8, 16, 1, 1),
            "features.1.block.2.1.weight": (16,),
            "features.2.block.1.0.weight": (72, 1, 3, 3),
            "features.5.block.2.fc2.bias": (240,),
            "features.11.block.3.0.weight": (96, 576, 1, 1),
            "features.12.0.weight": (576, 96, 1, 1),
            "classifier.0.weight": (1024, 576),
            "classifier.3.bias": (1000,),
        },
    ),
    (
        "mobilenet_v3_small_paper",
        "timm",
        244,
        {
            "blocks.0.0.se.conv_expand.weight": (16, 8, 1, 1),
            "blocks.0.0.conv_pw.weight": (16, 16, 1, 1),
            "blocks.1.1.bn3.weight": (24,),
            "blocks.4.2.conv_pwl.weight": (96, 576, 1, 1),
            "blocks.5.0.bn1.running_var": (576,),
            "conv_head.weight": (1024, 576, 1, 1),
        },
    ),
    (
        "mobilenet_v3_small_d-li14",
        "d-li14",
        244,
        {
            "features.1.conv.3.fc.0.weight": (8, 16),
            "features.4.conv.5.fc.2.bias": (96,),
            "features.11.conv.7.weight": (96, 576, 1, 1),
            "conv.1.running_mean": (576,),
            "classifier.3.weight": (1000, 1024),
        },
    ),
    (
        "mobilenet_v2",
        "timm",
        314,
        {
            "blocks.0.0.conv_pw.weight": (16, 32, 1, 1),
            "blocks.6.0.bn3.running_var": (320,),
            "conv_head.weight": (1280, 320, 1, 1),
            "bn2.num_batches_tracked": (),
        },
    ),
    (
        "mobilenet_v2",
        "d-li14",
        314,
        {"features.1.conv.3.weight": (16, 32, 1, 1), "conv.0.weight": (1280, 320, 1, 1)},
    ),
    ("mobilenet_v2", "tonylins", 314, {"features.2.conv.7.bias": (24,), "classifier.1.bias": (1000,)}),
    (
        "mobilefacenet_prelu",
        "TreB1eN",
        333,
        {
            "conv2_dw.prelu.weight": (64,),
            "conv_23.conv_dw.conv.weight": (128, 1, 3, 3),
            "conv_3.model.3.project.bn.bias": (64,),
            "conv_45.conv.conv.weight": (512, 128, 1, 1),
            "conv_5.model.1.conv_dw.prelu.weight": (256,),
            "conv_6_dw.conv.weight": (512, 1, 7, 7),
            "linear.weight": (1000, 512),
            "bn.running_var": (1000,),
        },
    ),
    (
        "mobilefacenet_prelu_96",
        "Xiaoccer",
        333,
        {
            "conv1.prelu.weight": (64,),
            "blocks.0.conv.3.weight": (128, 1, 3, 3),
            "blocks.14.conv.7.running_mean": (128,),
            "linear7.conv.weight": (512, 1, 7, 6),
            "linear1.conv.weight": (1000, 512, 1, 1),
        },
    ),
    ("mobilenet_v1_1.0", "marvis", 164, {"model.0.0.weight": (32, 3, 3, 3), "model.13.4.weight": (1024,)}),
]
IDS = [f"{source} {network}" for network, source, *_ in PUBLISHED]


def layout_of(network: str, source: str) -> Layout:
    return next(layout for layout in LAYOUTS[network] if layout.source == source)


def theirs(network: str, layout: Layout, shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """A checkpoint as the program writes it; entries that are named have the program's shape."""
    model = build(network, 1000)
    names = dict(zip(layer_names(model), layout.layers, strict=True))
    renamed = {}
    for key, value in model.state_dict().items():
        layer, _, entry = key.rpartition(".")
        name = f"{names[layer]}.{entry}"
        renamed[name] = value.reshape(shapes[name]) if name in shapes else value
    return renamed


@pytest.mark.parametrize(("network", "source", "entries", "shapes"), PUBLISHED, ids=IDS)
def test_a_published_checkpoint_is_recognised(network, source, entries, shapes):
    layout = layout_of(network, source)
    weights = theirs(network, layout, shapes)
    assert shapes.keys() <= weights.keys() and len(weights) == entries
    found = recognise(weights)
    assert found is not None and (found.network, found.outputs, found.source) == (network, 1000, source)
    build(network, 1000).load_state_dict(dict(found.weights))


def test_another_epsilon_goes_into_the_variances():
    layout = layout_of("mobilenet_v3_small_paper", "torchvision")
    weights = theirs("mobilenet_v3_small_paper", layout, {})
    found = recognise(weights)
    assert found is not None
    added = found.weights["stem.1.running_var"] - weights["features.0.1.running_var"]
    assert torch.allclose(added, torch.full_like(added, 1e-3 - EPSILON), atol=1e-6)


def test_weights_that_are_nearly_of_a_network_are_told_apart_from_it():
    weights = theirs("ghostnet_1.0x", layout_of("ghostnet_1.0x", "huawei-noah and timm"), {})
    del weights["conv_stem.weight"]
    weights["neck.weight"] = torch.zeros(2)
    weights["bn1.bias"] = torch.zeros(20)
    said = nearest(weights)
    assert said is not None
    assert said.startswith(
        "nearly ghostnet_1.0x in the names of huawei-noah and timm, but for 3 of 512 entries"
    )
    for wrong in (
        "stem.0.weight is missing",
        "neck.weight is unexpected",
        "stem.1.bias has the shape (20,), wanted (16,)",
    ):
        assert wrong in said
    assert nearest({"conv.weight": torch.zeros(3)}) is None
