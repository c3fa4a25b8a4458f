"""A replay of a recording is what a run would have been."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import scripted

import facecap
from facecap.demo import clip, portrait
from facecap.replay import Recorder, compare, replay
from facecap.sources import open_source
from facecap.testing import embedder_model, refiner_model, scripted_pipeline

from .clips import Picture, events, read_back, record

BUSY = {"interval": 8, "min_hits": 3, "miss_limit": 12}
A, B = (37, 20), (60, 20)
LEFT = [(0, 0), (0.5, 0), (0.5, 1), (0, 1)]


@pytest.fixture(scope="module")
def demo() -> list[Picture]:
    """The demo's clip, every second frame."""
    return list(clip.frames(portrait.load()))[::2]


@pytest.fixture(scope="module")
def detector() -> facecap.Detector:
    return facecap.Detector(input_size=(320, 256))


def pipeline(detector: facecap.Detector, refiner=None, **config) -> facecap.FaceCapture:
    return facecap.FaceCapture(
        facecap.CaptureConfig(**{**BUSY, **config}), detector=detector, refiner=refiner
    )


def pictures(path: Path) -> list[Picture]:
    return [frame.image for frame in islice(open_source(str(path)).frames(), 60)]


@pytest.mark.parametrize("refiner", [None, False])
@pytest.mark.parametrize("mode", ["auto", "fast", "cycle", "once"])
def test_the_settings_of_the_run_give_its_captures(demo, detector, mode, refiner):
    recording, captures = record(pipeline(detector, refiner, mode=mode), demo, every_look=False)
    again = replay(recording)
    assert captures and events(again.captures) == events(captures)
    assert not any(capture.uncertain for capture in again.captures)


@pytest.mark.parametrize("name", ["facenet_video.mp4", "intel_face-demographics-walking-and-pause.gif"])
@pytest.mark.parametrize("mode", ["auto", "fast", "cycle", "once"])
def test_the_settings_of_the_run_give_its_captures_of_a_crowd(shared, detector, mode, name):
    capture = pipeline(detector, mode=mode, min_face=16, min_eye_distance=5)
    recording, captures = record(capture, pictures(shared / "data" / "video" / name))
    assert captures and events(replay(recording).captures) == events(captures)


@pytest.mark.parametrize("method", ["eye_distance", "laplacian", "posture_laplacian"])
def test_the_scores_that_look_at_pixels_are_recorded(demo, detector, method):
    settings = {"quality_method": method, "min_quality": 0, "min_sharpness": 20}
    recording, captures = record(pipeline(detector, **settings), demo)
    assert captures and events(replay(recording).captures) == events(captures)


OTHERS = [
    {"mode": "fast"},
    {"mode": "once"},
    {"min_face": 90},
    {"max_face": 110},
    {"max_yaw": 10},
    {"max_pitch": 3},
    {"max_roll": 2},
    {"quality_method": "eye_distance"},
    {"min_quality": 1.1},
    {"min_eye_distance": 45},
    {"min_landmark_confidence": 0.999},
    {"interval": 20},
    {"interval_seconds": 0.5},
    {"max_captures": 1},
    {"miss_limit": 2},
    {"min_hits": 12},
    {"mode": "fast", "max_captures": 0, "min_relative_quality": 0.97},
    {"early_first": True},
]


@pytest.fixture(scope="module")
def strict(demo, detector):
    """Recorded with settings that let few faces through."""
    return record(pipeline(detector, min_face=150, max_captures=1, min_hits=20), demo)[0]


@pytest.mark.parametrize("others", OTHERS, ids=str)
def test_other_settings_give_the_captures_of_a_run_with_them(demo, detector, strict, others):
    _, captures = record(pipeline(detector, **others), demo)
    again = replay(strict, facecap.CaptureConfig(**{**BUSY, **others}))
    assert events(again.captures) == events(captures)
    assert not any(capture.uncertain for capture in again.captures)


