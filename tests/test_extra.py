"""What a command says when a package of the extra `train` is missing."""

from __future__ import annotations

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


def test_parts_of_a_package_are_that_package():
    wanted = pytest.raises(FacecapError, match="drawing needs matplotlib, which is not installed")
    with wanted, extra_for("drawing"):
        lacks("matplotlib.figure")()


def test_other_packages_are_no_concern_of_it():
    with pytest.raises(ModuleNotFoundError), extra_for("drawing"):
        lacks("facecap.nothing")()
