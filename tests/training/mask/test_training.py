import csv
import json
import shutil

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from face_folder import paint_face, write_face_folder  # noqa: E402

import facecap  # noqa: E402
from facecap.cli import main, make_parser  # noqa: E402
from facecap.conversion.onnx_weights import weights_of_onnx  # noqa: E402
from facecap.training.backbone import head_names  # noqa: E402
from facecap.training.loop import Loop  # noqa: E402
from facecap.training.mask import train as mask_training  # noqa: E402
from facecap.training.mask.data import Face  # noqa: E402
from facecap.training.networks.registry import build  # noqa: E402


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_face_folder(tmp_path_factory.mktemp("data"))


def options(data, out, epochs=1):
    length = ["--preset", "mission", "--epochs", str(epochs), "--batch", "12", "--workers", "0"]
    return ["train", "mask", "--data", str(data), "--out", str(out), *length]


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    assert main(options(data, out)) == 0
    return out


def test_a_run_leaves_a_model_that_the_package_opens(run):
    classifier = facecap.MaskClassifier(run / "mask_ghostnet.onnx")
    chance = classifier.predict(np.zeros((2, 112, 112, 3), np.uint8))
    assert ((chance >= 0) & (chance <= 1)).all()


def test_the_manifest_says_how_the_model_came_about(run):
    manifest = json.loads((run / "mask_ghostnet.json").read_text())
    assert manifest["training"]["starting_point"] == "random weights"
    assert manifest["training"]["data"]["faces"] == {"mask bare": 12, "mask mask": 12}
    assert manifest["training"]["command"].endswith("--preset mission --epochs 1 --batch 12 --seed 0")
    assert {"AP", "accuracy"} <= {row["measure"] for row in manifest["figures"]}
    assert any(row["dataset"] == "fddb val, 4 faces" for row in manifest["figures"])


def test_a_run_leaves_its_curves(run):
    rows = list(csv.DictReader((run / "curves.csv").read_text().splitlines()))
    assert rows[-1]["step"] == "2"
    assert (run / "curves.png").exists()
    assert not list(run.glob(".*"))


def test_an_interrupted_run_goes_on_where_it_was(data, tmp_path, monkeypatch, capsys):
    whole_step = Loop._train_step

    def interrupt(self, images, masked, share):
        if self._step == 2:
            raise KeyboardInterrupt
        return whole_step(self, images, masked, share)

    monkeypatch.setattr(Loop, "_train_step", interrupt)
    assert main(options(data, tmp_path, epochs=2)) == 130
    monkeypatch.undo()
    assert main(options(data, tmp_path, epochs=2)) == 0
    assert "resumed at step 2" in capsys.readouterr().err
    assert torch.load(tmp_path / "last.pt", weights_only=True)["step"] == 4


def test_a_run_may_go_on_from_the_best_of_another(run, data, tmp_path):
    refined = tmp_path / "refined"
    command = ["train", "mask", "--data", str(data), "--out", str(refined), "--batch", "12", "--workers", "0"]
    start = ["--preset", "refine", "--start", str(run / "best.pt"), "--minutes", "0.002"]
    assert main([*command, *start]) == 0
    manifest = json.loads((refined / "mask_ghostnet.json").read_text())
    assert (
        "best checkpoint of a run (trained by facecap train mask, preset mission, from random weights)"
        in manifest["training"]["starting_point"]
    )


def test_what_is_no_checkpoint_is_no_start(data, tmp_path, capsys):
    broken = tmp_path / "best.pt"
    broken.write_bytes(b"not a checkpoint")
    command = ["train", "mask", "--data", str(data), "--out", str(tmp_path / "run"), "--preset", "refine"]
    assert main([*command, "--start", str(broken)]) == 1
    assert "give its best.pt" in capsys.readouterr().err
    assert main(command) == 1
    assert "--preset refine needs --start" in capsys.readouterr().err


def test_a_network_that_there_is_not_is_refused_with_those_that_there_are(data, tmp_path, capsys):
    command = ["train", "mask", "--data", str(data), "--out", str(tmp_path / "run"), "--network", "alexnet"]
    assert main(command) == 1
    error = capsys.readouterr().err
    assert "no network 'alexnet'" in error and "mobilenet_v2" in error
    assert not (tmp_path / "run").exists()


def test_another_network_makes_a_model_of_its_own_name(data, tmp_path):
    network = ["--network", "mobilenet_v1_0.25"]
    assert main([*options(data, tmp_path), *network]) == 0
    classifier = facecap.MaskClassifier(tmp_path / "mask_mobilenet_v1_0.25.onnx")
    assert classifier.info["manifest"]["architecture"] == "mobilenet_v1_0.25"
    state = torch.load(tmp_path / "best.pt", weights_only=True)
    assert state["manifest"].keys() >= {"task", "architecture", "input", "outputs", "classifier", "licence"}


