"""`facecap doctor` where something that it looks at is not there: it says so, and goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from facecap import doctor


def test_a_user_without_a_home_and_an_entry_has_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_home(*_: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "PYENV_ROOT", "FACECAP_CVIRUNTIME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", without_home)
    found = list(doctor.checks(tmp_path))
    assert found[-1].name == "output" and found[-1].state == "ok"
    assert not [check for check in found if check.state == "missing"]
    (tools,) = [check for check in found if check.name == "[cvimodel]"]
    assert tools.state == "optional" and "XDG_CACHE_HOME" in tools.detail


def test_a_part_that_fails_while_it_is_looked_at_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACECAP_MODELS", os.fspath(tmp_path / "nowhere"))
    found = list(doctor.checks(tmp_path))
    assert any(check.name == "model" and check.state == "missing" for check in found)
    assert found[-1].name == "output"
