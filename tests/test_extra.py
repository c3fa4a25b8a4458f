"""What a command says when a package of an extra is missing."""

from __future__ import annotations

import sys

import pytest

from facecap._extra import extra_for
from facecap.cli import main
from facecap.errors import FacecapError


def lacks(module: str):
    def fail(*_):
        raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    return fail


@pytest.mark.parametrize(
    ("command", "task"),
    [
        (["bench", "model", "x.onnx"], "facecap.cli.bench._model"),
        (["convert", "onnx", "x.onnx", "--out", "y.onnx"], "facecap.cli.convert._run_onnx"),
    ],
)
def test_a_command_names_it(command, task, monkeypatch, capsys):
    monkeypatch.setattr(task, lacks("onnx"))
    assert main(command) == 1
    assert "needs onnx, which is not installed: pip install 'facecap[train]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "work", "package", "extra"),
    [
        (["--ray", "auto"], "--ray", "ray", "cluster"),
        (["--crops", "column"], "--crops column", "pyarrow", "batch"),
    ],
)
def test_a_batch_names_what_an_option_needs(options, work, package, extra, monkeypatch, capsys, tmp_path):
    video, out = tmp_path / "a.mp4", tmp_path / "out"
    video.write_text("")
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["batch", str(video), "--out", str(out), *options]) == 1
    assert f"{work} needs {package}, which is not installed: pip install 'facecap[{extra}]'" in (
        capsys.readouterr().err
    )
    assert not out.exists()


def test_without_pyarrow_a_batch_writes_the_lines_alone(monkeypatch, capsys, tmp_path):
    video, out = tmp_path / "a.mp4", tmp_path / "out"
    video.write_text("")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["batch", str(video), "--out", str(out), "--quiet"]) == 1
    assert "captures.parquet needs pyarrow: pip install 'facecap[batch]'" in capsys.readouterr().out
    assert [path.name for path in out.glob("captures.*")] == ["captures.jsonl"]


def test_parts_of_a_package_are_that_package():
    wanted = pytest.raises(FacecapError, match="drawing needs matplotlib, which is not installed")
    with wanted, extra_for("drawing"):
        lacks("matplotlib.figure")()


def test_other_packages_are_no_concern_of_it():
    with pytest.raises(ModuleNotFoundError), extra_for("drawing"):
        lacks("facecap.nothing")()
