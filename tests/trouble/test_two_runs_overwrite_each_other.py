"""Two processes that wrote into one folder destroyed each other's work without a word."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from class_folder import write_class_folder
from cli.conftest import clean_environment, repeat

from facecap._lock import ProcessLock
from facecap.errors import FacecapError

Start = Callable[..., subprocess.Popen[str]]
needs_torch = pytest.mark.skipif(not importlib.util.find_spec("torch"), reason="needs the extra 'train'")


@pytest.fixture
def start() -> Iterator[Start]:
    """Start `facecap`; what still runs at the end is killed."""
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "facecap", *map(str, arguments)]
        running.append(
            subprocess.Popen(
                command,
                env=clean_environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield begin
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def long_source(tmp_path: Path) -> Path:
    picture = tmp_path / "grey.png"
    cv2.imwrite(str(picture), np.full((240, 320, 3), 127, np.uint8))
    return repeat(picture, tmp_path / "long", 20000)


def wait_for(path: Path) -> None:
    end = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def refused(process: subprocess.Popen[str], by: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"is in use by process {by.pid} on " in said


def test_a_run_leaves_the_folder_of_another_alone(start: Start, long_source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = start("run", long_source, "--out", out)
    wait_for(out / "captures.jsonl")
    place = (out / "captures.jsonl").stat().st_ino
    refused(start("run", long_source, "--out", out, "--overwrite", "--max-frames", 1), first)
    assert (out / "captures.jsonl").stat().st_ino == place and not (out / "summary.json").exists()
    first.kill()
    first.wait()
    last = start("run", long_source, "--out", out, "--overwrite", "--max-frames", 1)
    assert last.wait(60) == 0
    assert (out / "summary.json").exists() and not (out / ".lock").exists()


@needs_torch
def test_training_leaves_the_folder_of_another_alone(start: Start, tmp_path: Path) -> None:
    data = write_class_folder(tmp_path / "data", {"blue": 12, "red": 12})
    options = [
        "train",
        "classifier",
        "--data",
        data,
        "--out",
        tmp_path / "out",
        "--minutes",
        5,
        "--workers",
        0,
    ]
    first = start(*options)
    wait_for(tmp_path / "out" / "config.json")
    refused(start(*options), first)


def test_the_toolchain_is_made_once_by_who_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one waits, and finds it made."""
    from facecap.conversion.cvimodel import environment

    folder = tmp_path / "tools"
    monkeypatch.setenv("FACECAP_CVIMODEL_TOOLS", str(folder))
    made = environment.Toolchain(folder / "bin" / "python", folder / "package")
    found = iter([None, made])
    monkeypatch.setattr(environment, "find_toolchain", lambda: next(found))
    holder = (
        "import sys, pathlib, facecap._lock as lock\n"
        "held = lock.ProcessLock(pathlib.Path(sys.argv[1]), 'tools')\n"
        "print(flush=True)\n"
        "input()\n"
    )
    command = [sys.executable, "-c", holder, str(tmp_path / "tools.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None and other.stdout is not None
        other.stdout.readline()
        said: list[str] = []

        def tell(text: str) -> None:
            said.append(text)
            assert other.stdin is not None
            other.stdin.close()

        assert environment.toolchain(tell) is made
    assert f"is in use by process {other.pid} on " in said[0]


def test_a_lock_is_for_the_next_one_when_it_is_given_back(tmp_path: Path) -> None:
    used = rf"it is in use by process {os.getpid()} on .*another place"
    with ProcessLock(tmp_path / "lock", "it"), pytest.raises(FacecapError, match=used):
        ProcessLock(tmp_path / "lock", "it")
    ProcessLock(tmp_path / "lock", "it").release()
    assert list(tmp_path.iterdir()) == []
