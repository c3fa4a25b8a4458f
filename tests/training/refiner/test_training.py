"""A refiner is trained on a folder of crops, exported, and answers as its interface says."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from facecap import Refiner, crop_face, crop_rect  # noqa: E402
from facecap.cli import main  # noqa: E402
from facecap.conversion.import_model import import_model  # noqa: E402
from facecap.training.networks.counting import multiply_adds, parameters  # noqa: E402
from facecap.training.networks.face_refiner import FaceRefiner  # noqa: E402
from facecap.training.networks.retinaface import MOBILENET, RetinaFace  # noqa: E402
from facecap.training.refiner.augment import BORDER, draw, draw_part, plain  # noqa: E402
from facecap.training.refiner.batches import BLUR, FACE, WEIGHT, RefinerBatches  # noqa: E402
from facecap.training.refiner.batches import POINTS as POINT_COLUMNS  # noqa: E402
from facecap.training.refiner.data import read_crops  # noqa: E402
from facecap.training.refiner.start import begin  # noqa: E402
from facecap.training.run import TrainingError  # noqa: E402

from .crop_folder import POINTS, write_crop_folder  # noqa: E402


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_crop_folder(tmp_path_factory.mktemp("crops"))


@pytest.fixture(scope="module")
def run(crops: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    assert main(options(crops, out)) == 0
    return out


def options(crops: Path, out: Path) -> list[str]:
    length = ["--epochs", "1", "--batch", "12", "--workers", "0"]
    return ["train", "refiner", "--crops", str(crops), "--out", str(out), *length]


def test_a_run_leaves_a_model_with_its_manifest_and_curves(run: Path) -> None:
    manifest = json.loads((run / "refiner.json").read_text())
    assert manifest["task"] == "face_refinement"
    assert [output["role"] for output in manifest["outputs"]] == ["face", "points", "blur"]
    assert 0.01 <= manifest["refiner"]["not_a_face"] <= 0.5
    assert manifest["training"]["data"]["crops"] == {"faces faces": 21, "walls no faces": 21}
    assert manifest["training"]["command"].endswith("--epochs 1 --batch 12 --seed 0")
    rows = list(csv.DictReader((run / "curves.csv").read_text().splitlines()))
    assert {"refused", "points", "figure"} <= rows[-1].keys()
    assert not list(run.glob(".*"))


def test_the_model_answers_every_box_of_a_picture(run: Path) -> None:
    refiner = Refiner(run / "refiner.onnx")
    image = np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8)
    boxes = np.array([[20, 10, 60, 70], [100, 30, 159, 89]], np.float32)
    refined = refiner.refine(image, boxes)
    assert refined.face_prob.shape == refined.blur.shape == (2,)
    assert refined.landmarks.shape == (2, 5, 2)
    assert ((refined.face_prob > 0) & (refined.face_prob < 1)).all()
    turned = refiner.refine(np.ascontiguousarray(image[..., ::-1]), boxes, color="rgb")
    np.testing.assert_allclose(turned.landmarks, refined.landmarks, atol=1e-4)
    assert refiner.refine(image, boxes[:0]).landmarks.shape == (0, 5, 2)


def test_a_checkpoint_becomes_the_same_model(run: Path, tmp_path: Path) -> None:
    import_model(run / "best.pt", tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (run / "refiner.onnx").read_bytes()


def test_a_finished_run_is_not_trained_again(
    crops: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options(crops, run)) == 0
    assert "resumed at step" in capsys.readouterr().err


def test_a_run_may_begin_with_the_body_of_a_detector(crops: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    detector = RetinaFace(MOBILENET).eval()
    torch.save(detector.state_dict(), tmp_path / "detector.pth")
    network, origin = begin(tmp_path / "detector.pth")
    assert origin == "the body of detector.pth"
    pictures = torch.randint(0, 256, (2, 3, 112, 112)).float()
    with torch.no_grad():
        wanted = detector.body.fine(pictures.flip(1) - torch.tensor([104.0, 117.0, 123.0]).view(1, 3, 1, 1))
        found = network.eval().stage1((pictures - 127.5) / 127.5)
    # Nearer to the border what is padded there differs.
    assert torch.allclose(wanted[..., 4:-4, 4:-4], found[..., 4:-4, 4:-4], atol=1e-4)

    out = tmp_path / "run"
    assert main([*options(crops, out), "--start", str(tmp_path / "detector.pth")]) == 0
    after = torch.load(out / "best.pt", weights_only=True)["model"]
    before = network.state_dict()
    assert torch.equal(before["stage1.1.0.weight"], after["stage1.1.0.weight"])
    assert torch.equal(before["stage1.0.1.running_mean"], after["stage1.0.1.running_mean"])
    assert not torch.equal(before["stage3.1.0.weight"], after["stage3.1.0.weight"])


def test_a_start_of_another_kind_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pth")
    for name in ("other.pth", "none.pth"):
        with pytest.raises(TrainingError, match=rf"{name}: wanted a RetinaFace"):
            begin(tmp_path / name)


def test_what_holds_no_crops_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(options(tmp_path, tmp_path / "run")) == 1
    assert "facecap train refiner-crops" in capsys.readouterr().err
    (tmp_path / "odd.jsonl").write_text('{"part": "train"}\n')
    assert main(options(tmp_path, tmp_path / "run")) == 1
    assert "odd.jsonl is not in the expected form" in capsys.readouterr().err


def test_the_network_is_small() -> None:
    network = FaceRefiner()
    assert parameters(network) < 300_000
    assert multiply_adds(network, 112) < 12e6


@pytest.mark.parametrize("box", [(10, 12, 50.7, 63.2), (-8, -5, 30, 40), (70, 50, 130, 120), (3, 3, 98, 78)])
def test_the_rectangle_of_a_crop_is_what_crop_face_cuts(box: tuple[float, ...]) -> None:
    height, width = 80, 100
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0], image[..., 1] = np.arange(width)[None], np.arange(height)[:, None]
    left, top, right, bottom = crop_rect(np.array(box, np.float32), (width, height), BORDER)
    whole = image[top:bottom, left:right]
    exact = crop_face(np.ascontiguousarray(whole), (0, 0, right - left, bottom - top), 112, 0.0)
    crop = crop_face(image, box, 112, 0.25)
    assert crop[0, 0].tolist() == image[top, left].tolist()
    assert crop[-1, -1].tolist() == image[bottom - 1, right - 1].tolist()
    assert exact.shape == crop.shape


def test_points_stay_on_the_face_whatever_the_camera_does(crops: Path) -> None:
    face = next(crop for crop in read_crops(crops, "train") if crop.face)
    shown = plain(face)
    assert shown is not None
    left, top, right, bottom = crop_rect(face.boxes[-1], (120, 120), BORDER)
    where = shown.points * (right - left, bottom - top) + (left, top)
    np.testing.assert_allclose(where, POINTS, atol=1e-4)
    cover = np.zeros((20, 20, 3), np.uint8)
    for seed in range(40):
        example = draw(face, cover, np.random.default_rng(seed))
        assert example is not None
        assert example.image.shape == (112, 112, 3)
        eye, other = example.points[0], example.points[1]
        assert eye[0] < other[0]
        assert (np.abs(example.points - 0.5) < 0.5).all()
        assert 0 <= example.blur <= 1


def test_a_part_of_a_face_is_none(crops: Path) -> None:
    face = next(crop for crop in read_crops(crops, "train") if crop.face)
    part = draw_part(face, np.zeros((20, 20, 3), np.uint8), np.random.default_rng(0))
    assert part is not None
    assert not part.face
    assert np.isnan(part.points).all()


def test_a_part_of_a_face_that_lies_outside_of_the_picture_is_left_out(crops: Path) -> None:
    face = next(crop for crop in read_crops(crops, "train") if crop.face)
    height, width = face.image.shape[:2]
    right = replace(face, boxes=np.array([[width - 4, 4, width + 60, 60]], np.float32))
    rng = np.random.default_rng(3)
    drawn = [draw_part(right, face.image, rng) for _ in range(40)]
    assert any(example is None for example in drawn)
    below = replace(face, boxes=np.array([[4, height + 1, 60, height + 60]], np.float32))
    assert plain(below) is None


def test_batches_are_half_faces_and_the_same_for_a_seed(crops: Path) -> None:
    found = read_crops(crops, "train")
    first, second = (RefinerBatches(found, 8, 3, 0).make(5) for _ in range(2))
    assert torch.equal(first[0], second[0])
    labels = first[1]
    assert labels[:, FACE].tolist() == [1, 0] * 4
    assert (labels[labels[:, FACE] == 0, WEIGHT] == 0).all()
    assert labels[labels[:, FACE] == 0, BLUR].isnan().all()
    assert (labels[labels[:, FACE] == 1][:, POINT_COLUMNS] != 0).all()
