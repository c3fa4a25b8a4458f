"""`facecap train detector` from a start to a model that `facecap.Detector` opens, on pictures made here."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from unittest.mock import Mock

import cv2
import numpy as np
import pytest

import facecap

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from facecap.cli import main  # noqa: E402
from facecap.training.detector import prior_lesson  # noqa: E402
from facecap.training.detector import train as detector_training  # noqa: E402
from facecap.training.detector.train import train  # noqa: E402
from facecap.training.networks.retinaface import MOBILENET, RESNET50, Layout, RetinaFace, flatten  # noqa: E402
from facecap.training.run import TrainingError  # noqa: E402

pytestmark = pytest.mark.usefixtures("any_weights_find_faces")


def write_pictures(data: Path, count: int) -> None:
    folder = data / "detect" / "rmfd"
    folder.mkdir(parents=True)
    entries = []
    for index in range(count):
        image = np.full((96, 128, 3), 90, np.uint8)
        x, y = 10 + index, 20
        image[y : y + 40, x : x + 32] = 200
        cv2.imwrite(str(folder / f"{index}.png"), image)
        points = [[x + 8, y + 12], [x + 24, y + 12], [x + 16, y + 22], [x + 10, y + 30], [x + 22, y + 30]]
        one = {"box": [x, y, x + 32, y + 40], "landmarks": points, "score": 0.9, "label": "mask"}
        entries.append({"file": f"{index}.png", "split": "train", "group": f"g{index}", "faces": [one]})
    (folder / "annotations.json").write_text(json.dumps(entries))


def arguments(tmp_path: Path, layout: Layout = MOBILENET, preset: str = "finetune") -> Namespace:
    start = tmp_path / "start.pth"
    torch.manual_seed(1)
    torch.save(RetinaFace(layout).state_dict(), start)
    return Namespace(
        preset=preset,
        start=start,
        data=tmp_path / "data",
        photos=None,
        out=tmp_path / "run",
        minutes=0.03,
        batch=2,
        side=64,
        rate=1e-4,
        seed=0,
        threads=1,
        workers=0,
        device="cpu",
        precision="auto",
        per_tensor=preset == "qat",
        smallest=None,
        start_share=0.5,
        freeze=False,
        take=0.0,
    )


@pytest.mark.parametrize("preset", ["finetune", "distil", "qat"])
def test_from_start_to_model(tmp_path: Path, preset: str) -> None:
    write_pictures(tmp_path / "data", 40)
    args = arguments(tmp_path, preset=preset)
    assert train(args) == 0
    detector = facecap.Detector(args.out / "detector.onnx")
    training = detector.info["manifest"]["training"]
    assert training["starting_point"] == "start.pth"
    assert ("one scale a layer" in training["recipe"]) == ("--per-tensor" in training["command"])
    assert ("--per-tensor" in training["command"]) == (preset == "qat")
    choice = json.loads((args.out / "choice.json").read_text())
    assert f"{choice['chosen']:g}" in choice["held_out"]

    state = torch.load(args.out / "last.pt", weights_only=True)
    steps, ranges = state["step"], {key: float(v) for key, v in state["network"].items() if "seen" in key}
    assert bool(ranges) == (preset == "qat") and all(ranges.values()), "inputs are rounded in what was seen"
    assert train(args) == 0
    again = torch.load(args.out / "last.pt", weights_only=True)["step"]
    assert again == steps > 0, "a finished run is taken up and ends at once"

    args.rate = 1e-3
    with pytest.raises(TrainingError, match="rate"):
        train(args)


def test_the_large_network_trains_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(tmp_path / "data", 40)
    args = arguments(tmp_path, RESNET50)
    choose = Mock(return_value=1.0)
    monkeypatch.setattr(detector_training, "choose", choose)
    assert train(args) == 0
    _, candidates, _, _, about, _ = choose.call_args.args
    assert about["name"] == "retinaface-resnet50"
    start, again = RetinaFace(RESNET50).eval(), RetinaFace(RESNET50).eval()
    start.load_state_dict(torch.load(args.start))
    again.load_state_dict(candidates[0.0])
    with torch.inference_mode():
        wanted, found = (flatten(network(torch.ones(1, 3, 64, 64))) for network in (start, again))
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)
    learnt = {key for key, value in candidates[1.0].items() if not torch.equal(value, candidates[0.0][key])}
    assert "body.layer3.0.conv1.weight" in learnt
    assert not any(key.startswith(("body.layer1.", "body.layer2.")) for key in learnt), "are frozen"


@pytest.mark.parametrize(
    "wrong", [("--batch", "0"), ("--side", "0"), ("--threads", "0"), ("--workers", "-1"), ("--seed", "-1")]
)
def test_wrong_options_are_wrong_usage(tmp_path: Path, wrong: tuple[str, str]) -> None:
    given = ["--start", tmp_path / "start.pth", "--data", tmp_path, "--out", tmp_path / "run"]
    with pytest.raises(SystemExit) as ended:
        main(["train", "detector", *map(str, given), *wrong])
    assert ended.value.code == 2


def test_an_interrupted_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pictures(tmp_path / "data", 40)
    args = arguments(tmp_path)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(prior_lesson, "detection_loss", Mock(side_effect=KeyboardInterrupt))
        train(args)
    assert torch.load(args.out / "last.pt", weights_only=True)["step"] == 0
    assert train(args) == 0
    assert "resumed at step 0" in capsys.readouterr().err
    assert torch.load(args.out / "last.pt", weights_only=True)["step"] > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    args = arguments(tmp_path)
    args.device = "cuda"
    with pytest.raises(TrainingError, match="torch finds no GPU here"):
        train(args)
    assert not args.out.exists()


def test_curves_are_drawn_while_the_run_goes_on_in_the_asked_precision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pictures(tmp_path / "data", 40)
    args = arguments(tmp_path, preset="distil")
    args.precision, args.minutes = "float32", 0.5  # interrupted long before
    drawn: list[bool] = []
    whole_step = detector_training._Run._learn

    def step(run: detector_training._Run, *given: object) -> dict[str, float]:
        drawn.append((args.out / "curves.png").exists())
        if drawn[-1]:
            raise KeyboardInterrupt
        return whole_step(run, *given)

    monkeypatch.setattr(detector_training, "REPORT_EVERY", 1)
    monkeypatch.setattr(detector_training._Run, "_learn", step)
    with pytest.raises(KeyboardInterrupt):
        train(args)
    assert drawn[-1], "before the end"
    assert "training on cpu, float32" in capsys.readouterr().err
    assert "held_out_ap_large" in (args.out / "curves.csv").read_text()


@pytest.mark.parametrize("task", ["mask", "classifier", "detector"])
def test_rounding_is_chosen_where_there_is_some(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], task: str
) -> None:
    given = ["--start", "start.pth", "--data", str(tmp_path), "--out", str(tmp_path / "run")]
    assert main(["train", task, *given, "--per-tensor"]) == 1
    assert "--per-tensor is for --preset qat" in capsys.readouterr().err


def test_faces_that_nobody_is_sure_of_are_not_enough(tmp_path: Path) -> None:
    write_pictures(tmp_path / "data", 40)
    annotations = tmp_path / "data" / "detect" / "rmfd" / "annotations.json"
    annotations.write_text(annotations.read_text().replace('"score": 0.9', '"score": 0.2'))
    with pytest.raises(TrainingError, match="no face to train on"):
        train(arguments(tmp_path))


def test_says_what_it_cannot_train(tmp_path: Path) -> None:
    args = arguments(tmp_path)
    with pytest.raises(TrainingError, match="too few labelled pictures"):
        train(args)
    assert not args.out.exists(), "so that the same folder can be given with other data"
