"""Names of videos that are not UTF-8 ended the interpreter, names with a colon were taken for a protocol."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from cli.conftest import clean_environment

from facecap.sources import SourceError, open_source

NAMES = [
    b"2026-11-29T06:10:00.mp4",
    b"cam1: front.mp4",
    b"file:x.mp4",
    b"data:x.mp4",
    b"bad\xff.mp4",
    b"d\xe9/ok.mp4",
    b"100%d.mp4",
    "Bär 門.mp4".encode(),
]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "base.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 20.0, (64, 48))
    if not writer.isOpened():
        pytest.skip("this OpenCV has no MPEG-4 encoder")
    for _ in range(5):
        writer.write(np.full((48, 64, 3), 90, np.uint8))
    writer.release()
    return path


@pytest.fixture(params=NAMES, ids=repr)
def name(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A name that is relative to the current folder."""
    monkeypatch.chdir(tmp_path)
    relative = os.fsdecode(request.param)
    try:
        Path(relative).parent.mkdir(exist_ok=True)
        Path(relative).touch()
    except OSError:
        pytest.skip("this file system takes no such name")
    Path(relative).unlink()
    return relative


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "facecap", "run", *map(str, arguments), "--max-frames", "3"]
    return subprocess.run(command, cwd=folder, env=clean_environment(), capture_output=True, timeout=120)


def test_a_video_of_any_name_is_read(clip: Path, name: str, tmp_path: Path) -> None:
    shutil.copyfile(clip, name)
    for path in (name, f"./{name}", str(tmp_path / name)):
        assert len(list(open_source(path).frames())) == 5


def test_a_run_takes_any_name_and_writes_any_name(clip: Path, tmp_path: Path) -> None:
    source, clip_name, out = (os.fsdecode(name) for name in (b"in:\xff.mp4", b"out:\xff.avi", b"o\xff"))
    shutil.copyfile(clip, tmp_path / source)
    done = run(tmp_path, source, "--annotate", clip_name, "--out", out, "--contact-sheet")
    assert done.returncode == 0, done.stderr
    assert b"out:\xff.avi" in done.stdout
    assert json.loads((tmp_path / out / "summary.json").read_text())["frames"] == 3
    assert len(list(open_source(str(tmp_path / clip_name)).frames())) == 3


def test_what_is_no_video_is_refused_under_any_name(name: str) -> None:
    Path(name).write_text("no video " * 50)
    with pytest.raises(SourceError, match="cannot be opened as a video"):
        open_source(name)


@pytest.mark.parametrize("name", ["folder.mp4", "file/clip.mp4"])
def test_a_clip_that_cannot_be_written_is_said_before_the_run(clip: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").touch()
    done = run(tmp_path, clip, "--annotate", name, "--out", "out")
    assert done.returncode == 1
    assert b"error: " in done.stderr and b"file" in done.stderr
    assert not (tmp_path / "out").exists()
