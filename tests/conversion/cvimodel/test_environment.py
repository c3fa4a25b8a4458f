"""The toolchain's environment: found, refused with what to do, and patched."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from facecap.cli import main
from facecap.conversion.cvimodel import environment
from facecap.conversion.vendor_wheel import VERSION


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the environment would be: nothing is there yet."""
    folder = tmp_path / "tools"
    monkeypatch.setenv("FACECAP_CVIMODEL_TOOLS", str(folder))
    monkeypatch.setattr(environment.platform, "system", lambda: "Linux")
    monkeypatch.setattr(environment.platform, "machine", lambda: "x86_64")
    return folder


def fake_python(folder: Path, version: str) -> Path:
    """A program that answers as a Python of that version."""
    path = folder / f"python-{version}"
    path.write_text(f"#!/bin/sh\necho {version}\n")
    path.chmod(0o755)
    return path


def whole(folder: Path, version: str = VERSION) -> Path:
    """A folder that looks like a made environment; returns the toolchain's package in it."""
    package = folder / "lib" / "python3.10" / "site-packages" / "tpu_mlir"
    for place in ("bin", "lib/third_party", "python/tools"):
        (package / place).mkdir(parents=True)
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(sys.executable)
    (folder / environment.MARK).write_text(json.dumps({"version": version}))
    return package


def test_a_whole_environment_is_found_and_its_tools_lie_in_it(home: Path) -> None:
    package = whole(home)
    (package / "python" / "tools" / "model_deploy.py").touch()
    found = environment.find_toolchain()
    assert found is not None
    assert found.tool("model_deploy") == [home / "bin" / "python", package / "python/tools/model_deploy.py"]
    assert found.tool("model_tool") == [package / "bin" / "model_tool"]
    assert found.environment()["TPUC_ROOT"] == str(package)
    assert environment.lacking() is None


@pytest.mark.parametrize("broken", ["mark", "version", "python"])
def test_a_broken_environment_is_none(home: Path, broken: str) -> None:
    whole(home, "0.9" if broken == "version" else VERSION)
    if broken == "mark":
        (home / environment.MARK).unlink()
    if broken == "python":
        (home / "bin" / "python").unlink()
    assert environment.find_toolchain() is None


def test_a_tool_sees_nothing_of_the_users_python(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole(home)
    monkeypatch.setenv("PYTHONPATH", "/mine")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/mine")
    found = environment.find_toolchain()
    assert found is not None
    assert "/mine" not in "".join(found.environment().values())


def test_the_work_arounds_move_the_c_library_and_stand_in_for_torch(home: Path) -> None:
    package = whole(home)
    (package / "lib/third_party/libc.so.6").write_text("old")
    (package / "lib/third_party/libdnnl.so.3").touch()
    (package / "bin" / "model_tool").touch(mode=0o644)
    environment.apply_workarounds(home, package)
    environment.apply_workarounds(home, package)  # a second try finds them done
    assert not (package / "lib/third_party/libc.so.6").exists()
    assert (home / "c-library/libc.so.6").read_text() == "old"
    assert (package / "lib/third_party/libdnnl.so.3").exists()
    assert (package / "bin" / "model_tool").stat().st_mode & 0o111
    stub: dict[str, object] = {"__name__": "torch"}
    exec((home / "stubs" / "torch.py").read_text(), stub)
    assert stub["tensor"]([1, 2]).numpy() == [1, 2]  # type: ignore[operator]
    assert stub["__getattr__"]("nn").Module  # type: ignore[operator]


def test_another_python_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECAP_PYTHON310", str(fake_python(tmp_path, "3.12")))
    with pytest.raises(environment.EnvironmentMissing, match=r"runs on Python 3\.10 only.*FACECAP_PYTHON310"):
        environment.find_python()


def test_the_named_python_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = fake_python(tmp_path, "3.10")
    monkeypatch.setenv("FACECAP_PYTHON310", str(python))
    assert environment.find_python() == python


def test_another_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment.platform, "machine", lambda: "aarch64")
    with pytest.raises(environment.EnvironmentMissing, match="Linux x86_64 only, this is Linux aarch64"):
        environment.check_machine()


def test_no_room_is_said_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "NEEDED", 10**18)
    with pytest.raises(environment.EnvironmentMissing, match=r"GB left.*FACECAP_CVIMODEL_TOOLS"):
        environment.check_machine()


def test_a_folder_with_other_files_is_not_emptied(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "find_python", lambda: Path(sys.executable))
    home.mkdir()
    (home / "thesis.txt").write_text("mine")
    with pytest.raises(environment.EnvironmentMissing, match="holds other files"):
        environment.make(lambda text: None)
    assert (home / "thesis.txt").read_text() == "mine"


def test_the_cache_is_where_the_user_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACECAP_CVIMODEL_TOOLS")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert environment.home() == Path("/caches/facecap") / f"tpu-mlir-{VERSION}"


def doctor(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> str:
    """The lines of `facecap doctor` about the toolchain."""
    main(["doctor", "--out", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    place = next(i for i, line in enumerate(lines) if "[cvimodel]" in line)
    return " ".join(lines[place : place + 2])


def test_the_doctor_says_what_is_missing_and_how_to_get_it(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FACECAP_PYTHON310", str(fake_python(tmp_path, "3.10")))
    said = doctor(capsys, tmp_path)
    assert "optional  [cvimodel]" in said
    assert "is not made yet" in said
    assert "-> facecap convert cvimodel makes it at its first run" in said
    monkeypatch.setenv("FACECAP_PYTHON310", "/nowhere")
    assert "none was found" in doctor(capsys, tmp_path)
    whole(home)
    assert f"ok        [cvimodel]     the toolchain {VERSION}" in doctor(capsys, tmp_path)
