"""The pytest plugin in a project that is not ours: its own folder and tests, pytest in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

VISIT = """
import sys

sys.modules["onnx"] = None  # the helpers do without it

from facecap.testing import painted_frames, walk


def test_a_visitor_with_a_mask(facecap_pipeline, facecap_golden):
    visitor = walk(14, (100, 180), (300, 180), side=90, mask="mask")
    results = [facecap_pipeline.process(frame) for frame in painted_frames(visitor, empty=6)]
    captures = [capture for result in results for capture in result.captures]
    assert [(capture.kind, capture.mask) for capture in captures] == [("first", "mask"), ("periodic", "mask")]
    facecap_golden(captures, "golden/visit.jsonl")
"""


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


def test_a_pipeline_without_weights_and_a_golden_file(project, tmp_path):
    golden: Path = tmp_path / "tests" / "golden" / "visit.jsonl"
    done = project(VISIT)
    assert done.returncode == 1
    assert f"FileNotFoundError: {golden}: no golden file" in done.stdout
    assert "pytest --facecap-update-golden" in done.stdout

    assert project(VISIT, "--facecap-update-golden").returncode == 0
    assert len(golden.read_text().splitlines()) == 2
    done = project(VISIT)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout

    lines = [json.loads(line) for line in golden.read_text().splitlines()]
    lines[0]["mask"] = "no_mask"
    lines[1]["frame"] += 3
    golden.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = project(VISIT)
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
