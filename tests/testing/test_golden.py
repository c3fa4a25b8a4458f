"""Captures against golden files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import facecap
from facecap.testing import (
    Tolerance,
    assert_captures_match,
    capture_differences,
    painted_frames,
    scripted_pipeline,
    walk,
)


@pytest.fixture(scope="module")
def captures() -> list[facecap.Capture]:
    pipeline = scripted_pipeline(facecap.CaptureConfig(mode="fast", min_hits=3, interval=10))
    faces = walk(25, (100, 180), (300, 180), side=80), walk(25, (400, 180), (500, 180), side=80, mask="mask")
    return [shot for frame in painted_frames(*faces) for shot in pipeline.process(frame).captures]


@pytest.fixture
def golden(captures, tmp_path) -> Path:
    path = tmp_path / "golden" / "walks.jsonl"
    assert_captures_match(captures, path, update=True)
    return path


@pytest.fixture
def lines(captures) -> list[dict[str, Any]]:
    return [json.loads(json.dumps(capture.to_dict())) for capture in captures]


def test_equal_captures_match_as_objects_and_as_json(captures, lines, golden):
    assert len(captures) == 6
    assert_captures_match(captures, golden)
    assert_captures_match(lines, golden)
    assert [json.loads(line) for line in golden.read_text().splitlines()] == lines


def test_a_difference_is_reported_with_its_place_and_both_values(captures, lines, golden):
    lines[1]["mask"] = "unknown"
    lines[1]["box"][2] += 3
    lines[2]["frame"] = 15
    lines[2]["mask_prob"] = None
    lines[3]["pose"]["yaw"] += 0.4  # within the tolerance
    with pytest.raises(AssertionError) as failure:
        assert_captures_match(lines, golden)
    box, chance = lines[1]["box"][2], captures[2].mask_prob
    first, *reported = str(failure.value).splitlines()
    assert first == f"the captures differ from {golden} in 4 places:"
    assert [line.strip().partition(": ")[2] for line in reported] == [
        "mask is 'unknown', wanted 'mask'",
        f"box[2] is {box:g}, wanted {box - 3:g} within 0.5",
        "frame is 15, wanted 12",
        f"mask_prob is None, wanted {round(chance, 6)}",
    ]
    assert f"track {lines[1]['track_id']}, capture {lines[1]['sequence']}: mask" in reported[0]


def test_the_chance_of_a_mask_worn_wrongly_is_compared_where_there_is_one(lines):
    third = [{**line, "incorrect_prob": 0.25} for line in lines]
    assert capture_differences(third, third) == []
    moved = [{**third[0], "incorrect_prob": 0.5}, *third[1:]]
    [difference] = capture_differences(moved, third)
    assert difference.endswith("incorrect_prob is 0.5, wanted 0.25 within 0.01")
    assert len(capture_differences(lines, third)) == len(lines)


def test_missing_and_additional_captures_are_reported_by_name(lines):
    missing = capture_differences(lines[:-1], lines)
    last = lines[-1]
    name = f"track {last['track_id']}, capture {last['sequence']} ({last['kind']}, frame {last['frame']})"
    assert missing == [f"{name} is missing"]
    assert capture_differences(lines, lines[:-1]) == [f"{name} is not wanted"]
    assert len(capture_differences([], lines)) == len(lines)


def test_another_order_is_reported(lines):
    (reported,) = capture_differences([lines[1], lines[0], *lines[2:]], lines)
    assert reported.startswith("the order is track 2, capture 1, track 1, capture 1")


def test_ids_that_come_again_are_kept_apart(lines):
    twice = [*lines, *lines]
    assert capture_differences(twice, twice) == []
    assert len(capture_differences(lines, twice)) == len(lines)


def test_a_tolerance_widens_and_narrows(lines):
    other = json.loads(json.dumps(lines))
    other[0]["quality"] += 0.1
    assert capture_differences(other, lines)
    assert not capture_differences(other, lines, Tolerance(quality=0.2))
    other = json.loads(json.dumps(lines))
    other[0]["score"] -= 1e-5
    assert capture_differences(other, lines, Tolerance(score=0))
    with pytest.raises(ValueError, match="box is -1, wanted 0 to"):
        Tolerance(box=-1)


def test_many_differences_are_cut(golden):
    lines = [json.loads(line) for line in golden.read_text().splitlines()]
    for line in lines:
        line["landmarks"] = [[x + 2, y] for x, y in line["landmarks"]]
    with pytest.raises(AssertionError, match=r"in 30 places:(.|\n)*and 10 more$"):
        assert_captures_match(lines, golden)


def test_what_a_run_leaves_serves_as_golden_file(captures, tmp_path):
    lines = [{**capture.to_dict(), "crop": "crops/1.png"} for capture in captures]
    path = tmp_path / "captures.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert_captures_match(captures, path)


def test_files_and_captures_that_are_none_are_named(captures, golden, tmp_path):
    with pytest.raises(FileNotFoundError, match="no golden file; update=True writes it"):
        assert_captures_match(captures, tmp_path / "absent.jsonl")
    golden.write_text(golden.read_text() + '{"kind": "first"}\n')
    with pytest.raises(ValueError, match=r"walks.jsonl, line 7: golden has a capture without track_id, seq"):
        assert_captures_match(captures, golden)
    golden.write_text("nonsense\n")
    with pytest.raises(ValueError, match=r"walks.jsonl, line 1: "):
        assert_captures_match(captures, golden)
    with pytest.raises(TypeError, match="captures has a int, wanted a Capture"):
        assert_captures_match([5], golden)
    with pytest.raises(TypeError, match="tolerance is float, wanted a Tolerance"):
        capture_differences(captures, captures, 0.5)
