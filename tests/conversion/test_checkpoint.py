"""The weights of a checkpoint are found wherever programs put them, or the text says what is there."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from facecap.conversion.checkpoint import CheckpointError, find_weights, read_checkpoint  # noqa: E402
from facecap.training.networks.registry import build, recognise  # noqa: E402

PATH = Path("net.pth")
WEIGHTS = {"conv.weight": torch.ones(1)}
AVERAGED = {"conv.weight": torch.zeros(1)}


@pytest.mark.parametrize(
    "entry", ["state_dict", "model", "net", "net_state_dict", "model_state_dict", "network", "ema"]
)
def test_weights_lie_in_an_entry_of_the_checkpoint(entry: str) -> None:
    assert find_weights({"epoch": 3, entry: WEIGHTS}, PATH) == (WEIGHTS, entry)


def test_entries_may_lie_in_each_other() -> None:
    assert find_weights({"model": {"step": 1, "state_dict": WEIGHTS}}, PATH) == (WEIGHTS, "model.state_dict")


@pytest.mark.parametrize("entry", ["ema", "model_ema", "state_dict_ema", "ema_state_dict"])
def test_averaged_weights_are_taken_first(entry: str) -> None:
    assert find_weights({"state_dict": WEIGHTS, entry: AVERAGED}, PATH) == (AVERAGED, entry)


def test_an_average_without_weights_is_passed_over() -> None:
    assert find_weights({"ema": {"decay": 0.999}, "model": WEIGHTS}, PATH) == (WEIGHTS, "model")


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.module."])
def test_prefixes_of_parallel_and_compiled_networks_are_taken_off(prefix: str) -> None:
    assert find_weights({prefix + "conv.weight": torch.ones(1)}, PATH) == (WEIGHTS, "")


def test_counters_of_batches_and_of_a_profiler_do_not_matter() -> None:
    state = build("mobilenet_v1_0.25", 2).state_dict()
    bare = {key: value for key, value in state.items() if not key.endswith("num_batches_tracked")}
    bare["stage1.total_ops"] = torch.tensor(5.0)
    weights, _ = find_weights(bare, PATH)
    assert weights.keys() == state.keys()
    assert recognise(weights)


@pytest.mark.parametrize(
    ("checkpoint", "said"),
    [
        ({"epoch": 3, "optimizer": {}}, r"found epoch \(int\), optimizer \(dict\)"),
        ({"state_dict": {"bias": 1.0}}, r"found state_dict \(dict\)"),
        ({}, "found nothing"),
    ],
)
def test_what_was_found_is_said_where_there_are_no_weights(checkpoint: dict[str, Any], said: str) -> None:
    with pytest.raises(CheckpointError, match=rf"net.pth: wanted a state_dict.*net_state_dict.*; {said}"):
        find_weights(checkpoint, PATH)


class Trainer:
    """What only the program that wrote a checkpoint could read."""


def test_options_beside_the_weights_are_no_obstacle_and_other_objects_are_named(tmp_path: Path) -> None:
    torch.save({"args": argparse.Namespace(rate=0.1), "model": WEIGHTS}, tmp_path / "options.pth")
    assert read_checkpoint(tmp_path / "options.pth")["model"] == WEIGHTS
    torch.save({"model": WEIGHTS, "trainer": Trainer()}, tmp_path / "objects.pth")
    with pytest.raises(CheckpointError, match=r"it holds a .*Trainer; save its state_dict alone"):
        read_checkpoint(tmp_path / "objects.pth")
