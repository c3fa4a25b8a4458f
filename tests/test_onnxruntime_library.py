"""The library of ONNX Runtime: how it is found, which versions work, what is said where it does not fit."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import tiny_models as tiny

from facecap import models
from facecap._model import onnxruntime_path

REPOSITORY = Path(__file__).resolve().parent.parent
# The first wheel with the library is 1.19.0; the first for Python 3.13 is a later one.
OLDEST = "1.20.0" if sys.version_info >= (3, 13) else "1.19.0"


def in_new_process(code: str, library: str | None = None) -> subprocess.CompletedProcess[str]:
    """The library is one for a whole process, so each of them needs its own."""
    environment = {key: value for key, value in os.environ.items() if key != "FACECAP_ONNXRUNTIME"}
    if library is not None:
        environment["FACECAP_ONNXRUNTIME"] = library
    return subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def opening(path: Path, task: str = "mask") -> str:
    """A program that runs a model on zeros and prints the version, what was imported, and the answers."""
    return f"""
import sys, numpy as np, facecap
from facecap._model import open_model
try:
    model, info = open_model({str(path)!r}, {task!r})
except facecap.ModelError as error:
    print(error)
else:
    shape = [size if size > 0 else [1, 3, 96, 128][i] for i, size in enumerate(model.inputs[0][2])]
    print(info["runtime_version"])
    print("onnxruntime" in sys.modules)
    for y in model.run([np.random.default_rng(0).random(shape, np.float32)]):
        print(*y.shape, round(float(np.abs(y).mean()), 4))
"""


@pytest.fixture(scope="session")
def oldest_library() -> Path:
    """The library of the oldest onnxruntime that pyproject admits, kept in the build folder."""
    folder = REPOSITORY / "build" / f"onnxruntime-{OLDEST}-cp3{sys.version_info.minor}"
    name = f"onnxruntime/capi/libonnxruntime.so.{OLDEST}"
    if not (folder / name).exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
        done = subprocess.run(
            [*pip, "--dest", folder, f"onnxruntime=={OLDEST}"], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            reason = f"onnxruntime {OLDEST} cannot be downloaded: {done.stderr.strip()[-300:]}"
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
        wheel = next(folder.glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extract(name, folder)
        wheel.unlink()
    return folder / name


def test_pyproject_admits_what_is_tested_as_oldest() -> None:
    floor = re.search(r'"onnxruntime>=([\d.]+)"', (REPOSITORY / "pyproject.toml").read_text())
    assert floor is not None
    assert sys.version_info >= (3, 13) or f"{floor[1]}.0" == OLDEST


def test_oldest_and_newest_onnxruntime_agree(oldest_library: Path, tmp_path: Path) -> None:
    for path, task in (
        (tiny.write_mask(tmp_path), "mask"),
        *((model.path, model.task) for model in models.list_models() if model.default and model.task),
    ):
        old = in_new_process(opening(path, task), str(oldest_library))
        new = in_new_process(opening(path, task))
        assert old.stderr == new.stderr == ""
        assert old.stdout.splitlines()[0] == OLDEST
        assert len(old.stdout.splitlines()) > 2
        assert old.stdout.splitlines()[1:] == new.stdout.splitlines()[1:]


def test_the_python_module_is_not_imported(tmp_path: Path) -> None:
    assert in_new_process(opening(tiny.write_mask(tmp_path))).stdout.splitlines()[1] == "False"


def test_the_library_reports_nothing_and_leaves_no_identifier(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in list(os.environ):  # with some of these, as build servers set them, it is silent by itself
        if not name.startswith(("PATH", "HOME", "LD_", "PYTHON", "FACECAP_", "LANG")):
            monkeypatch.delenv(name)
    assert in_new_process(opening(tiny.write_mask(tmp_path))).returncode == 0
    assert list(home.rglob("*")) == []


def test_the_library_is_found_without_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FACECAP_ONNXRUNTIME", raising=False)
    found = onnxruntime_path()
    assert found is not None
    assert Path(found).name.startswith("libonnxruntime")
    monkeypatch.setenv("FACECAP_ONNXRUNTIME", "/somewhere/else.so")
    assert onnxruntime_path() == "/somewhere/else.so"


def test_a_missing_library_says_what_was_tried(tmp_path: Path) -> None:
    said = in_new_process(opening(tiny.write_mask(tmp_path)), str(tmp_path / "libnone.so")).stdout
    assert f"cannot load ONNX Runtime from '{tmp_path / 'libnone.so'}'" in said
    assert "pip install" in said
    assert "FACECAP_ONNXRUNTIME" in said


def test_a_file_that_is_no_library(tmp_path: Path) -> None:
    fake = tmp_path / "libonnxruntime.so"
    fake.write_text("not a library")
    said = in_new_process(opening(tiny.write_mask(tmp_path)), str(fake)).stdout
    assert f"cannot load ONNX Runtime from '{fake}'" in said


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("int unrelated(void) { return 1; }", "is not ONNX Runtime: it has no OrtGetApiBase"),
        (
            "typedef struct { const void* (*api)(unsigned); const char* (*version)(void); } Base;"
            "static const void* api(unsigned v) { return 0; }"
            'static const char* version(void) { return "1.16.3"; }'
            "static const Base base = {api, version};"
            "const Base* OrtGetApiBase(void) { return &base; }",
            "is ONNX Runtime 1.16.3, wanted 1.17 or newer",
        ),
    ],
    ids=["another library", "too old"],
)
def test_a_library_that_does_not_fit(source: str, message: str, tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler to make the library with")
    (tmp_path / "fake.c").write_text(source)
    fake = tmp_path / "libonnxruntime.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", fake, tmp_path / "fake.c"], check=True)
    assert message in in_new_process(opening(tiny.write_mask(tmp_path)), str(fake)).stdout
