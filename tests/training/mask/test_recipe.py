import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from face_folder import write_face_folder  # noqa: E402

from facecap.cli import make_parser  # noqa: E402
from facecap.training import recipe  # noqa: E402
from facecap.training.batches import batches_per_epoch, epoch_part  # noqa: E402
from facecap.training.inputs import prepare  # noqa: E402
from facecap.training.mask import recipe as mask_recipe  # noqa: E402
from facecap.training.mask.batches import MaskBatches  # noqa: E402
from facecap.training.mask.data import read_faces  # noqa: E402
from facecap.training.mask.patches import Patches  # noqa: E402
from facecap.training.run import TrainingError  # noqa: E402


def test_the_mission_is_the_recipe_that_was_given():
    mission = mask_recipe.PRESETS["mission"]
    assert (mission.epochs, mission.batch, mission.learning_rate, mission.weight_decay) == (
        120,
        64,
        1e-4,
        1e-6,
    )
    optimizer = recipe.optimizer(mission, torch.nn.Linear(2, 1))
    assert type(optimizer) is torch.optim.Adam
    assert optimizer.param_groups[0]["weight_decay"] == 1e-6
    assert recipe.learning_rate(mission, 0.9) == 1e-4


def test_focal_loss_weighs_classes_and_spares_what_is_learnt():
    loss = partial(mask_recipe.focal_loss, alpha=0.34)
    zero = torch.zeros(1)
    # p = 0.5: alpha * 0.25 * ln 2
    assert float(loss(zero, torch.ones(1))) == pytest.approx(0.34 * 0.25 * math.log(2))
    assert float(loss(zero, torch.zeros(1))) == pytest.approx(0.66 * 0.25 * math.log(2))
    assert float(loss(torch.tensor([4.0]), torch.ones(1))) < 1e-4


def test_the_learning_rate_rises_then_falls():
    default = mask_recipe.PRESETS["default"]
    rates = [recipe.learning_rate(default, share) for share in np.linspace(0, 1, 101)]
    assert int(np.argmax(rates)) in range(2, 6)
    assert rates[0] < 0.05 * max(rates)
    assert rates[-1] == pytest.approx(0.01 * default.learning_rate)


def test_the_rise_of_the_rate_may_be_longer_or_left_out():
    default = mask_recipe.PRESETS["default"]
    rates = [recipe.learning_rate(replace(default, warm_up=0.5), share) for share in np.linspace(0, 1, 101)]
    assert int(np.argmax(rates)) in range(25, 51)
    assert recipe.learning_rate(replace(default, warm_up=0.0), 0.0) == default.learning_rate


def chosen(*flags):
    args = make_parser().parse_args(["train", "mask", "--data", "d", "--out", "o", *flags])
    return recipe.choose(mask_recipe.PRESETS, args)


def test_flags_change_a_preset_and_are_what_repeats_the_run():
    flags = ["--rate", "0.01", "--warm-up", "0", "--weight-decay", "0", "--optimizer", "sgd"]
    flags += ["--focal-alpha", "0.25", "--validations", "3", "--epochs", "2", "--batch", "8"]
    asked = chosen(*flags)
    assert (asked.learning_rate, asked.warm_up, asked.weight_decay, asked.optimizer) == (0.01, 0, 0, "sgd")
    assert (asked.focal_alpha, asked.validations, asked.minutes, asked.epochs) == (0.25, 3, None, 2)
    assert chosen(*asked.options(mask_recipe.PRESETS["default"]).split()) == asked
    assert type(recipe.optimizer(asked, torch.nn.Linear(2, 1))) is torch.optim.SGD
    logits, labels = torch.zeros(2), torch.tensor([0.0, 1.0])
    assert mask_recipe.loss(asked, logits[:, None], labels) == mask_recipe.focal_loss(logits, labels, 0.25)


def test_rounding_from_random_weights_takes_the_length_and_rate_of_such_runs():
    scratch, default = chosen("--preset", "qat"), mask_recipe.PRESETS["default"]
    assert (scratch.minutes, scratch.learning_rate) == (default.minutes, default.learning_rate)
    assert scratch.small_side is None
    assert chosen("--preset", "qat", "--start", "best.pt").learning_rate == 1e-4


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--preset", "refine"], "--preset refine needs --start"),
        (["--preset", "qat", "--per-tensor"], "--per-tensor needs --start"),
        (["--cache-features", "2"], "--cache-features needs --freeze-backbone"),
        (
            ["--cache-features", "2", "--start", "b", "--freeze-backbone", "--preset", "qat"],
            "--cache-features is not for --preset qat",
        ),
    ],
)
def test_options_that_do_not_fit_together_are_refused(flags, said):
    with pytest.raises(TrainingError, match=said):
        chosen(*flags)


def test_small_pictures_come_first():
    default = mask_recipe.PRESETS["default"]
    assert [recipe.side(default, share, 112) for share in (0, 0.39, 0.41, 1)] == [64, 64, 112, 112]
    images = torch.full((2, 112, 112, 3), 255, dtype=torch.uint8)
    assert prepare(images, 64).shape == (2, 3, 64, 64)
    assert float(prepare(images, 112).max()) == 1.0


@pytest.mark.parametrize("preset", ["default", "mission"])
def test_a_batch_depends_on_the_seed_and_its_number_alone(tmp_path, preset):
    patches = Patches(read_faces(write_face_folder(tmp_path), "train"), megabytes=1)
    chosen = replace(mask_recipe.PRESETS[preset], batch=6, seed=4)
    whole = iter(MaskBatches(patches, chosen, 0))
    first = [next(whole) for _ in range(4)]
    resumed = next(iter(MaskBatches(patches, chosen, 3)))
    assert torch.equal(resumed[0], first[3][0])
    assert torch.equal(resumed[1], first[3][1])
    assert not torch.equal(first[0][0], first[1][0])


@pytest.mark.parametrize("preset", ["default", "mission"])
def test_a_small_cache_gives_the_same_batches(tmp_path, preset):
    faces = read_faces(write_face_folder(tmp_path), "train")
    faces[0].path.write_bytes(b"damaged")
    chosen = replace(mask_recipe.PRESETS[preset], batch=12, seed=4)
    small, large = (iter(MaskBatches(Patches(faces, megabytes), chosen, 0)) for megabytes in (0.1, 100))
    for _ in range(4):
        for first, second in zip(next(small), next(large), strict=True):
            assert torch.equal(first, second)


def test_every_face_is_seen_once_an_epoch():
    per_epoch = batches_per_epoch(31, 7)
    assert per_epoch == 4
    epochs = [
        np.concatenate([epoch_part(epoch * per_epoch + place, 31, 7, 0) for place in range(per_epoch)])
        for epoch in range(2)
    ]
    for seen in epochs:
        assert len(set(seen.tolist())) == len(seen) == 28
    assert not np.array_equal(*epochs)