def test_other_areas_and_slots_give_the_captures_of_a_run_with_them():
    frames = [scripted.frame(A, B)] * 20
    recording, _ = record(scripted_pipeline(facecap.CaptureConfig(mode="fast")), frames)
    within = scripted_pipeline(facecap.CaptureConfig(mode="fast"))
    within.areas = facecap.Areas(only=[LEFT])
    _, captures = record(within, frames)
    assert captures and events(replay(recording, areas=within.areas).captures) == events(captures)
    _, captures = record(scripted_pipeline(facecap.CaptureConfig(mode="fast"), slots=1), frames)
    assert events(replay(recording, slots=1).captures) == events(captures)
    assert "no_free_slot" in replay(recording, slots=1).reasons.values()


def test_areas_that_were_changed_while_it_was_recorded_change_in_the_replay():
    capture = scripted_pipeline(facecap.CaptureConfig(mode="fast", min_hits=1, interval=3))
    recorder = Recorder(capture)
    header, lines, captures = recorder.header(), [], []
    for number in range(30):
        capture.areas = facecap.Areas(ignore=[LEFT] if 5 <= number < 12 else [])
        result = capture.process(scripted.frame(A))
        lines.append(recorder.frame(result, scripted.frame()))
        captures += result.captures
    assert [line["frame_index"] for line in lines if "areas" in line] == [5, 12]
    again = replay(read_back(header, lines))
    assert events(again.captures) == events(captures + capture.flush())
    assert list(again.reasons.values()).count("outside_area") == 7


def test_visits_that_were_ended_while_it_was_recorded_end_in_the_replay():
    capture = scripted_pipeline(facecap.CaptureConfig(min_hits=2, interval=100))
    recorder = Recorder(capture)
    header, lines, captures = recorder.header(), [], []
    for number in range(20):
        if number == 10:
            captures += capture.flush()
        result = capture.process(scripted.frame(A))
        lines.append(recorder.frame(result, scripted.frame(), flushed=number == 10))
        captures += result.captures
    again = replay(read_back(header, lines))
    assert events(again.captures) == events(captures + capture.flush())
    assert [capture.track_id for capture in again.captures] == [1, 2]


def test_who_was_captured_before_stays_a_duplicate():
    config = facecap.CaptureConfig(mode="fast", min_hits=2, miss_limit=3)
    frames = [scripted.frame(A)] * 6 + [scripted.frame()] * 5 + [scripted.frame(B)] * 6
    recording, captures = record(scripted_pipeline(config, embedder=embedder_model()), frames)
    again = replay(recording)
    assert events(again.captures) == events(captures)
    assert "duplicate_identity" in again.reasons.values()
    later = replay(recording, replace(config, min_hits=1))
    assert [(c.track_id, c.uncertain) for c in later.captures] == [(1, True), (2, True)]


def embedded(frames, areas=None, **config):
    """The recording and the captures of a run that takes every face for the same person."""
    capture = scripted_pipeline(facecap.CaptureConfig(**config), embedder=embedder_model())
    capture.areas = areas or facecap.Areas()
    return record(capture, frames)


def twice(first, again):
    """A face here, then none, then a face there: two visits."""
    return [scripted.frame(first)] * 6 + [scripted.frame()] * 5 + [scripted.frame(again)] * 6


VISITS = {"mode": "fast", "min_hits": 2, "miss_limit": 3}
NOT_LEFT = facecap.Areas(ignore=[LEFT])


def test_who_is_not_captured_any_more_may_be_at_the_next_visit_and_that_is_uncertain():
    frames = twice(A, B)
    recording, captures = embedded(frames, **VISITS)
    assert [capture.track_id for capture in captures] == [1]
    _, wanted = embedded(frames, NOT_LEFT, **VISITS)
    before, after = replay(recording), replay(recording, areas=NOT_LEFT)
    assert wanted and events(after.captures) == events(wanted)
    assert [(c.change, c.reason, c.uncertain) for c in compare(before, after)] == [
        ("goes", "outside_area", False),
        ("appears", "duplicate_identity", True),
    ]


def test_who_was_no_duplicate_may_be_one_of_somebody_who_is_captured_now():
    recording, captures = embedded(twice(A, B), NOT_LEFT, **VISITS)
    assert [capture.track_id for capture in captures] == [2]
    after = replay(recording, areas=facecap.Areas())
    assert [(c.track_id, c.uncertain) for c in after.captures] == [(1, True), (2, True)]


