"""Frames in which nothing moves cost little, and captures are the same."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from served import running, settings_in

QUIET = 2 + 15
"""Frames without a face until one may be skipped: min_hits and some."""


def captured(
    folder: Path, pipeline: dict[str, Any], motion: str, frames: list[bytes]
) -> tuple[list[dict[str, Any]], dict[str, Any], str]:
    """Answers, the camera's report and the metrics."""
    capture = {"mode": "fast", "min_hits": 2, "interval": 2, "max_captures": 0, "motion": motion}
    with running(settings_in(folder, pipeline=pipeline, capture=capture)) as served:
        answers = [served.push("door", frame, timestamp=1000 + n / 25) for n, frame in enumerate(frames)]
        assert {answer.status_code for answer in answers} == {200}
        report = served.client.get("/v1/cameras/door").json()
        return [answer.json() for answer in answers], report, served.client.get("/metrics").text


def test_an_empty_door_is_skipped_and_its_visits_are_captured_as_ever(
    tmp_path: Path, pipeline: dict[str, Any], face: bytes, empty: bytes
) -> None:
    frames = [empty] * 40 + [face] * 6 + [empty] * 70
    found = {}
    for motion in ("off", "auto"):
        folder = tmp_path / motion
        folder.mkdir()
        answers, report, metrics = captured(folder, pipeline, motion, frames)
        found[motion] = [capture for answer in answers for capture in answer["captures"]]
        skipped = sum(answer["skipped"] for answer in answers)
        assert report["frames"] == {"ok": len(frames)}
        assert report["skipped"] == skipped
        assert report["size"] is not None
        if motion == "off":
            assert skipped == 0
        else:
            assert [answer["skipped"] for answer in answers[:40]] == [False] * QUIET + [True] * (40 - QUIET)
            assert f'facecap_frames_skipped_total{{camera="door"}} {skipped}.0' in metrics
    assert len(found["off"]) >= 2
    assert found["off"] == found["auto"]


def test_a_damaged_frame_of_an_empty_door_is_noticed(
    tmp_path: Path, pipeline: dict[str, Any], empty: bytes
) -> None:
    damaged = bytearray(empty)
    middle = len(damaged) * 2 // 3
    damaged[middle : middle + 20] = b"\x11\xfe" * 10
    capture = {"min_hits": 2, "motion": "auto"}
    with running(settings_in(tmp_path, pipeline=pipeline, capture=capture)) as served:
        for _ in range(QUIET + 5):
            last = served.push("door", empty).json()
        assert last["skipped"]
        refused = served.push("door", bytes(damaged))
        assert (refused.status_code, refused.json()["code"]) == (422, "damaged_picture")
        assert served.push("door", empty).json()["skipped"]


@pytest.mark.parametrize(("seconds", "frames"), [(0.15, 2), (0.95, 10)])
def test_a_still_scene_is_looked_at_again_in_time(
    tmp_path: Path, pipeline: dict[str, Any], empty: bytes, seconds: float, frames: int
) -> None:
    capture = {"min_hits": 2, "motion": "auto", "motion_refresh_seconds": seconds}
    with running(settings_in(tmp_path, pipeline=pipeline, capture=capture)) as served:
        answers = [served.push("door", empty, timestamp=1000 + n / 10).json() for n in range(QUIET + 30)]
    looked_at = [n for n, answer in enumerate(answers) if n >= QUIET and not answer["skipped"]]
    gaps = [after - before for before, after in itertools.pairwise([QUIET - 1, *looked_at])]
    assert set(gaps) == {frames}
