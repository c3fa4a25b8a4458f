"""Published checkpoints become ONNX files that answer like the network, or nothing is written."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from facecap.conversion.checkpoint import CheckpointError, load_network  # noqa: E402
from facecap.conversion.detector.import_checkpoint import export_network, import_checkpoint  # noqa: E402
from facecap.conversion.detector.priors import FROM_10_PX, FROM_16_PX, STRIDES, VARIANCES  # noqa: E402
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


ABOUT = {"name": "net", "licence": "MIT", "origin": "a test"}


@pytest.mark.parametrize("layout", [MOBILENET, RESNET50], ids=lambda layout: layout.name)
@pytest.mark.parametrize("form", ["levels", "concatenated"])
def test_both_layouts_in_both_forms(layout: Layout, form: str, tmp_path: Path) -> None:
    network = load_network(saved(random_network(layout), tmp_path / "net.pth", prefix="module._orig_mod."))
    out = tmp_path / "net.onnx"
    difference = export_network(network, out, ABOUT, min_sizes=FROM_16_PX, form=form)
    assert difference.score <= 1e-5 and difference.box <= 1e-3

    manifest = json.loads(out.with_suffix(".json").read_text())
    assert manifest["file"] == {
        "sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
        "bytes": out.stat().st_size,
    }
    assert manifest["architecture"] == layout.name
    assert manifest["detector"]["form"] == form
    assert manifest["detector"]["min_sizes"] == [[16, 32], [64, 128], [256, 512]]
    assert manifest["licence"] == "MIT"


def test_an_unknown_form_is_named(tmp_path: Path) -> None:
    network = random_network(MOBILENET)
    with pytest.raises(
        FacecapError, match=r"no form 'rows' of retinaface_mobilenet0\.25; known: levels, concatenated"
    ):
        export_network(network, tmp_path / "net.onnx", ABOUT, min_sizes=FROM_10_PX, form="rows")  # type: ignore[arg-type]
    assert not (tmp_path / "net.onnx").exists()


def test_weights_that_find_no_face_with_any_layout_are_refused(tmp_path: Path) -> None:
    checkpoint = saved(random_network(MOBILENET), tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"finds 0 of 8 known faces; is it a detector of faces"):
        import_checkpoint(checkpoint, tmp_path / "net.onnx")
    assert not list(tmp_path.glob("net.onnx"))


def test_a_slope_is_refused_where_there_is_none(tmp_path: Path) -> None:
    checkpoint = saved(random_network(RESNET50), tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"has ReLU alone: leave out the slope 0\.1"):
        import_checkpoint(checkpoint, tmp_path / "net.onnx", slope=0.1)


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
    detector = {"min_sizes": FROM_10_PX, "variances": VARIANCES, "strides": STRIDES}
    detector["form"] = "levels"
    outputs = [{"role": "level", "name": f"level_{s}", "stride": s} for s in STRIDES]
    with pytest.raises(ConversionError, match="boxes by"):
        check_same(network, levels(weights, 0.0), {"outputs": outputs, "detector": detector})


def imported(checkpoint: Path, out: Path, **choices: Any) -> tuple[dict[str, Any], list[str]]:
    """The detector's section of the manifest, and what was said."""
    said: list[str] = []
    difference = import_checkpoint(checkpoint, out, say=said.append, **choices)
    assert difference.score <= 1e-5 and difference.box <= 1e-3
    return json.loads(out.with_suffix(".json").read_text())["detector"], said


def test_the_layout_is_the_one_that_finds_the_known_faces(shared: Path, tmp_path: Path) -> None:
    published = shared / "data" / "weights" / "mobilenet0.25_Final.pth"
    assert sum(p.numel() for p in load_network(published).parameters()) == 426_608
    detector, said = imported(published, tmp_path / "published.onnx")
    assert detector["min_sizes"] == [[10, 20], [32, 64], [128, 256]]
    [line] = said
    assert "priors of 10 20 32 64 128 256 px and activations of slope 0 it finds 8 of 8 known faces" in line


def with_wider_priors(weights: Path, path: Path) -> Path:
    """The same detector for priors that are 1.6 and 2 times as wide: other numbers, the same boxes."""
    state = torch.load(weights, map_location="cpu", weights_only=True)
    for level in range(3):
        for anchor, ratio in enumerate(np.divide(FROM_16_PX[level], FROM_10_PX[level])):
            for head, rows in (("BboxHead", slice(4 * anchor, 4 * anchor + 2)), ("LandmarkHead", None)):
                rows = rows or slice(10 * anchor, 10 * anchor + 10)
                for kind in ("weight", "bias"):
                    state[f"{head}.{level}.conv1x1.{kind}"][rows] /= ratio
            state[f"BboxHead.{level}.conv1x1.bias"][4 * anchor + 2 : 4 * anchor + 4] -= float(
                np.log(ratio) / VARIANCES[1]
            )
    torch.save(state, path)
    return path


def test_priors_from_16_px_are_found_out_too(shared: Path, tmp_path: Path) -> None:
    wider = with_wider_priors(shared / "data" / "weights" / "mobilenet0.25_Final.pth", tmp_path / "w.pth")
    detector, said = imported(wider, tmp_path / "wider.onnx")
    assert detector["min_sizes"] == [[16, 32], [64, 128], [256, 512]]
    assert "finds 8 of 8 known faces" in said[0]


def test_what_the_caller_says_is_kept_and_checked(shared: Path, tmp_path: Path) -> None:
    published = shared / "data" / "weights" / "mobilenet0.25_Final.pth"
    _, said = imported(published, tmp_path / "leaky.onnx", slope=0.1)
    assert "slope 0.1" in said[0] and said[1].endswith("which is better than what was asked for")
    with pytest.raises(CheckpointError, match=r"512 px .* finds 0 of 8 .*leave --min-sizes and --slope"):
        import_checkpoint(published, tmp_path / "refused.onnx", min_sizes=FROM_16_PX)
    assert not list(tmp_path.glob("refused.*"))