def test_two_class_folders_are_trained_on_and_measured_on_what_is_held_out(tmp_path, capsys):
    rng = np.random.default_rng(3)
    for name in ("covered", "bare"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(10):
            cv2.imwrite(str(tmp_path / "data" / name / f"{number}.png"), paint_face(name == "covered", rng))
    folders = ["--classes", "covered", "bare", "--faces", "whole"]
    out = tmp_path / "run"
    assert main([*options(tmp_path / "data", out), *folders, "--network", "mobilenet_v1_0.25"]) == 0
    manifest = json.loads((out / "mask_mobilenet_v1_0.25.json").read_text())
    assert manifest["training"]["data"]["faces"] == {"mask bare": 8, "mask mask": 8}
    assert "--out RUN --classes covered bare --faces whole --network" in manifest["training"]["command"]
    (noted,) = [
        row for row in manifest["figures"] if row["measure"] == "AP" and row["dataset"].startswith("mask")
    ]
    assert noted["dataset"] == "mask val, 4 faces" and noted["command"].endswith("bare --faces whole")
    capsys.readouterr()
    model = ["--model", str(out / "mask_mobilenet_v1_0.25.onnx"), "--json"]
    assert main(["eval", "mask", "--data", str(tmp_path / "data"), *folders, *model]) == 0
    measured = json.loads(capsys.readouterr().out)["sets"]["mask"]
    assert measured["faces"] == 4 and measured["AP"] == pytest.approx(noted["value"], abs=1e-5)
    assert main(["eval", "mask", "--data", str(tmp_path / "data"), *folders, *model, "--split", "calib"]) == 1
    assert "no faces of the split calib" in capsys.readouterr().err


def test_a_third_class_makes_a_model_that_answers_it(data, tmp_path, capsys):
    network = ["--network", "mobilenet_v1_0.25", "--incorrect"]
    given = ["train", "mask", "--data", str(data), "--out", str(tmp_path), "--workers", "0", *network]
    assert main([*given, "--epochs", "1", "--batch", "12"]) == 0
    assert "below nose accuracy" in capsys.readouterr().err
    classifier = facecap.MaskClassifier(tmp_path / "mask_mobilenet_v1_0.25.onnx")
    assert "incorrect" in classifier.answers
    said = classifier.classify(np.zeros((2, 112, 112, 3), np.uint8))
    assert ((said.mask_prob + said.incorrect_prob) <= 1).all()
    manifest = classifier.info["manifest"]
    assert manifest["classifier"]["classes"] == ["no_mask", "mask", "incorrect"]
    assert "--incorrect" in manifest["training"]["command"]


def test_a_third_class_is_refused_where_nothing_is_drawn(data, tmp_path, capsys):
    assert main([*options(data, tmp_path / "run"), "--incorrect"]) == 1
    assert "--incorrect needs a preset that draws such faces: default or renew" in capsys.readouterr().err


def test_a_third_class_has_cross_entropy_alone(data, tmp_path, capsys):
    given = ["train", "mask", "--data", str(data), "--out", str(tmp_path / "run"), "--incorrect"]
    assert main([*given, "--focal-alpha", "0.3"]) == 1
    assert "--focal-alpha is for two classes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("split", "said"),
    [
        ("train", "train, to draw masks worn wrongly; found 16 bare and 0 masked ones of 28 faces"),
        ("val", "val, to draw masks worn wrongly; found 8 bare and 0 masked ones of 12 faces"),
    ],
)
def test_a_third_class_is_refused_where_it_cannot_be_drawn(split, said, tmp_path, capsys):
    data = write_face_folder(tmp_path / "data")
    index = data / "mask" / "index.csv"
    lines = index.read_text().splitlines()
    for place, line in enumerate(lines):
        if line.startswith(f"with_mask/{split}"):
            lines[place] = ",".join(line.split(",")[:8]) + "," * 10
    index.write_text("\n".join(lines))
    assert main(["train", "mask", "--data", str(data), "--out", str(tmp_path / "run"), "--incorrect"]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "run" / "config.json").exists()


def small_run(data, out):
    return ["train", "mask", "--data", str(data), "--out", str(out), "--batch", "12", "--workers", "0"]


def test_a_frozen_backbone_is_in_the_renewed_model_as_it_was(run, data, tmp_path):
    given = ["--preset", "renew", "--start", str(run / "best.pt"), "--freeze-backbone", "--epochs", "1"]
    command = small_run(data, tmp_path)
    assert main([*command, *given]) == 0
    before, after = (
        weights_of_onnx(folder / "mask_ghostnet.onnx", "ghostnet_1.0x") for folder in (run, tmp_path)
    )
    for name in before.keys() - head_names("ghostnet_1.0x"):
        torch.testing.assert_close(after[name], before[name], msg=name)
    assert (
        "--start best.pt" in json.loads((tmp_path / "mask_ghostnet.json").read_text())["training"]["command"]
    )


