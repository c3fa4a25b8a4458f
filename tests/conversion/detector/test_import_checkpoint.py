"""Published checkpoints become ONNX files that answer like the network, or nothing is written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from facecap.conversion.checkpoint import CheckpointError, load_network  # noqa: E402
from facecap.conversion.detector.import_checkpoint import MIN_SIZES, STRIDES, VARIANCES, import_checkpoint  # noqa: E402
from facecap.conversion.detector.retinaface_onnx import levels  # noqa: E402
from facecap.conversion.equality import ConversionError, check_same  # noqa: E402
from facecap.errors import FacecapError  # noqa: E402
from facecap.training.networks.retinaface import MOBILENET, RESNET50, Layout, RetinaFace  # noqa: E402


def random_network(layout: Layout, seed: int = 0) -> RetinaFace:
    """Weights and batch norms as training could leave them: no two channels alike."""
    torch.manual_seed(seed)
    network = RetinaFace(layout)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
            torch.nn.init.normal_(module.running_mean, std=0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
    with torch.no_grad():
        network.body(torch.zeros(1, 3, 64, 64))
        first = network.body.stage1[0][0] if layout.name == MOBILENET.name else network.body.conv1
        first.weight.mul_(0.02)
    return network.eval()


def saved(network: RetinaFace, path: Path, prefix: str = "") -> Path:
    torch.save({prefix + key: value for key, value in network.state_dict().items()}, path)
    return path


@pytest.mark.parametrize("layout", [MOBILENET, RESNET50], ids=lambda layout: layout.name)
@pytest.mark.parametrize("form", ["levels", "concatenated"])
def test_both_layouts_in_both_forms(layout: Layout, form: str, tmp_path: Path) -> None:
    checkpoint = saved(random_network(layout), tmp_path / "net.pth", prefix="module.")
    out = tmp_path / "net.onnx"
    difference = import_checkpoint(checkpoint, out, form=form, licence="MIT")
    assert difference.score <= 1e-5 and difference.box <= 1e-3

    manifest = json.loads(out.with_suffix(".json").read_text())
    assert manifest["file"] == {
        "sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
        "bytes": out.stat().st_size,
    }
    assert manifest["architecture"] == layout.name
    assert manifest["detector"]["form"] == form
    assert manifest["detector"]["min_sizes"] == MIN_SIZES[layout.name]
    assert manifest["licence"] == "MIT"


def test_an_unknown_form_is_named(tmp_path: Path) -> None:
    checkpoint = saved(random_network(MOBILENET), tmp_path / "net.pth")
    with pytest.raises(FacecapError, match="no form 'rows' of RetinaFace; known: levels, concatenated"):
        import_checkpoint(checkpoint, tmp_path / "net.onnx", form="rows")  # type: ignore[arg-type]
    assert not (tmp_path / "net.onnx").exists()


def test_activation_slope_is_the_callers_word(tmp_path: Path) -> None:
    checkpoint = saved(random_network(MOBILENET), tmp_path / "net.pth")
    plain, leaky = tmp_path / "plain.onnx", tmp_path / "leaky.onnx"
    import_checkpoint(checkpoint, plain)
    import_checkpoint(checkpoint, leaky, slope=0.1, min_sizes=[[16, 32], [64, 128], [256, 512]])
    assert plain.read_bytes() != leaky.read_bytes()
    assert json.loads(leaky.with_suffix(".json").read_text())["detector"]["min_sizes"][0] == [16, 32]


def test_foreign_files_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    text = tmp_path / "notes.pth"
    text.write_text("not a checkpoint")
    other = tmp_path / "other.pth"
    torch.save({"conv.weight": torch.zeros(3)}, other)
    short = random_network(MOBILENET).state_dict()
    del short["ssh1.conv3X3.0.weight"]
    torch.save(short, tmp_path / "short.pth")
    for path, said in (
        (text, "not a torch checkpoint"),
        (other, "does not fit"),
        (tmp_path / "short.pth", "ssh1.conv3X3.0.weight"),
        (tmp_path / "absent.pth", "no such file"),
    ):
        with pytest.raises(CheckpointError, match=said):
            import_checkpoint(path, tmp_path / "out.onnx")
    assert not list(tmp_path.glob("out.*"))


def test_a_graph_of_other_weights_is_refused(tmp_path: Path) -> None:
    network = random_network(MOBILENET)
    weights = {key: value.numpy().copy() for key, value in network.state_dict().items()}
    weights["BboxHead.0.conv1x1.bias"] += np.float32(0.01)
    detector = {"min_sizes": MIN_SIZES[MOBILENET.name], "variances": VARIANCES, "strides": STRIDES}
    detector["form"] = "levels"
    outputs = [{"role": "level", "name": f"level_{s}", "stride": s} for s in STRIDES]
    with pytest.raises(ConversionError, match="boxes by"):
        check_same(network, levels(weights, 0.0), {"outputs": outputs, "detector": detector})


def test_published_weights(shared: Path, tmp_path: Path) -> None:
    published = shared / "data" / "weights" / "mobilenet0.25_Final.pth"
    assert sum(p.numel() for p in load_network(published).parameters()) == 426_608
    difference = import_checkpoint(published, tmp_path / "published.onnx")
    assert difference.score <= 1e-5 and difference.box <= 1e-3
