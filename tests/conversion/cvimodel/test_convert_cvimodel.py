"""`facecap convert cvimodel`: one command from a model to a `.cvimodel`, its manifest and its report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import tiny_models as tiny
from mask_folder import write_faces

from . import fake_toolchain

pytest.importorskip("torch")
onnx = pytest.importorskip("onnx")

from facecap.cli import main  # noqa: E402
from facecap.conversion.cvimodel import convert as conversion  # noqa: E402
from facecap.conversion.cvimodel import environment  # noqa: E402
from facecap.conversion.cvimodel.answers import Evaluation  # noqa: E402
from facecap.conversion.cvimodel.mixed import Budget  # noqa: E402
from facecap.conversion.cvimodel.wanted import Wanted  # noqa: E402


@pytest.fixture
def faked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a fake toolchain in use, data and a tiny mask classifier."""
    monkeypatch.setenv("FACECAP_CVIMODEL_TOOLS", str(fake_toolchain.make(tmp_path / "tools")))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write_faces(tmp_path / "data", 4)
    tiny.write_mask(tmp_path, side=8)
    return tmp_path


def convert(folder: Path, *options: str, model: str = "tiny.onnx", check: int = 0) -> int:
    asked = ["--chip", "cv182x", "--data", str(folder / "data"), "--count", "8", "--rank-on", "4"]
    asked += ["--out", str(folder / "out" / "board.cvimodel"), "--check", str(check)]
    return main(["convert", "cvimodel", str(folder / model), *asked, *options])


def manifest(folder: Path) -> dict[str, object]:
    loaded: dict[str, object] = json.loads((folder / "out" / "board.json").read_text())
    return loaded


