"""What the training loop promises to every task: steps, the best checkpoint, interruption and resumption."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from facecap.training import execution  # noqa: E402
from facecap.training.batches import Batches, loader  # noqa: E402
from facecap.training.loop import Loop  # noqa: E402
from facecap.training.norms import fresh_statistics  # noqa: E402
from facecap.training.quantisation import prepare_qat  # noqa: E402
from facecap.training.recipe import Recipe  # noqa: E402
from facecap.training.run import BEST, LAST, Progress, RunFolder, TrainingError, seed_all  # noqa: E402

RECIPE = Recipe("default", None, 4, 8, 1e-2, 0.05, "adamw", "cosine", small_side=4, small_share=0.5)


class Squares(Batches):
    """Bright and dark squares of 8 px."""

    def make(self, number):
        generator = torch.Generator().manual_seed(number)
        labels = torch.randint(0, 2, (8,), generator=generator)
        noise = torch.randint(0, 99, (8, 8, 8, 3), generator=generator)
        return (noise + 128 * labels[:, None, None, None]).to(torch.uint8), labels


class Task:
    side = 8

    def __init__(self, figures=None, stop_at=None, stop_validating=False):
        self.sides, self._figures, self._stop_at = [], figures or [], stop_at
        self._stop_validating = stop_validating

    def steps_per_epoch(self):
        return 5

    def batches(self, first):
        return loader(Squares(first), workers=0)

    def loss(self, model, pictures, labels, side):
        if len(self.sides) == self._stop_at:
            raise KeyboardInterrupt
        if torch.is_grad_enabled():  # not where statistics of batch norm are taken
            self.sides.append(side)
        return functional.cross_entropy(model(pictures.permute(0, 3, 1, 2)[..., :side, :side] / 255), labels)

    def validate(self, model, side):
        if self._stop_validating and not self._figures:
            raise KeyboardInterrupt
        return {"figure": self._figures.pop(0) if self._figures else 0.0}

    def checkpoint(self, model):
        return {"model": model.state_dict(), "manifest": {}}


@pytest.fixture(autouse=True)
def _unplotted(monkeypatch):
    monkeypatch.setattr(RunFolder, "plot", lambda self: None)


def network():
    return nn.Sequential(
        *(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(8, 2)),
    )


def run(folder, task, recipe=RECIPE):
    seed_all(recipe.seed)
    silent = Progress(every=1e9)
    Loop(recipe, task, network(), RunFolder(folder, {}), silent, execution.choose("cpu", "float32")).fit()


def state(folder, name=LAST):
    return torch.load(folder / name, weights_only=True)


@pytest.mark.parametrize("stop_at", [0, 3, 10, 11, 19])
def test_an_interrupted_run_ends_as_if_nothing_had_been(tmp_path, stop_at):
    run(tmp_path / "whole", Task())
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", Task(stop_at=stop_at))
    assert state(tmp_path / "parts")["step"] == stop_at
    run(tmp_path / "parts", Task())
    whole, parts = state(tmp_path / "whole"), state(tmp_path / "parts")
    assert whole["step"] == parts["step"] == 20
    for name, value in whole["model"].items():
        assert torch.equal(value, parts["model"][name]), name
    assert [row["loss"] for row in whole["history"]] == [row["loss"] for row in parts["history"]]


def test_a_validation_that_was_interrupted_is_made_again(tmp_path):
    run(tmp_path / "whole", Task())
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", Task(figures=[0.0] * 5, stop_validating=True))
    run(tmp_path / "parts", Task())
    whole, parts = state(tmp_path / "whole"), state(tmp_path / "parts")
    assert [row["step"] for row in whole["history"]] == [row["step"] for row in parts["history"]]


def test_a_finished_run_is_left_as_it_is(tmp_path):
    run(tmp_path, Task())
    before = (tmp_path / LAST).read_bytes()
    task = Task()
    run(tmp_path, task)
    assert not task.sides
    assert (tmp_path / LAST).read_bytes() == before


def test_small_pictures_come_first_and_are_no_candidates_for_the_best(tmp_path):
    task = Task(figures=[9.0, 9.0, 9.0, 9.0, 0.3, 0.7, 0.5, 0.6, 0.1, 0.2])
    run(tmp_path, task)
    assert task.sides == [4] * 10 + [8] * 10
    best = state(tmp_path, BEST)
    assert best["figures"] == {"figure": 0.7}
    assert {"model", "manifest", "step"} <= best.keys()


def test_a_loss_that_is_no_number_ends_the_run_with_a_reason(tmp_path):
    task = Task()
    task.loss = lambda model, *_: model(torch.full((2, 3, 8, 8), torch.nan)).sum()
    with pytest.raises(TrainingError, match="the loss is nan at step 0: give --precision float32"):
        run(tmp_path, task)


def test_a_step_of_one_picture_is_refused(tmp_path):
    task = Task()
    task.batches = lambda first: [
        (torch.zeros(1, 8, 8, 3, dtype=torch.uint8), torch.zeros(1, dtype=torch.long))
    ]
    with pytest.raises(TrainingError, match="give a larger --batch"):
        run(tmp_path, task)


def test_time_bounds_a_run_as_well(tmp_path):
    task = Task()
    run(tmp_path, task, replace(RECIPE, minutes=0.005, epochs=None))
    assert task.sides
    assert state(tmp_path)["spent"] >= 0.3


def test_mixed_precision_learns_too(tmp_path):
    seed_all(0)
    model = network()
    before = model[0].weight.detach().clone()
    machine = execution.choose("cpu", "bfloat16")
    Loop(RECIPE, Task(), model, RunFolder(tmp_path, {}), Progress(every=1e9), machine).fit()
    weight = state(tmp_path)["model"]["0.weight"]
    assert weight.dtype is torch.float32
    assert not torch.equal(weight, before)


class Watching(Task):
    """Keeps what the network answers to the pictures of training, and its state, at each validation."""

    def validate(self, model, side):
        pictures = torch.cat([Squares(0).make(number)[0] for number in range(40, 60)])
        self.inputs = pictures.permute(0, 3, 1, 2)[..., :side, :side] / 255
        norm = model.eval()[:2]
        self.measured = norm(self.inputs)
        self.state = {name: value.clone() for name, value in model.state_dict().items()}
        return {"figure": 0.0}


def test_a_short_run_is_validated_with_the_statistics_of_its_pictures(tmp_path):
    task = Watching()
    run(tmp_path, task, replace(RECIPE, epochs=1, small_side=None, validations=1))
    mean, deviation = task.measured.mean((0, 2, 3)), task.measured.std((0, 2, 3))
    model = network()
    model.load_state_dict(task.state)
    wanted = model.train()[:2](task.inputs)
    torch.testing.assert_close(mean, wanted.mean((0, 2, 3)), atol=0.1, rtol=0)
    torch.testing.assert_close(deviation, wanted.std((0, 2, 3)), atol=0.1, rtol=0)


def test_the_best_checkpoint_holds_the_statistics_that_it_was_validated_with(tmp_path):
    task = Watching()
    run(tmp_path, task, replace(RECIPE, validations=1))
    best = state(tmp_path, BEST)["model"]
    assert all(torch.equal(value, best[name]) for name, value in task.state.items())


def test_frozen_statistics_and_ranges_of_rounding_stay_at_a_validation():
    model = prepare_qat(network().eval(), fold=False)
    norm, layer = model[1], model[0]
    model.train()(torch.rand(4, 3, 8, 8))
    high, mean = layer.high.clone(), norm.running_mean.clone()
    with fresh_statistics(model), torch.no_grad():
        model(3 * torch.rand(4, 3, 8, 8))
    assert torch.equal(layer.high, high)
    assert not torch.equal(norm.running_mean, mean)
    norm.requires_grad_(False)
    mean = norm.running_mean.clone()
    with fresh_statistics(model), torch.no_grad():
        model(5 * torch.rand(4, 3, 8, 8))
    assert torch.equal(norm.running_mean, mean)


def test_the_curves_have_the_rate_and_as_many_validations_as_asked(tmp_path):
    run(tmp_path, Task(), replace(RECIPE, validations=4))
    rows = list(csv.DictReader((tmp_path / "curves.csv").read_text().splitlines()))
    assert [int(row["step"]) for row in rows] == [5, 10, 15, 20]
    assert [float(row["rate"]) for row in rows] == sorted((float(row["rate"]) for row in rows), reverse=True)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_what_the_machine_has_not_is_refused():
    assert execution.choose("auto", "auto").device.type == "cpu"
    with pytest.raises(TrainingError, match="no GPU"):
        execution.choose("cuda", "auto")
    with pytest.raises(TrainingError, match="float16 needs a GPU"):
        execution.choose("auto", "float16")
