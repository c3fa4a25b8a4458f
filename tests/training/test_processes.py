"""A run of two processes, started by torchrun, against one of a single process."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from class_folder import write_class_folder  # noqa: E402
from face_folder import write_face_folder  # noqa: E402

from facecap import MaskClassifier  # noqa: E402
from facecap.cli import main  # noqa: E402
from facecap.conversion.network_onnx import to_onnx  # noqa: E402
from facecap.errors import FacecapError  # noqa: E402
from facecap.training import processes  # noqa: E402
from facecap.training.networks.registry import build  # noqa: E402
from facecap.training.run import RunFolder  # noqa: E402

from . import shared_run  # noqa: E402

TWO = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "--"]
SMALL = ["--network", "mobilenet_v1_0.25", "--batch", "12", "--workers", "0", "--device", "cpu"]
GENTLE = ["--optimizer", "sgd", "--rate", "1e-4", "--epochs", "2", "--validations", "1"]


def curves(run: Path) -> list[dict[str, float]]:
    rows = csv.DictReader((run / "curves.csv").read_text().splitlines())
    return [{name: float(value) for name, value in row.items() if name != "minutes"} for row in rows]


def test_two_processes_learn_what_one_does(tmp_path: Path, monkeypatch: Any) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    command = [*TWO, "tests.training.shared_run", str(two)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    monkeypatch.setattr(RunFolder, "plot", lambda self: None)
    shared_run.run(one)
    for row, other in zip(curves(one), curves(two), strict=True):
        assert row == pytest.approx(other, rel=1e-4)
    models = [torch.load(run / "last.pt", weights_only=True)["model"] for run in (one, two)]
    for name, value in models[0].items():
        torch.testing.assert_close(value, models[1][name], atol=1e-4, rtol=1e-4, msg=name)


def test_a_classifier_of_two_processes_may_be_interrupted_and_has_the_figures_of_one(tmp_path: Path) -> None:
    data = write_class_folder(tmp_path / "data", {"green": 30, "red": 30})
    options = ["train", "classifier", "--data", str(data), "--side", "32", *SMALL, *GENTLE]
    two = [*TWO, "facecap", *options, "--out", str(tmp_path / "two")]
    with subprocess.Popen(two, stderr=subprocess.PIPE, text=True, start_new_session=True) as first:
        assert first.stderr is not None
        next(line for line in first.stderr if "step 1" in line)
        os.killpg(first.pid, signal.SIGINT)
        said = first.stderr.read()
    assert (tmp_path / "two" / "last.pt").exists(), said
    done = subprocess.run(two, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("resumed at step") == 1, "the first process speaks for all"
    assert main([*options, "--out", str(tmp_path / "one")]) == 0
    names = [{path.name for path in (tmp_path / run).iterdir()} for run in ("one", "two")]
    assert names[0] == names[1]
    (one,), (other,) = (curves(tmp_path / run) for run in ("one", "two"))
    assert one["loss"] == pytest.approx(other["loss"], rel=0.01)
    assert one["val loss"] == pytest.approx(other["val loss"], rel=0.05)


@pytest.mark.parametrize("preset", ["mission", "renew"])
def test_masks_are_learnt_in_two_processes_too(preset: str, tmp_path: Path) -> None:
    data = write_face_folder(tmp_path / "data")
    options = ["facecap", "train", "mask", "--data", str(data), *SMALL, "--preset", preset, *GENTLE]
    if preset == "renew":
        start = tmp_path / "start.onnx"
        start.write_bytes(to_onnx(build("mobilenet_v1_0.25", 1).eval(), (112, 112)))
        options += ["--start", str(start)]
    done = subprocess.run([*TWO, *options, "--out", str(tmp_path / "run")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert curves(tmp_path / "run")[-1]["step"] == 4
    MaskClassifier(tmp_path / "run" / "mask_mobilenet_v1_0.25.onnx")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["classifier", "--batch", "9"], "a step of 9 pictures cannot be divided among 2 processes"),
        (["embedder"], "train embedder is the work of one process: start it without torchrun"),
    ],
)
def test_what_cannot_be_shared_is_refused(
    command: list[str], said: str, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    data = write_class_folder(tmp_path / "data", {"green": 12, "red": 12})
    for name, value in (("TORCHELASTIC_RUN_ID", "test"), ("WORLD_SIZE", "2"), ("RANK", "0")):
        monkeypatch.setenv(name, value)
    task, *more = command
    assert main(["train", task, "--data", str(data), "--out", str(tmp_path / "run"), *more]) == 1
    assert said in capsys.readouterr().err


def test_a_process_that_lost_the_others_says_so(monkeypatch: Any) -> None:
    monkeypatch.setattr(processes, "count", lambda: 2)
    monkeypatch.setattr("torch.distributed.init_process_group", lambda *_, **__: None)
    with (
        pytest.raises(FacecapError, match="process 0 lost the others"),
        processes.joined(torch.device("cpu")),
    ):
        raise RuntimeError("[gloo/transport/tcp/pair.cc:534] Connection closed by peer")
