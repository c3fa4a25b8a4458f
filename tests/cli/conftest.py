"""The command line as a user calls it: a process of its own, on painted frames with scripted models."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest
import scripted

FACE = (37, 20)
FAST = ["--mode", "fast", "--interval", "10"]


def clean_environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FACECAP_")}
    return kept | more


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Options that choose the scripted models."""
    folder = tmp_path_factory.mktemp("models")
    detector, classifier = scripted.detector(folder), scripted.mask_classifier(folder)
    return ["--detector", str(detector), "--classifier", str(classifier), "--refiner", "none"]


@pytest.fixture
def facecap() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `facecap` to its end. `env`: more environment variables; other keywords go to subprocess.run."""

    def run(*arguments: object, env: dict[str, str] | None = None, **more: Any) -> Any:
        return subprocess.run(
            [sys.executable, "-m", "facecap", *map(str, arguments)],
            env=clean_environment(**(env or {})),
            capture_output=True,
            text=True,
            timeout=120,
            **more,
        )

    return run


@pytest.fixture(scope="session")
def face_png(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A painted frame with one face."""
    path = tmp_path_factory.mktemp("pictures") / "face.png"
    cv2.imwrite(str(path), scripted.frame(FACE))
    return path


@pytest.fixture
def visit(tmp_path: Path, face_png: Path) -> Path:
    """A folder of 40 frames in which one face stays."""
    return repeat(face_png, tmp_path / "visit", 40)


def lines_of(path: Path) -> list[dict[str, Any]]:
    """What a file of JSON lines says."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def repeat(picture: Path, folder: Path, count: int) -> Path:
    """A folder in which the picture is there so many times."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number}.png").hardlink_to(picture)
    return folder
