"""`facecap run` on two cores detects in frames that come, and leaves what it leaves on one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import scripted

import facecap as facecap_package
from facecap.cli import ahead as ahead_module
from facecap.cli import main, overlap
from facecap.cli.ahead import Ahead
from facecap.testing import detector_model, painted_frame

from .conftest import lines_of, repeat

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2, reason="there is one core"
)


@pytest.fixture
def runs(facecap: Callable[..., Any], tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """Run on one core and on two; the folders of both, which have the same but for times."""

    def run(*arguments: object, code: int = 0) -> tuple[Path, Path]:
        folders = []
        first, second, *_ = sorted(os.sched_getaffinity(0))
        for cores in ({first}, {first, second}):
            out = tmp_path / f"cores{len(cores)}"
            done = facecap(
                "run",
                *arguments,
                *("--out", out, "--frames"),
                preexec_fn=lambda cores=cores: os.sched_setaffinity(0, cores),
            )
            assert done.returncode == code, done.stderr
            (out / "said").write_text(done.stderr.replace(str(out), "OUT"))
            folders.append(out)
        assert_same(*folders)
        return folders[0], folders[1]

    return run


def assert_same(one: Path, two: Path) -> None:
    names = sorted(str(path.relative_to(one)) for path in one.rglob("*"))
    assert names == sorted(str(path.relative_to(two)) for path in two.rglob("*"))
    for name in names:
        if name.endswith(".png") or name == "captures.jsonl":
            assert (one / name).read_bytes() == (two / name).read_bytes(), name
    assert without_times(lines_of(one / "frames.jsonl")) == without_times(lines_of(two / "frames.jsonl"))
    kept = [json.loads((folder / "summary.json").read_text()) for folder in (one, two)]
    assert len({json.dumps({**each, **TIMES}, sort_keys=True) for each in kept}) == 1


TIMES: dict[str, Any] = {"started": None, "seconds": None, "fps": None}


def without_times(frames: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**frame, "timings": None} for frame in frames]


@pytest.fixture(scope="module")
def clip(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A street of people, then the same place with nobody in it, for long, then the people again."""
    path = tmp_path_factory.mktemp("clips") / "street.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (640, 360))
    street = cv2.VideoCapture(str(shared / "data/video/facenet_video.mp4"))
    people = [cv2.resize(street.read()[1], (640, 360)) for _ in range(45)]
    for picture in (*people, *[np.full_like(people[0], 90)] * 90, *people):
        writer.write(picture)
    writer.release()
    return path


@pytest.mark.parametrize(
    "options",
    [
        ["--mode", "fast", "--interval", "5", "--min-hits", "3"],
        ["--motion", "off", "--min-eye-distance", "5"],
        ["--refiner", "none", "--min-face", "20", "--min-eye-distance", "5", "--max-frames", "31"],
        ["--area", "0,0 0.5,0 0.5,1 0,1", "--min-face", "20", "--min-eye-distance", "5"],
        ["--mode", "once", "--min-face", "20", "--min-eye-distance", "5", "--precision", "int8"],
    ],
)
def test_two_cores_leave_what_one_does_on_a_street(runs, clip, options):
    one, _ = runs(clip, *options)
    summary = json.loads((one / "summary.json").read_text())
    assert summary["faces"] > 0
    if "--max-frames" not in options:
        assert (summary["skipped"] > 0) == ("off" not in options)


def test_a_person_with_two_tracks_is_captured_once_on_two_cores_too(runs, models, face_png, tmp_path):
    cv2.imwrite(str(tmp_path / "there.png"), scripted.frame((60, 20)))
    frames = repeat(face_png, tmp_path / "visit", 25)
    for number in range(25, 50):
        (frames / f"{number}.png").hardlink_to(tmp_path / "there.png")
    embedder = scripted.embedder(tmp_path, 112)
    one, _ = runs(frames, *models, "--mode", "fast", "--interval", "10", "--embedder", embedder)
    assert {capture["track_id"] for capture in lines_of(one / "captures.jsonl")} == {1}


def test_a_visit_to_a_still_door_is_the_same_on_two_cores(runs, models, face_png, tmp_path):
    cv2.imwrite(str(tmp_path / "empty.png"), scripted.frame())
    frames = tmp_path / "door"
    frames.mkdir()
    for number in range(150):
        shown = face_png if number % 60 >= 45 else tmp_path / "empty.png"
        (frames / f"{number}.png").hardlink_to(shown)
    one, _ = runs(frames, *models, "--mode", "fast", "--interval", "5", "--min-hits", "3", "--fps", "10")
    summary = json.loads((one / "summary.json").read_text())
    assert summary["skipped"] > 0 and summary["captures"] > 0


def test_damaged_pictures_and_their_order_are_the_same_on_two_cores(runs, models, visit):
    whole = (visit / "5.png").read_bytes()
    for number, content in ((5, whole[:-200]), (35, b"no picture")):
        (visit / f"{number}.png").unlink()
        (visit / f"{number}.png").write_bytes(content)
    one, two = runs(visit, *models, "--mode", "fast", "--quiet")
    assert (one / "said").read_text() == (two / "said").read_text()
    assert "5.png: it is cut short" in (one / "said").read_text()


def test_a_detector_that_fails_is_said_frame_by_frame_on_two_cores_too(runs, models, face_png, tmp_path):
    cv2.imwrite(str(tmp_path / "red.png"), painted_frame(size=scripted.FRAME, fails=True))
    frames = tmp_path / "frames"
    frames.mkdir()
    for number in range(60):  # one that fails, and from 30 on all
        fails = number == 5 or number >= 30
        (frames / f"{number}.png").hardlink_to(tmp_path / "red.png" if fails else face_png)
    failing = detector_model(can_fail=True).write(tmp_path, "failing")
    one, two = runs(frames, *models, "--detector", failing, "--quiet", code=1)
    said = (one / "said").read_text()
    assert said == (two / "said").read_text()
    places = [said.index(f"frame {number}: ") for number in (5, *range(30, 40))]
    assert places == sorted(places) and "frame 40" not in said


@pytest.mark.parametrize("most", [2, 3])
def test_no_more_frames_are_detected_in_at_once_than_are_read_ahead(
    models, visit, tmp_path, monkeypatch, capsys, most
):
    made = []

    class Counted(Ahead):
        def __init__(self, detector, threads):
            made.append(threads)
            super().__init__(detector, threads)

    monkeypatch.setattr(overlap, "AHEAD", most)
    monkeypatch.setattr("facecap.cores.usable_cores", lambda: 64)
    monkeypatch.setattr(ahead_module, "Ahead", Counted)
    assert main(["run", str(visit), *map(str, models), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert made == [most]


def test_an_empty_door_costs_no_detection_on_other_cores(tmp_path):
    detector = facecap_package.Detector(scripted.detector(tmp_path))
    classifier = facecap_package.MaskClassifier(scripted.mask_classifier(tmp_path))
    config = facecap_package.CaptureConfig(min_hits=2, motion_refresh_seconds=1)
    capture = facecap_package.FaceCapture(config, detector=detector, classifier=classifier, refiner=False)
    empty = scripted.frame()
    wasted, detected = 0, 0
    with Ahead(detector, 2) as ahead:
        for number in range(100):
            begun = ahead.begin(empty)
            result = capture.process(
                empty, timestamp=number / 10, detected=begun.result()[0] if begun else None
            )
            ahead.note(result)
            wasted += result.skipped and begun is not None
            detected += not result.skipped
    assert wasted == 1  # nobody knew that the door would be still
    assert detected > 20
