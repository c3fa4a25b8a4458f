"""The program for the board as a user starts it: a process, on painted frames with scripted models."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
import pytest
import scripted

import facecap

from .service import Service

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PROGRAM = REPOSITORY / "build" / "tests" / "cpp" / "apps" / "facecap-board" / "facecap-board"
SIZE = (640, 360)
FAST = ["--mode", "fast", "--min-hits", "1", "--interval", "1", "--max-captures", "0"]
"""A capture in nearly every frame."""


def small_frame(
    *cells: tuple[int, int], mask: facecap.MaskAnswer = "no_mask"
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A frame of 640x360 pixels in BGR with a face of 67 pixels in each of these cells."""
    return np.ascontiguousarray(scripted.frame(*cells, mask=mask)[:: scripted.SCALE, :: scripted.SCALE])


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACECAP_")}
    (library,) = (Path(onnxruntime.__file__).parent / "capi").glob("libonnxruntime.so*")
    return kept | {"FACECAP_ONNXRUNTIME": str(library)}


@pytest.fixture(scope="session")
def program() -> Path:
    if PROGRAM.exists():
        return PROGRAM
    reason = f"{PROGRAM.name} is not built: make test-cpp builds it"
    if os.environ.get("TESTS_NEED_PROGRAMS"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that choose the scripted models."""
    folder = tmp_path_factory.mktemp("models")
    detector, classifier = scripted.detector(folder), scripted.mask_classifier(folder)
    return ["--detector", str(detector), "--classifier", str(classifier), "--refiner", "none"]


@pytest.fixture
def board(program: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run facecap-board to its end; `frames` is what it reads from standard input."""

    def run(*arguments: object, frames: bytes = b"") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(program), *map(str, arguments)],
            env=environment(),
            input=frames,
            capture_output=True,
            timeout=120,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run


@pytest.fixture
def start(program: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start facecap-board with pipes for its three streams; what still runs at the end is killed."""
    running: list[subprocess.Popen[bytes]] = []

    def run(*arguments: object) -> subprocess.Popen[bytes]:
        running.append(
            subprocess.Popen(
                [str(program), *map(str, arguments)],
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )
        return running[-1]

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def service() -> Iterator[Service]:
    """A facecap service on the loopback, as far as the board needs one."""
    with Service() as running:
        yield running


@pytest.fixture
def visit(tmp_path: Path) -> Path:
    """A folder of 20 PPM pictures in which one face stays."""
    folder = tmp_path / "visit"
    folder.mkdir()
    for index in range(20):
        cv2.imwrite(str(folder / f"{index}.ppm"), small_frame((30, 20)))
    return folder