def test_duplicates_of_whoever_is_still_captured_stay_duplicates():
    recording, _ = embedded(twice(A, B), **VISITS)
    for others in ({"mode": "once"}, {"mode": "auto"}, {"max_captures": 1}):
        after = replay(recording, facecap.CaptureConfig(**{**VISITS, **others}))
        _, wanted = embedded(twice(A, B), **{**VISITS, **others})
        assert wanted and events(after.captures) == events(wanted)
        assert not any(capture.uncertain for capture in after.captures)


def test_what_nobody_looked_at_again_is_assumed_and_said():
    strict = facecap.CaptureConfig(mode="fast", max_face=100, min_hits=2)
    refiner = refiner_model(points=scripted.POINTS)
    frames = [scripted.frame(A)] * 12
    for every_look in (False, True):
        recording, captures = record(
            scripted_pipeline(strict, refiner=refiner), frames, every_look=every_look
        )
        assert not captures
        wide = replay(recording, replace(strict, max_face=-1))
        assert wide.captures
        assert {capture.uncertain for capture in wide.captures} == {not every_look}
        assert {change.uncertain for change in compare(replay(recording), wide)} == {not every_look}


def test_an_unchanged_replay_changes_nothing(strict):
    assert compare(replay(strict), replay(strict)) == []


def test_every_capture_of_before_and_after_is_the_same_or_named_once(demo, detector):
    recording, _ = record(pipeline(detector), demo)
    before = replay(recording)
    for others in OTHERS:
        after = replay(recording, facecap.CaptureConfig(**{**BUSY, **others}))
        changes = compare(before, after)
        old = [change.before.place for change in changes if change.before]
        new = [change.after.place for change in changes if change.after]
        assert len(set(old)) == len(old) and len(set(new)) == len(new)
        kept = {c.place: (c.kind, c.frame) for c in before.captures if c.place not in old}
        assert kept == {c.place: (c.kind, c.frame) for c in after.captures if c.place not in new}


def test_what_goes_says_why_and_what_appears_why_it_was_not_there():
    config = facecap.CaptureConfig(mode="fast", interval=5, min_hits=2)
    recording, _ = record(scripted_pipeline(config), [scripted.frame(A)] * 30)
    before, strict = replay(recording), replay(recording, replace(config, min_face=300))
    gone = compare(before, strict)
    assert [(change.change, change.reason, change.uncertain) for change in gone] == [
        ("goes", "too_small", False)
    ] * len(before.captures)
    assert {(c.change, c.reason) for c in compare(strict, before)} == {("appears", "too_small")}


def test_the_shot_of_another_mode_is_a_change_of_the_same_visit():
    config = facecap.CaptureConfig(mode="fast", interval=1000, min_hits=2)
    sizes = [np.ascontiguousarray(scripted.frame(A))] * 20
    recording, _ = record(scripted_pipeline(config), sizes)
    [change] = compare(replay(recording), replay(recording, replace(config, mode="once")))
    assert change.change == "changes"
    assert (change.before.kind, change.after.kind) == ("first", "flush")
    assert change.to_dict()["after"]["kind"] == "flush" and change.to_dict()["reason"] is None


@pytest.mark.parametrize(
    ("others", "text"),
    [
        ({"crop_border": 0.3}, "crop_border cannot be replayed: crops were cut with it"),
        ({"classify_on": "emit"}, "classify_on cannot be replayed"),
        ({"mask_threshold": 0.5}, "mask_threshold cannot be replayed"),
        ({"quality_method": "laplacian"}, "laplacian cannot be replayed: .* which posture did not measure"),
    ],
)
def test_settings_that_need_pixels_are_refused_by_name(strict, others, text):
    with pytest.raises(ValueError, match=text):
        replay(strict, replace(strict.config, **others))


def test_seconds_need_recorded_times():
    capture = scripted_pipeline()
    recorder = Recorder(capture)
    header = recorder.header()
    line = recorder.frame(capture.process(scripted.frame(A)), scripted.frame())
    recording = read_back(header, [line])
    with pytest.raises(ValueError, match="interval_seconds cannot be replayed: the recorded frames have no"):
        replay(recording, replace(recording.config, interval_seconds=2.0))
