"""Fetching the vendor's wheel and the runtime in it, with a small wheel and a program in the place of pip."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from pathlib import Path

import pytest

from facecap import Detector, FacecapError, _cvimodel
from facecap.conversion import vendor_wheel

CONTENTS = {name: name.encode() * 100 for name in vendor_wheel.RUNTIME_SHA256}


@pytest.fixture
def small_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel with three small files, which the checksums are those of; the cache is empty."""
    path = tmp_path / vendor_wheel.WHEEL
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in CONTENTS.items():
            archive.writestr(f"tpu_mlir/lib/{name}", data)
    checksums = {name: hashlib.sha256(data).hexdigest() for name, data in CONTENTS.items()}
    monkeypatch.setattr(vendor_wheel, "RUNTIME_SHA256", checksums)
    monkeypatch.setattr(vendor_wheel, "WHEEL_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(vendor_wheel, "WHEEL_BYTES", path.stat().st_size)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("FACECAP_VENDOR_WHEEL", "FACECAP_CVIRUNTIME"):
        monkeypatch.delenv(name, raising=False)
    return path


def pip(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    """Stands in for Python with pip; notes its calls in the file that is given back."""
    program = folder / "python"
    calls = folder / "calls"
    program.write_text(
        f'#!/bin/sh\necho "$@" >>"{calls}"\nwhile [ "$1" != -d ]; do shift; done\nfolder=$2\n' + body + "\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return calls


def test_the_runtime_comes_out_of_the_wheel_once(
    small_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = pip(tmp_path, monkeypatch, f'cp "{small_wheel}" "$folder"')
    assert _cvimodel.cviruntime_path() is None
    folder = vendor_wheel.runtime_files()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENTS
    assert vendor_wheel.runtime_files() == folder
    assert vendor_wheel.wheel().parent == tmp_path / "cache" / "facecap"
    assert len(calls.read_text().splitlines()) == 1
    assert f"tpu_mlir=={vendor_wheel.VERSION}" in calls.read_text()
    assert _cvimodel.cviruntime_path() == str(folder / "libcviruntime.so")
    monkeypatch.setenv("FACECAP_CVIRUNTIME", "/elsewhere.so")
    assert _cvimodel.cviruntime_path() == "/elsewhere.so"


def test_a_broken_connection_is_tried_again(
    small_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "failed"
    calls = pip(
        tmp_path,
        monkeypatch,
        f'[ -e "{mark}" ] || {{ touch "{mark}"; exit 1; }}\ncp "{small_wheel}" "$folder"',
    )
    assert vendor_wheel.wheel().is_file()
    assert len(calls.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("echo no route to host >&2; exit 1", r"cannot be fetched: no route to host.*FACECAP_VENDOR_WHEEL"),
        ("exit 0", "pip ended with 0 and brought no tpu_mlir"),
        ("echo /usr/bin/python3: No module named pip >&2; exit 1", "No module named pip"),
        (f'echo another >"$folder/{vendor_wheel.WHEEL}"', "found the sha256 [0-9a-f]{64}, wanted"),
    ],
)
def test_what_cannot_be_fetched_says_why(
    body: str, message: str, small_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pip(tmp_path, monkeypatch, body)
    with pytest.raises(FacecapError, match=message):
        vendor_wheel.runtime_files()
    assert [path.name for path in (tmp_path / "cache" / "facecap").iterdir()] in ([], ["cviruntime-1.30.2"])
    assert vendor_wheel.fetched_runtime() is None


def test_a_wheel_that_was_brought_along(small_wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECAP_VENDOR_WHEEL", str(small_wheel))
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert vendor_wheel.wheel() == small_wheel
    assert vendor_wheel.runtime_files().is_dir()
    monkeypatch.setenv("FACECAP_VENDOR_WHEEL", str(small_wheel.with_name("none.whl")))
    with pytest.raises(FacecapError, match=r"none\.whl: the vendor's wheel cannot be read"):
        vendor_wheel.wheel()


def test_a_kept_wheel_that_was_damaged_is_named(
    small_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "cache" / "facecap" / vendor_wheel.WHEEL
    kept.parent.mkdir(parents=True)
    kept.write_bytes(bytes(small_wheel.stat().st_size))
    with pytest.raises(FacecapError, match="a damaged wheel, remove it"):
        vendor_wheel.runtime_files()


def test_other_files_in_the_wheel_are_refused(small_wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECAP_VENDOR_WHEEL", str(small_wheel))
    monkeypatch.setattr(
        vendor_wheel, "RUNTIME_SHA256", {**vendor_wheel.RUNTIME_SHA256, "libcvikernel.so": "0" * 64}
    )
    with pytest.raises(FacecapError, match=r"libcvikernel\.so of the wheel has another sha256"):
        vendor_wheel.runtime_files()
    assert vendor_wheel.fetched_runtime() is None


def test_a_machine_that_the_simulator_is_not_for(small_wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    with pytest.raises(FacecapError, match=r"Linux on x86_64, this is Linux on aarch64.*FACECAP_CVIRUNTIME"):
        vendor_wheel.runtime_files()


def test_a_user_without_a_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(user: int) -> None:
        raise KeyError(user)

    for name in ("HOME", "XDG_CACHE_HOME", "FACECAP_VENDOR_WHEEL", "FACECAP_CVIRUNTIME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    Detector()
    assert _cvimodel.cviruntime_path() is None
    with pytest.raises(FacecapError, match=r"no home folder .* XDG_CACHE_HOME"):
        vendor_wheel.wheel()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="as root alone one can be somebody else")
def test_a_home_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tmp_path.chmod(0o700)
    os.seteuid(65534)
    try:
        assert vendor_wheel.fetched_runtime() is None
    finally:
        os.seteuid(0)
