"""`facecap replay` on what `facecap run --frames` left."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import FAST, clean_environment, repeat


@pytest.fixture
def recorded(facecap, models, visit, tmp_path) -> Path:
    out = tmp_path / "out"
    done = facecap("run", visit, "--out", out, "--frames", *models, *FAST)
    assert done.returncode == 0, done.stderr
    return out


def lines_of(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_without_other_settings_nothing_changes(facecap, recorded):
    done = facecap("replay", recorded)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "3 captures, 3 before, in 40 frames: 0 appear, 0 go, 0 change\n"


def test_a_stricter_limit_says_what_goes_and_why(facecap, recorded):
    done = facecap("replay", recorded, "--set", "min_face=300")
    assert done.returncode == 0, done.stderr
    *gone, summary = done.stdout.splitlines()
    assert summary == "0 captures, 3 before, in 40 frames: 0 appear, 3 go, 0 change"
    assert len(gone) == 3 and all("goes" in line and "now too_small" in line for line in gone)
    assert "track 1, capture 2 (periodic), frame 10, out in 19" in gone[1]


def test_json_has_one_change_a_line_and_a_summary(facecap, recorded):
    done = facecap("replay", recorded, "--json", "--set", "max_captures=0", "--set", "interval=9")
    *changes, last = lines_of(done.stdout)
    assert {change["change"] for change in changes} <= {"appears", "goes", "changes"}
    for change in changes:
        assert set(change) == {"change", "reason", "uncertain", "before", "after"}
    counts = {kind: sum(c["change"] == kind for c in changes) for kind in ("appears", "goes", "changes")}
    assert last["summary"] == {"frames": 40, "before": 3, "after": 4, **counts, "uncertain": 0}


def test_areas_and_slots_are_options_with_twins(facecap, recorded):
    left = {"FACECAP_IGNORE_AREA": "0,0 0.5,0 0.5,1 0,1"}
    done = facecap("replay", recorded, "--json", env=left)
    assert [change["reason"] for change in lines_of(done.stdout)[:-1]] == ["outside_area"] * 3
    done = facecap("replay", recorded, "--json", "--slots", "1", env={"FACECAP_SET": "min_face=300"})
    assert lines_of(done.stdout)[-1]["summary"]["after"] == 0


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--set", "min_fcae=48"], "no setting 'min_fcae'; did you mean 'min_face'?"),
        (["--set", "min_face"], "wanted NAME=VALUE such as min_face=48, found 'min_face'"),
        (["--set", "min_face=wide"], "min_face is 'wide', wanted a number"),
        (["--set", "miss_limit=0"], "miss_limit is 0"),
        (["--set", "crop_border=0.3"], "crop_border cannot be replayed: crops were cut with it"),
        (["--set", "interval_seconds=2"], "interval_seconds cannot be replayed: the recorded frames have no"),
        (["--set", "buffer_size=3"], "buffer_size has no effect here"),
    ],
)
def test_wrong_settings_end_with_2_and_say_why(facecap, recorded, arguments, text):
    done = facecap("replay", recorded, *arguments)
    assert done.returncode == 2 and text in done.stderr and done.stdout == ""


def test_a_run_that_was_killed_replays_to_its_last_whole_line(facecap, models, face_png, tmp_path):
    source, out = repeat(face_png, tmp_path / "long", 3000), tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "facecap", "run", source, "--out", out, "--frames", *models, *FAST],
        env=clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    frames = out / "frames.jsonl"
    deadline = time.monotonic() + 60
    while not (frames.exists() and frames.read_bytes().count(b"\n") > 30):
        assert time.monotonic() < deadline and process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    frames.write_bytes(frames.read_bytes()[:-20])
    whole = frames.read_bytes().count(b"\n")
    done = facecap("replay", out, "--json")
    assert lines_of(done.stdout)[-1]["summary"]["frames"] == whole, done.stderr


def test_a_damaged_line_is_named(facecap, recorded):
    frames = recorded / "frames.jsonl"
    lines = frames.read_bytes().splitlines(keepends=True)
    frames.write_bytes(b"".join([*lines[:6], lines[6][:50] + b"\n", *lines[7:]]))
    done = facecap("replay", recorded)
    assert done.returncode == 1 and f"{frames}, line 7: no JSON" in done.stderr


def test_what_is_no_recorded_run_is_said(facecap, models, visit, recorded, tmp_path):
    plain = tmp_path / "plain"
    assert facecap("run", visit, "--out", plain, *models).returncode == 0
    done = facecap("replay", plain)
    assert f"{plain} has no recording: facecap run SOURCE --out DIR --frames" in done.stderr
    (recorded / "recording.json").unlink()
    done = facecap("replay", recorded)
    assert done.returncode == 1
    assert "has frames.jsonl of an older facecap, which lacks what a replay needs" in done.stderr


def test_a_run_without_frames_leaves_no_recording_of_the_one_that_it_replaces(
    facecap, models, visit, recorded
):
    done = facecap("run", visit, "--out", recorded, "--overwrite", *models, *FAST)
    assert done.returncode == 0, done.stderr
    assert not (recorded / "frames.jsonl").exists() and not (recorded / "recording.json").exists()
