"""The program for 64-bit ARM under emulation, with ONNX Runtime's own library for that processor."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

pytest.importorskip("matplotlib", reason="the golden frames come with matplotlib's photograph")

from facecap.evaluation.parity.difference import difference
from facecap.evaluation.parity.report import SAME
from facecap.evaluation.parity.ways import AARCH64

from .conftest import FAST, REPOSITORY, environment, small_frame
from .test_parity import lines_of

BUILD = REPOSITORY / "build" / "aarch64"
LIBRARY = BUILD / "libonnxruntime.so"


@pytest.fixture
def emulated() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program for aarch64 to its end."""
    program = BUILD / "facecap-board"
    if not program.exists() or shutil.which(AARCH64[0]) is None:
        pytest.skip("no program for aarch64, or no qemu-aarch64-static: tools/run_cross_tests.sh aarch64")
    if not LIBRARY.exists():
        pytest.skip(f"no ONNX Runtime for aarch64: tools/fetch_onnxruntime.sh {LIBRARY}")

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [*AARCH64, str(program), "--runtime-library", str(LIBRARY), *map(str, arguments)]
        return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)

    return run


def test_the_captures_of_another_processor_are_those_of_this_one(
    board: Callable[..., Any],
    emulated: Callable[..., Any],
    models: list[str],
    tmp_path: Path,
) -> None:
    """On JPEG, PNG and PPM: the libraries that are linked in decode them to the same pixels."""
    frames = tmp_path / "frames"
    frames.mkdir()
    for index in range(9):
        suffix = ("jpg", "png", "ppm")[index % 3]
        cv2.imwrite(str(frames / f"{index}.{suffix}"), small_frame((30 + index, 20)))
    (frames / "9.jpg").write_bytes((frames / "0.jpg").read_bytes()[:500])
    if "this build reads no" in board(tmp_path, "--out", tmp_path / "none", *models).stderr:
        pytest.skip("the program for this processor reads PPM alone")
    for run, out in ((board, "here"), (emulated, "there")):
        done = run(frames, "--out", tmp_path / out, *models, *FAST)
        assert done.returncode == 0, done.stderr
        assert "left out" in done.stderr and "9.jpg" in done.stderr
    here, there = lines_of(tmp_path / "here"), lines_of(tmp_path / "there")
    assert len(here) >= 6
    assert difference(here, there).within(SAME), difference(here, there)
    for line in here:
        crops = [cv2.imread(str(tmp_path / out / line["crop"])) for out in ("here", "there")]
        assert (crops[0] == crops[1]).all()