def test_a_model_may_be_renewed_with_further_faces(run, data, tmp_path):
    more = tmp_path / "hands"
    shutil.copytree(data / "mask", more)
    given = ["train", "mask", "--data", str(data), "--more", str(more), "--out", str(tmp_path / "renewed")]
    given += ["--preset", "renew", "--start", str(run / "mask_ghostnet.onnx"), "--epochs", "1"]
    assert main([*given, "--batch", "12", "--workers", "0"]) == 0
    training = json.loads((tmp_path / "renewed" / "mask_ghostnet.json").read_text())["training"]
    assert training["data"]["faces"]["hands mask"] == 12
    origin = "trained by facecap train mask, preset mission, from random weights"
    assert training["starting_point"] == f"the model mask_ghostnet.onnx ({origin})"
    assert "--more hands --network ghostnet_1.0x --preset renew" in training["command"]
    assert training["command"].endswith("--start mask_ghostnet.onnx")


def test_training_under_rounding_goes_on_from_a_checkpoint(run, data, tmp_path):
    command = small_run(data, tmp_path)
    options = ["--start", str(run / "best.pt"), "--epochs", "1", "--per-tensor"]
    assert main([*command, "--preset", "qat", *options]) == 0
    facecap.MaskClassifier(tmp_path / "mask_ghostnet.onnx")
    state = torch.load(tmp_path / "best.pt", weights_only=True)
    assert state["model"].keys() == torch.load(run / "best.pt", weights_only=True)["model"].keys()
    manifest = json.loads((tmp_path / "mask_ghostnet.json").read_text())
    assert "rounded to int8, one scale a layer" in manifest["training"]["recipe"]
    assert manifest["training"]["command"].endswith("--per-tensor")
    config = json.loads((tmp_path / "config.json").read_text())["config"]
    assert config["per_tensor"] is True


def test_other_options_do_not_resume_a_run(run, data, capsys):
    assert main([*options(data, run), "--seed", "9"]) == 1
    assert "seed = 0, wanted 9" in capsys.readouterr().err


def test_validation_and_calibration_pictures_are_not_trained_on(data, tmp_path, monkeypatch):
    seen: list[Face] = []
    monkeypatch.setattr(mask_training, "training_patches", lambda faces, _: seen.extend(faces) or _stop())
    with pytest.raises(StopIteration):
        mask_training.train(_parsed(data, tmp_path))
    assert {face.path.name.split("_")[0] for face in seen} == {"train"}


def _stop():
    raise StopIteration


def _parsed(data, out):
    options = ["--data", str(data), "--out", str(out), "--minutes", "1", "--device", "cpu", "--workers", "0"]
    return make_parser().parse_args(["train", "mask", *options])


@pytest.mark.parametrize(
    "wrong", [["--minutes", "-1"], ["--batch", "0"], ["--workers", "-1"], ["--seed", "-1"]]
)
def test_wrong_options_are_wrong_usage(data, tmp_path, wrong):
    with pytest.raises(SystemExit) as ended:
        main(["train", "mask", "--data", str(data), "--out", str(tmp_path), *wrong])
    assert ended.value.code == 2


def test_without_torch_it_says_what_to_install(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("facecap.cli.train._run_mask", _without_torch)
    assert main(["train", "mask", "--data", str(data), "--out", str(tmp_path)]) == 1
    assert (
        "training needs torch, which is not installed: pip install 'facecap[train]'"
        in capsys.readouterr().err
    )


def _without_torch(args):
    raise ModuleNotFoundError("No module named 'torch'", name="torch")


def test_faces_are_hidden_behind_things_in_training_and_measured_behind_others(data, tmp_path):
    occluders, out = tmp_path / "occluders", tmp_path / "run"
    for split, count in (("train", 3), ("val", 2)):
        (occluders / split).mkdir(parents=True)
        for number in range(count):
            cv2.imwrite(str(occluders / split / f"bag_{number}_0.png"), np.full((40, 30, 4), 255, np.uint8))
    command = ["train", "mask", "--data", str(data), "--out", str(out), "--batch", "12", "--workers", "0"]
    assert main([*command, "--minutes", "0.002", "--occluders", str(occluders)]) == 0
    manifest = json.loads((out / "mask_ghostnet.json").read_text())
    assert manifest["training"]["data"]["occluders"] == 3
    assert "--occluders" in manifest["training"]["command"] and "behind" in manifest["training"]["recipe"]
    hidden = [row for row in manifest["figures"] if row["dataset"].startswith("occluded val, ")]
    assert hidden and all("--occluders" in row["command"] for row in hidden)


@pytest.mark.parametrize("network", ["ghostnet_1.0x", "mobilenet_v1_0.25", "mobilenet_v2"])
def test_even_odds_take_the_share_of_a_label_out_of_the_answer(network):
    model = build(network, 1).eval()
    crops = torch.randn(2, 3, 112, 112)
    with torch.no_grad():
        before = model(crops)
        mask_training.even_odds(model, network, -1.2)
        torch.testing.assert_close(model(crops), before + 1.2)
