"""`facecap train classifier` from a folder of pictures to a model that the package opens."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from class_folder import write_class_folder  # noqa: E402

from facecap.cli import main  # noqa: E402
from facecap.evaluation.classifier.model import ClassifierModel  # noqa: E402
from facecap.training.cache import SharedCache  # noqa: E402
from facecap.training.classifier.batches import ClassifierBatches, random_crop  # noqa: E402
from facecap.training.classifier.data import Crops, Pictures, read_split  # noqa: E402
from facecap.training.classifier.recipe import PRESETS, at_side  # noqa: E402
from facecap.training.run import RunFolder, TrainingError  # noqa: E402

COUNTS = {"blue": 24, "green": 30, "red": 27}
NETWORK = "mobilenet_v1_0.25"
HEAD = {"fc.weight", "fc.bias"}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_class_folder(tmp_path_factory.mktemp("classes"), COUNTS)


def options(data, out, *more):
    machine = ["--workers", "0", "--device", "cpu"]
    small = ["--side", "32", "--batch", "6", "--network", NETWORK]
    return ["train", "classifier", "--data", str(data), "--out", str(out), *small, *machine, *more]


def pictures_of(items, split, megabytes=1):
    return Pictures(items, 32, split.classes, SharedCache(len(items), megabytes))


@pytest.fixture(scope="module")
def run(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunFolder, "plot", lambda self: None)
        assert main(options(data, out, "--epochs", "30")) == 0
    return out


def test_a_run_leaves_a_model_that_has_learnt_the_colours(run, data, capsys):
    path = run / f"classifier_{NETWORK}.onnx"
    model = ClassifierModel(path)
    assert model.classes == ["blue", "green", "red"]
    assert model.logits(np.zeros((2, 32, 32, 3), np.uint8)).shape == (2, 3)
    assert main(["eval", "classifier", "--data", str(data), "--model", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["top-1"] > 0.8


def test_the_manifest_says_how_the_model_came_about(run):
    manifest = json.loads((run / f"classifier_{NETWORK}.json").read_text())
    assert manifest["task"] == "classification"
    assert manifest["architecture"] == NETWORK
    assert manifest["training"]["data"] == {"pictures": {"train": 69, "val": 12}, "classes": 3}
    assert "--side 32" in manifest["training"]["command"]
    (row,) = manifest["figures"]
    assert (row["measure"], row["dataset"]) == ("top-1", "12 pictures held out of DATA")


def test_the_best_is_chosen_by_top_1(run):
    rows = list(csv.DictReader((run / "curves.csv").read_text().splitlines()))
    best = torch.load(run / "best.pt", weights_only=True)
    assert best["figures"]["val top-1"] == max(float(row["val top-1"]) for row in rows)
    assert best["manifest"]["classifier"]["classes"] == ["blue", "green", "red"]


def test_fine_tuning_to_other_classes_with_a_frozen_backbone(run, tmp_path):
    data = write_class_folder(tmp_path / "data", {"green": 6, "red": 6})
    start = ["--start", str(run / "best.pt"), "--freeze-backbone", "--epochs", "2"]
    assert main(options(data, tmp_path / "run", *start)) == 0
    before, after = (
        torch.load(folder / "best.pt", weights_only=True)["model"] for folder in (run, tmp_path / "run")
    )
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == HEAD
    manifest = json.loads((tmp_path / "run" / f"classifier_{NETWORK}.json").read_text())
    assert manifest["training"]["starting_point"].startswith("the best checkpoint of a run (trained by")
    assert "Only the head learns" in manifest["training"]["recipe"]


def test_a_head_learns_from_kept_features_what_it_learns_from_pictures(run, tmp_path, capsys):
    data = write_class_folder(tmp_path / "data", {"green": 12, "red": 12})
    start = ["--start", str(run / "best.pt"), "--freeze-backbone", "--new-head", "--optimizer", "sgd"]
    kept = ["--cache-features", "1"]
    weights = []
    for name, more in (("seen", []), ("kept", kept)):
        assert main(options(data, tmp_path / name, *start, "--epochs", "1", *more)) == 0
        weights.append(torch.load(tmp_path / name / "last.pt", weights_only=True)["model"])
    assert "kept the features of 18 pictures" in capsys.readouterr().err
    before = torch.load(run / "best.pt", weights_only=True)["model"]
    for state in weights:
        assert {name for name in before if not torch.equal(before[name], state[name])} == HEAD
    manifest = json.loads((tmp_path / "kept" / f"classifier_{NETWORK}.json").read_text())
    assert "from the kept features of 1 passes" in manifest["training"]["recipe"]
    assert "--cache-features 1" in manifest["training"]["command"]
    longer = ["--epochs", "20", "--rate", "0.1", "--cache-features", "4"]
    assert main(options(data, tmp_path / "longer", *start, *longer)) == 0
    losses = [
        torch.load(tmp_path / name / "last.pt", weights_only=True)["history"][-1]["val loss"]
        for name in ("kept", "longer")
    ]
    assert losses[1] < losses[0]


def test_a_damaged_picture_is_named_and_skipped(tmp_path, capsys):
    folder = write_class_folder(tmp_path, {"green": 6, "red": 6})
    broken = folder / "red" / "02.png"
    broken.write_bytes(broken.read_bytes()[:200])
    split = read_split(folder, seed=0)
    items = [*split.train, *split.val]
    pictures = pictures_of(items, split)
    place = [item.path for item in items].index(broken)
    assert [pictures.get(place)[1] for _ in range(2)] == [items[place].label] * 2, "another stands in for it"
    assert pictures.readable() == 11
    assert capsys.readouterr().err.count(f"skipped {broken}") == 1
    crops = Crops(items, 32, split.classes, SharedCache(len(items), 1))
    assert sum(len(labels) for _, labels in crops.batches()) == crops.readable() == 11


def test_a_class_whose_pictures_are_all_damaged_is_refused(tmp_path):
    folder = write_class_folder(tmp_path, {"green": 2, "red": 2})
    for path in (folder / "red").iterdir():
        path.write_bytes(b"nothing")
    split = read_split(folder, seed=0)
    with pytest.raises(TrainingError, match=r"none of the pictures of \['red'\] could be read"):
        pictures_of(split.train, split)


def test_a_split_is_drawn_by_the_seed_and_holds_some_of_every_class_out(data):
    split = read_split(data, seed=3)
    assert read_split(data, seed=3) == split
    assert read_split(data, seed=4) != split
    assert {item.path for item in split.train}.isdisjoint(item.path for item in split.val)
    assert len(split.train) + len(split.val) == sum(COUNTS.values())
    assert {item.label for item in split.val} == {0, 1, 2}


def test_train_and_val_folders_are_taken_as_they_are(tmp_path):
    write_class_folder(tmp_path / "train", {"green": 3, "red": 3})
    write_class_folder(tmp_path / "val", {"green": 1, "red": 2})
    split = read_split(tmp_path, seed=0)
    assert (len(split.train), len(split.val)) == (6, 3)
    (tmp_path / "val" / "red").rename(tmp_path / "val" / "rot")
    with pytest.raises(TrainingError, match=r"train/ and val/ differ by the classes \['red', 'rot'\]"):
        read_split(tmp_path, seed=0)


def test_folders_of_the_wrong_shape_are_refused(tmp_path, capsys):
    write_class_folder(tmp_path / "val", {"green": 3, "red": 3})
    with pytest.raises(TrainingError, match="found val/ without train/"):
        read_split(tmp_path, seed=0)
    alone = write_class_folder(tmp_path / "alone", {"green": 3, "red": 1})
    with pytest.raises(TrainingError, match="found one picture of 'red'"):
        read_split(alone, seed=0)
    assert main(options(tmp_path / "val" / "red", tmp_path / "run")) == 1
    assert "found 3 files and no sub-folder" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_batch_depends_on_the_seed_and_its_number_alone(data, preset):
    split = read_split(data, seed=0)
    pictures = pictures_of(split.train, split)
    recipe = at_side(PRESETS[preset], 32)
    whole = iter(ClassifierBatches(pictures, recipe, 32, 0))
    images, labels = [next(whole) for _ in range(3)][2]
    again = next(iter(ClassifierBatches(pictures, recipe, 32, 2)))
    assert torch.equal(images, again[0]) and torch.equal(labels, again[1])
    assert images.shape[1:] == (32, 32, 3)


def test_a_small_cache_gives_the_same_batches_and_figures(data, tmp_path):
    for name, megabytes in (("small", "0.01"), ("large", "100")):
        length = ["--epochs", "2", "--workers", "2", "--cache", megabytes]
        assert main([*options(data, tmp_path / name), *length]) == 0
    curves = [(tmp_path / name / "curves.csv").read_text().splitlines() for name in ("small", "large")]
    rows = [[{**row, "minutes": None} for row in csv.DictReader(lines)] for lines in curves]
    assert rows[0] == rows[1]


def test_crops_keep_what_is_in_the_picture():
    image = np.full((40, 90, 3), 50, np.uint8)
    image[:, 45:] = 200
    rng = np.random.default_rng(0)
    crops = np.stack([random_crop(image, 24, 0.0, rng) for _ in range(200)])
    assert set(np.unique(crops)) <= set(range(50, 201))
    left, right = crops[:, :, 0].mean((1, 2)), crops[:, :, -1].mean((1, 2))
    assert (left < right).mean() == pytest.approx((left > right).mean(), abs=0.2), "flipped half of the times"


def test_small_pictures_of_the_first_part_follow_the_side():
    assert [at_side(PRESETS["default"], side).small_side for side in (32, 112, 224)] == [None, 64, 128]
    assert at_side(PRESETS["mission"], 224).small_side is None


@pytest.mark.parametrize("wrong", [["--side", "100"], ["--side", "16"], ["--minutes", "1", "--epochs", "1"]])
def test_wrong_options_are_wrong_usage(data, tmp_path, wrong):
    with pytest.raises(SystemExit) as ended:
        main(["train", "classifier", "--data", str(data), "--out", str(tmp_path), *wrong])
    assert ended.value.code == 2


def test_a_network_of_one_input_size_says_so(data, tmp_path, capsys):
    command = ["train", "classifier", "--data", str(data), "--out", str(tmp_path), "--side", "224"]
    assert main([*command, "--network", "mobilefacenet"]) == 1
    assert "--side 224: mobilefacenet takes no such pictures; give 112" in capsys.readouterr().err


def test_a_checkpoint_is_measured_like_its_model(run, data, capsys):
    figures = []
    for model in (run / "best.pt", run / f"classifier_{NETWORK}.onnx"):
        assert main(["eval", "classifier", "--data", str(data), "--model", str(model), "--json"]) == 0
        figures.append(json.loads(capsys.readouterr().out))
        figures[-1].pop("model")
    assert figures[0] == figures[1]
