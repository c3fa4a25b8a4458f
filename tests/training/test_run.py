import csv
import io
import json
from dataclasses import asdict, replace

import pytest

pytest.importorskip("torch")

from facecap.training.mask.recipe import PRESETS
from facecap.training.recipe import unsaid
from facecap.training.run import Clock, Progress, RunFolder, TrainingError


def test_says_how_to_repeat_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/some/bin/facecap", "train", "mask", "--seed", "3"])
    RunFolder(tmp_path / "run", {"seed": 3, "minutes": 1.0})
    about = json.loads((tmp_path / "run/config.json").read_text())
    assert about["config"] == {"seed": 3, "minutes": 1.0}
    assert about["command"] == "facecap train mask --seed 3"
    assert "torch" in about["versions"]


def test_another_configuration_in_the_folder_is_refused_by_name(tmp_path):
    RunFolder(tmp_path, {"seed": 3})
    RunFolder(tmp_path, {"seed": 3})
    with pytest.raises(TrainingError, match="seed = 3, wanted 4"):
        RunFolder(tmp_path, {"seed": 4})


def test_an_option_that_an_older_run_did_not_know_is_off(tmp_path):
    RunFolder(tmp_path, {"seed": 3})
    RunFolder(tmp_path, {"seed": 3, "per_tensor": False})
    with pytest.raises(TrainingError, match="per_tensor = False, wanted True"):
        RunFolder(tmp_path, {"seed": 3, "per_tensor": True})


def test_an_option_that_an_older_run_did_not_know_is_what_it_did_then(tmp_path):
    preset = PRESETS["mission"]
    older = {**asdict(preset), "decay": "l2"}
    for name in ("optimizer", "warm_up", "validations", "focal_alpha", "cache_features"):
        del older[name]
    RunFolder(tmp_path, older)
    RunFolder(tmp_path, asdict(preset), unsaid(preset))
    with pytest.raises(TrainingError, match=r"optimizer = 'adam', wanted 'sgd'"):
        RunFolder(tmp_path, asdict(replace(preset, optimizer="sgd")), unsaid(preset))


@pytest.mark.parametrize("text", ["{}", "[]", "no JSON"])
def test_a_folder_of_something_else_is_refused(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(TrainingError, match=r"config\.json: not of a training run .*another --out"):
        RunFolder(tmp_path, {"rate": 1})


def test_a_resumed_run_goes_on_with_the_figures_of_its_checkpoint(tmp_path):
    run = RunFolder(tmp_path, {})
    run.log({"step": 1, "loss": 0.5})
    run.save("last.pt", {"step": 1})
    run.log({"step": 2, "loss": 0.4})
    again = RunFolder(tmp_path, {})
    assert again.load("last.pt") == {"step": 1}
    again.log({"step": 2, "loss": 0.3, "AP": 0.9})
    rows = list(csv.DictReader((tmp_path / "curves.csv").read_text().splitlines()))
    assert [(row["loss"], row["AP"]) for row in rows] == [("0.5", ""), ("0.3", "0.9")]
    again.plot()
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_checkpoint_that_is_not_there_is_none(tmp_path):
    assert RunFolder(tmp_path, {}).load("last.pt") is None


def test_the_clock_counts_what_earlier_parts_of_the_run_spent():
    assert Clock(100.0, spent=25.0).share() == pytest.approx(0.25, abs=0.01)
    assert Clock(100.0, spent=200.0).share() == 1.0


def test_progress_says_what_is_left():
    stream = io.StringIO()
    Progress(every=0.0, stream=stream).update(0.25, Clock(400.0, spent=100.0), "step 7")
    assert "25.0 %" in stream.getvalue()
    assert "1:40 spent, 5:00 left" in stream.getvalue()
    assert "step 7" in stream.getvalue()
