"""Weights of a classifier become a model by what the caller says of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

import facecap  # noqa: E402
from facecap.conversion.checkpoint import CheckpointError  # noqa: E402
from facecap.conversion.classifier import Meaning, read_classes  # noqa: E402
from facecap.conversion.import_model import import_model  # noqa: E402
from facecap.evaluation.classifier.model import ClassifierModel  # noqa: E402
from facecap.training.networks.layout import layer_names  # noqa: E402
from facecap.training.networks.registry import LAYOUTS, build  # noqa: E402

NETWORK = "mobilenet_v1_0.25"


def saved(path: Path, outputs: int, name: str = NETWORK) -> Path:
    torch.manual_seed(0)
    torch.save(build(name, outputs).state_dict(), path)
    return path


def imported(path: Path, **meaning: Any) -> tuple[dict[str, Any], list[str]]:
    """The manifest, and what was said."""
    said: list[str] = []
    out = path.with_suffix(".onnx")
    import_model(path, out, meaning=Meaning(**meaning), say=said.append)
    return json.loads(out.with_suffix(".json").read_text()), said


def test_a_ghostnet_with_one_output_in_its_wrapper_becomes_a_mask_model(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = build("ghostnet_1.0x", 1)
    [layout] = LAYOUTS["ghostnet_1.0x"]
    names = dict(zip(layer_names(network), layout.layers, strict=True))
    state = {}
    for key, value in network.state_dict().items():
        layer, _, entry = key.rpartition(".")
        if entry != "num_batches_tracked":
            state[f"module.{names[layer]}.{entry}"] = value
    torch.save({"net": state, "epoch": 30}, tmp_path / "lastest.pth")
    manifest, said = imported(tmp_path / "lastest.pth", task="mask")
    assert manifest["architecture"] == "ghostnet_1.0x"
    assert manifest["classifier"]["output"] == "sigmoid"
    assert manifest["classifier"]["classes"] == ["no_mask", "mask"]
    assert said[0] == "lastest.pth: the weights in its entry net"
    assert "in the names of huawei-noah and timm of 1 output(s), fed with 112x112 rgb" in said[-1]

    crops = np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)
    pixels = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        wanted = torch.sigmoid(network.eval()(pixels))[:, 0].numpy()
    found = facecap.MaskClassifier(tmp_path / "lastest.onnx").predict(crops, color="rgb")
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_two_outputs_of_a_mask_classifier_have_the_order_that_is_said(tmp_path: Path) -> None:
    manifest, _ = imported(saved(tmp_path / "two.pth", 2), task="mask", classes=["mask", "no_mask"])
    assert manifest["classifier"]["output"] == "softmax"
    assert manifest["classifier"]["classes"] == ["mask", "no_mask"]


def test_a_third_output_is_of_masks_worn_wrongly(tmp_path: Path) -> None:
    path = saved(tmp_path / "three.pth", 3)
    classes = ["no_mask", "incorrect", "mask"]
    manifest, _ = imported(path, task="mask", classes=classes)
    assert manifest["classifier"]["classes"] == classes
    with pytest.raises(CheckpointError, match=r"3 outputs for .* one of them for incorrect"):
        imported(path, task="mask")


def test_a_classifier_of_any_classes_is_fed_as_it_is_said(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("crane\nsnow leopard\ncrane\n\n")
    path = saved(tmp_path / "three.pth", 3, "mobilenet_v2")
    manifest, said = imported(
        path,
        task="classification",
        classes=read_classes(names),
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        color="bgr",
        side=64,
    )
    assert manifest["classifier"]["classes"] == ["crane", "snow leopard", "crane (2)"]
    assert any("names that come twice now have their number: crane (2)" in line for line in said)
    entry = manifest["input"]
    assert (entry["width"], entry["height"], entry["color"]) == (64, 64, "bgr")
    assert entry["mean"] == [123.675, 116.28, 103.53] and entry["std"] == [58.395, 57.12, 57.375]
    opened = ClassifierModel(path.with_suffix(".onnx"))
    assert opened.logits(np.zeros((1, 64, 64, 3), np.uint8)).shape == (1, 3)


def test_deviations_of_a_pixel_or_more_are_in_pixels(tmp_path: Path) -> None:
    manifest, _ = imported(saved(tmp_path / "one.pth", 1), task="mask", mean=(104, 117, 123), std=(1, 1, 1))
    assert manifest["input"]["mean"] == [104, 117, 123] and manifest["input"]["std"] == [1, 1, 1]


@pytest.mark.parametrize("given", [{"mean": (0.5, 0.5, 0.5)}, {"std": (0.5, 0.5, 0.5)}])
def test_mean_and_std_of_different_units_are_refused(given: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="give both in one unit"):
        imported(saved(tmp_path / "one.pth", 1), task="mask", **given)


WRONG = [
    ({}, {}, "no word on what they mean: give --task mask or classification"),
    ({"task": "mask"}, {}, "5 outputs for the classes no_mask, mask"),
    ({"task": "classification"}, {}, "5 outputs and no names of classes"),
    ({"task": "classification", "classes": ["a", "b"]}, {}, "5 outputs and 2 names of classes"),
    ({"task": "mask"}, {"same_person": 0.4}, "leave out --same-person"),
    ({"task": "mask"}, {"form": "concatenated"}, "leave out --form"),
]


@pytest.mark.parametrize(("meaning", "more", "said"), WRONG, ids=[row[2] for row in WRONG])
def test_what_does_not_fit_the_weights_is_refused(meaning, more, said, tmp_path):
    path = saved(tmp_path / "five.pth", 5)
    with pytest.raises(CheckpointError, match=f"five.pth: .*{said}"):
        import_model(path, tmp_path / "out.onnx", meaning=Meaning(**meaning), **more)
    assert not list(tmp_path.glob("out.*"))


def test_what_a_classifier_means_is_refused_of_other_kinds(tmp_path: Path) -> None:
    path = saved(tmp_path / "embedder.pth", 128, "mobilefacenet")
    with pytest.raises(CheckpointError, match="MobileFaceNet as a state_dict: leave out --task"):
        import_model(path, tmp_path / "out.onnx", meaning=Meaning(task="mask"))


def test_a_slope_is_refused_of_a_network_without(tmp_path: Path) -> None:
    path = saved(tmp_path / "net.pth", 1, "mobilenet_v2")
    with pytest.raises(CheckpointError, match=r"mobilenet_v2 has no slope: leave out --slope 0\.1"):
        import_model(path, tmp_path / "out.onnx", meaning=Meaning(task="mask"), slope=0.1)


def test_a_file_of_classes_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    for name in ("picture.jpg", "absent.txt"):
        with pytest.raises(CheckpointError, match=f"{name}: wanted the name of a class in each line"):
            read_classes(tmp_path / name)


def test_the_slope_is_the_one_that_fits_the_batch_norms(shared: Path, tmp_path: Path) -> None:
    path = tmp_path / "backbone.tar"
    path.write_bytes((shared / "data" / "weights" / "mobilenetV1X0.25_pretrain.tar").read_bytes())
    classes = [str(number) for number in range(1000)]
    _, said = imported(path, task="classification", classes=classes)
    assert any(
        "activations of slope 0.1: with it a photograph fits the batch norms best" in line for line in said
    )
    graph = (tmp_path / "backbone.onnx").read_bytes()
    assert b"LeakyRelu" in graph
