"""One file for the program: its own names, those of the package and the vendor's."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from facecap import CaptureConfig
from facecap._settings import SETTINGS

# A value in the key's own unit that is not the default.
VALUES = {
    "mode": "1",
    "min_face": "41",
    "max_face": "333",
    "max_yaw": "0.61",
    "max_pitch": "0.41",
    "max_roll": "0.31",
    "quality_method": "2",
    "min_quality": "0.25",
    "min_eye_distance": "17.5",
    "min_landmark_confidence": "0.75",
    "min_sharpness": "55",
    "interval": "77",
    "interval_seconds": "2.5",
    "max_captures": "9",
    "miss_limit": "13",
    "min_hits": "4",
    "min_relative_quality": "0.5",
    "early_first": "1",
    "classify_on": "emit",
    "mask_threshold": "0.625",
    "crop_border": "0.25",
    "motion": "off",
    "motion_refresh_seconds": "1.25",
}


def shown(board: Callable[..., Any], file: Path) -> dict[str, Any]:
    done = board("--config", file, "--show-config")
    assert done.returncode == 0, done.stderr
    values: dict[str, Any] = json.loads(done.stdout)
    return values


def python_values(file: Path) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return asdict(CaptureConfig.from_file(file))


def expect_same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Equal, numbers as float32 gives them back."""
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        if isinstance(value, float):
            value = pytest.approx(value, rel=1e-6)
        assert found[name] == value, name


def test_every_name_means_the_same_as_in_python(board: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "one.conf"
    for public, setting in SETTINGS.items():
        for name in (public, *setting.vendor_names):
            file.write_text(f"{name} {VALUES[public]}\n")
            expect_same(shown(board, file), python_values(file))


def test_json_with_a_name_of_the_program(board: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps({"mode": "fast", "threads": 2, "interval_seconds": None}))
    assert shown(board, file)["mode"] == "fast"


def test_names_without_effect_are_said(board: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "vendor.conf"
    file.write_text("buffer_size 10\nStore_RGB888 1\n")
    done = board("--config", file, "--show-config")
    assert done.returncode == 0
    assert "without effect here: buffer_size, Store_RGB888" in done.stderr
    expect_same(json.loads(done.stdout), asdict(CaptureConfig()))


@pytest.mark.parametrize("mode", ["0", "1", "cycle", "once"])
def test_old_files_with_both_intervals(board: Callable[..., Any], tmp_path: Path, mode: str) -> None:
    file = tmp_path / "old.conf"
    file.write_text(f"mode = {mode}\nFAST_Mode_Interval = 11  # frames\nCYCLE_Mode_Interval = 22\n")
    expect_same(shown(board, file), python_values(file))


def test_a_wrong_line_is_named_and_ends_with_2(board: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "wrong.conf"
    file.write_text("mode fast\n\nintervall 3\n")
    done = board("frames", "--out", "out", "--config", file)
    assert done.returncode == 2
    assert "wrong.conf:3: no setting 'intervall'; did you mean 'interval'?" in done.stderr


def test_help_names_every_option(board: Callable[..., Any]) -> None:
    done = board("--help")
    assert done.returncode == 0
    for name in SETTINGS:
        assert f"--{name.replace('_', '-')}" in done.stdout