def test_one_command_leaves_a_file_a_manifest_and_a_report(
    faked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(faked, "--max-ion", "1.15") == 0
    said = capsys.readouterr()
    assert "<- chosen" in said.out
    written = manifest(faked)
    assert written["name"] == "tiny-mask-mixed-cv182x"
    assert written["chip"] == "cv182x"
    made = written["conversion"]
    assert made["layers_in_bf16"] == ["c_Conv"]  # the most harmful; a second one passes the budget
    assert made["precision"] == "mixed"
    assert made["ion_megabytes"] == 1.1
    assert made["calibration"] == {
        "method": "minmax",
        "count": 8,
        "seed": 0,
        "pictures": {"bare": 4, "mask": 4},
    }
    folder = faked / "out" / "board-report"
    assert {path.name for path in folder.iterdir()} == {
        "report.txt",
        "report.json",
        "report.png",
        "tools.log",
    }
    report = json.loads((folder / "report.json").read_text())
    assert report["layers_by_harm"][0]["layer"] == "c_Conv"
    assert report["int8"]["figures"]["logit error"] == pytest.approx(0.25, abs=1e-5)
    assert report["chosen"]["figures"]["logit error"] == pytest.approx(0.05, abs=1e-5)
    assert (folder / "report.png").read_bytes().startswith(b"\x89PNG")
    assert str(folder) in said.out


def test_a_refiner_is_converted_and_ranked_by_its_outputs(faked: Path) -> None:
    tiny.write_refiner(faked)
    assert convert(faked, model="refiner.onnx", check=4) == 0
    written = manifest(faked)
    assert (written["task"], written["chip"]) == ("face_refinement", "cv182x")
    assert written["refiner"] == {"crop_border": 0.25, "not_a_face": 0.1}
    report = json.loads((faked / "out" / "board-report" / "report.json").read_text())
    assert "output error" in report["int8"]["figures"]
    assert report["evaluation"]["problem"] == "no evaluation on the simulator for the task face_refinement"


def test_int8_alone_ranks_nothing(faked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(faked, "--precision", "int8", "--report", str(faked / "report")) == 0
    assert (faked / "report" / "report.json").exists()
    assert not (faked / "out" / "board-report").exists()
    assert "ranked" not in capsys.readouterr().err
    assert manifest(faked)["name"] == "tiny-mask-int8-cv182x"


@pytest.mark.parametrize(
    "kind, options, mean",
    [
        ("int8", ["--quant_input"], [127.5] * 3),
        ("float32", [], [127.5] * 3),
        ("packed", ["--fuse_preprocess", "--customization_format", "RGB_PACKED"], [0] * 3),
        ("planar", ["--fuse_preprocess", "--customization_format", "RGB_PLANAR"], [0] * 3),
    ],
)
def test_how_pixels_come_in(faked: Path, kind: str, options: list[str], mean: list[float]) -> None:
    assert convert(faked, "--precision", "int8", "--input", kind, "--int8-outputs") == 0
    command = (faked / "out" / "board.cvimodel").read_bytes().decode().split()
    assert [word for word in command if word in ("--quant_input", "--fuse_preprocess")] == options[:1]
    assert set(options) <= set(command)
    assert "--quant_output" in command
    assert manifest(faked)["input"]["mean"] == mean  # type: ignore[index]


def test_a_second_run_makes_no_step_again(faked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(faked) == 0
    capsys.readouterr()
    shutil.rmtree(faked / "out")
    assert convert(faked) == 0
    said = capsys.readouterr().err
    assert "reading the network" not in said
    assert "calibrated with" not in said


def test_a_budget_below_int8_is_refused(faked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert convert(faked, "--max-ion", "0.5") == 1
    assert "int8 alone needs 1.00 MB ION memory" in capsys.readouterr().err
    assert not (faked / "out" / "board.cvimodel").exists()


def test_a_manifest_of_another_model_is_not_written_over(
    faked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (faked / "tiny.json").read_bytes()
    assert convert(faked, "--out", str(faked / "tiny.cvimodel")) == 1
    assert "its manifest would take the place of that of" in capsys.readouterr().err
    assert (faked / "tiny.json").read_bytes() == before


def test_nothing_is_made_where_every_picture_is_damaged(
    faked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for picture in faked.glob("data/**/*.png"):
        picture.write_bytes(b"no picture")
    assert convert(faked) == 1
    assert "could be read" in capsys.readouterr().err
    assert not (faked / "out").exists()


def test_a_tool_that_fails_is_reported_in_words(faked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = tiny.classifier(8)
    graph.graph.doc_string = "unsupported"
    data = graph.SerializeToString()
    tiny.write(faked, data, tiny.mask_manifest(data), "odd")
    assert convert(faked, model="odd.onnx") == 1
    said = capsys.readouterr().err
    assert "reading the network (model_transform) failed (code 1)" in said
    assert "Unsupport opset for ReduceMean" in said
    assert "10%" not in said
    assert "tools.log" in said


def test_a_missing_toolchain_is_reported(
    faked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FACECAP_CVIMODEL_TOOLS", str(faked / "nothing"))
    monkeypatch.setenv("FACECAP_PYTHON310", "/nowhere")
    assert convert(faked) == 1
    assert "runs on Python 3.10 only" in capsys.readouterr().err


def test_without_the_simulator_the_report_says_why(
    faked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FACECAP_CVIRUNTIME", str(faked / "no-runtime.so"))
    assert convert(faked, check=4) == 0
    assert "not checked on the simulator" in capsys.readouterr().out
    report = json.loads((faked / "out" / "board-report" / "report.json").read_text())
    assert report["evaluation"]["problem"]
    assert report["evaluation"]["figures"] is None


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A simulator on which the float model has an AP of 0.9, int8 0.8 and the mixed model 0.89."""

    def evaluate(*arguments: object) -> Evaluation:
        figures = {"float": {"AP": 0.9}, "int8": {"AP": 0.8}, "mixed": {"AP": 0.89}}
        return Evaluation("faces", 4, figures, measure="AP")

    monkeypatch.setattr(conversion, "evaluate", evaluate)


def test_a_loss_within_the_bound_is_reported_and_the_model_written(
    faked: Path, measured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(faked, "--max-loss", "0.02", check=4) == 0
    assert "loss of mixed: 0.0100 of AP" in capsys.readouterr().out
    report = json.loads((faked / "out" / "board-report" / "report.json").read_text())
    assert report["evaluation"]["loss_of"] == "AP"
    assert report["evaluation"]["loss"] == pytest.approx(0.01)
    measures = {figure["measure"]: figure["value"] for figure in manifest(faked)["figures"]}  # type: ignore[attr-defined]
    assert measures == {"AP": 0.89, "AP of the float model": 0.9}


def test_a_loss_beyond_the_bound_leaves_the_report_alone(
    faked: Path, measured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    (faked / "out").mkdir()
    (faked / "out" / "board.cvimodel").write_bytes(b"of an earlier conversion")
    assert convert(faked, "--precision", "int8", "--max-loss", "0.05", check=4) == 1
    said = capsys.readouterr().err
    assert "nothing is written: int8 loses 0.1000 of AP, wanted at most 0.05" in said
    assert (faked / "out" / "board.cvimodel").read_bytes() == b"of an earlier conversion"
    assert not (faked / "out" / "board.json").exists()
    assert "loss of int8: 0.1000 of AP" in (faked / "out" / "board-report" / "report.txt").read_text()


def test_a_loss_that_is_not_known_is_beyond_any_bound(
    faked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FACECAP_CVIRUNTIME", str(faked / "no-runtime.so"))
    assert convert(faked, "--max-loss", "1", check=4) == 1
    assert "the loss is not known" in capsys.readouterr().err
    assert not (faked / "out" / "board.cvimodel").exists()


def test_a_bound_without_pictures_or_of_a_task_that_is_not_checked_is_refused_at_once(
    faked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert convert(faked, "--max-loss", "0.1", check=0) == 1
    assert "wants evaluation pictures" in capsys.readouterr().err
    tiny.write_refiner(faked)
    assert convert(faked, "--max-loss", "0.1", model="refiner.onnx", check=4) == 1
    assert "this one is for face_refinement" in capsys.readouterr().err
    assert not (faked / "out").exists()


def test_a_bound_is_refused_before_the_work_where_no_picture_can_be_checked(
    faked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = faked / "data" / "mask" / "index.csv"
    index.write_text(index.read_text().replace(",val,", ",calib,"))
    assert convert(faked, "--max-loss", "0.1", check=4) == 1
    said = capsys.readouterr().err
    assert "--max-loss) cannot be held" in said and "no row with split 'val'" in said
    assert not (faked / "out").exists()


def test_the_command_that_a_manifest_gives_names_what_was_chosen_and_no_path() -> None:
    assert Wanted("cv181x").command("mask") == (
        "facecap convert cvimodel mask --chip cv181x --data DATA --out X.cvimodel"
    )
    wanted = Wanted("cv182x", "int8", Budget(ion=4.2), (320, 256), int8_outputs=True, equalized=False)
    assert wanted.command("face").endswith(
        "--input-size 320x256 --precision int8 --max-ion 4.2 --int8-outputs --no-equalize"
    )


@pytest.mark.parametrize(
    "options", [["--chip", "cv999"], ["--out", "x.onnx"], ["--check", "-1"], ["--max-loss", "2"]]
)
def test_wrong_usage(faked: Path, options: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        convert(faked, *options)
    assert left.value.code == 2


def test_the_real_toolchain_converts_a_tiny_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes half a minute; `facecap convert cvimodel-tools` makes what it needs."""
    if environment.find_toolchain() is None:
        pytest.skip(f"the toolchain's environment is not there: {environment.REMEDY}")
    write_faces(tmp_path / "data", 4)
    tiny.write_mask(tmp_path, side=16)
    monkeypatch.setenv("FACECAP_WORK", str(tmp_path / "work"))
    assert convert(tmp_path, check=6) == 0
    report = json.loads((tmp_path / "out" / "board-report" / "report.json").read_text())
    figures = report["evaluation"]["figures"]
    assert figures is not None, report["evaluation"]["problem"]
    assert figures["int8"]["sign agreement"] >= 5 / 6
    measured = {figure["measure"]: figure for figure in manifest(tmp_path)["figures"]}  # type: ignore[attr-defined]
    assert measured["sign agreement"]["value"] == round(figures[report["precision"]]["sign agreement"], 4)
    assert measured["AP"]["command"].startswith(
        "facecap convert cvimodel tiny-mask --chip cv182x --data DATA"
    )
    assert report["bf16"]["figures"]["logit error"] < 0.05
