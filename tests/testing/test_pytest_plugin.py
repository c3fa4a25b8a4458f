"""The pytest plugin in a project that is not ours: its own folder and tests, pytest in its own process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

import facecap.testing
from facecap.testing import painted_frames, scripted_pipeline, walk

PAGE = Path(__file__).parents[2] / "docs" / "testing-your-code.md"
FIRST, WALKS, COMMAND = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
WITHOUT_ONNX = "import sys\n\nsys.modules['onnx'] = None\n"  # an installation has it not


@pytest.fixture
def project(tmp_path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Writes tests/test_door.py and runs pytest in the project's folder."""

    def run(test: str, *options: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "tests").mkdir(exist_ok=True)
        (tmp_path / "tests" / "test_door.py").write_text(test)
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def test_the_page_has_a_word_on_every_name() -> None:
    names = set(facecap.testing.__all__) - {"CaptureLike"}
    assert {name for name in names if f"`{name}" not in PAGE.read_text() and name not in FIRST} == set()


def test_the_example_of_the_page_writes_and_compares_a_golden_file(project, tmp_path):
    golden = tmp_path / "tests" / "golden" / "visitor.jsonl"
    test = WITHOUT_ONNX + FIRST
    done = project(test)
    assert done.returncode == 1
    assert f"FileNotFoundError: {golden}: no golden file" in done.stdout
    assert "pytest --facecap-update-golden" in done.stdout

    assert project(test, "--facecap-update-golden").returncode == 0
    assert len(golden.read_text().splitlines()) == 2
    done = project(test)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout

    lines = [json.loads(line) for line in golden.read_text().splitlines()]
    lines[0]["mask"] = "no_mask"
    lines[1]["frame"] += 3
    golden.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = project(test)
    assert done.returncode == 1
    assert f"AssertionError: the captures differ from {golden} in 2 places:" in done.stdout
    assert "track 1, capture 1: mask is 'mask', wanted 'no_mask'" in done.stdout
    assert "track 1, capture 2: frame is 12, wanted 15" in done.stdout


def test_a_project_chooses_its_own_configuration(project):
    done = project(
        """
import facecap
import pytest
from facecap.testing import PaintedFace, painted_frame


@pytest.fixture
def facecap_config():
    return facecap.CaptureConfig(mode="fast", min_hits=1)


def test_at_once(facecap_pipeline):
    assert len(facecap_pipeline.process(painted_frame(PaintedFace(300, 180))).captures) == 1
"""
    )
    assert done.returncode == 0, done.stdout


def test_nothing_of_facecap_is_imported_before_a_fixture_is_used(project):
    done = project(
        """
import sys


def test_nothing_is_loaded(request):
    assert request.config.pluginmanager.hasplugin("facecap")
    assert not {"facecap", "numpy", "cv2", "onnxruntime"} & sys.modules.keys()
"""
    )
    assert done.returncode == 0, done.stdout


def test_the_other_examples_of_the_page_run(facecap_config, tmp_path):
    names: dict[str, Any] = {"folder": tmp_path}
    exec("from facecap.testing import *\n" + WALKS + COMMAND, names)
    pipeline = scripted_pipeline(facecap_config)
    results = [pipeline.process(frame) for frame in names["frames"]]
    assert len(results) == 30
    assert "extreme_yaw" in results[15].faces.reasons
    (tmp_path / "frames").mkdir()
    for index, frame in enumerate(painted_frames(walk(12, (100, 180), (200, 180)))):
        cv2.imwrite(str(tmp_path / "frames" / f"{index}.png"), frame)
    command = [sys.executable, "-m", *map(str, names["command"]), "--json", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["mask"] == "no_mask"
