"""The whole pipeline on painted frames, where every number is known, and on a photograph."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable

import numpy as np
import pytest
import scripted

import facecap
from facecap.testing import embedder_model, painted_frame, scripted_pipeline

A, B = (37, 20), (60, 20)  # two faces, far apart


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def make(models) -> Callable[..., facecap.FaceCapture]:
    detector = scripted.detector(models)
    classifier = scripted.mask_classifier(models)

    def build(face: float = 200, classifier=classifier, refiner=False, slots: int = 10, **config):
        path = detector if face == 200 else scripted.detector(models, face)
        return facecap.FaceCapture(
            facecap.CaptureConfig(**config),
            detector=facecap.Detector(path),
            classifier=facecap.MaskClassifier(classifier),
            refiner=facecap.Refiner(refiner) if refiner else False,
            slots=slots,
        )

    return build


def events(capture: facecap.FaceCapture, frames: list[tuple], flush: bool = False) -> list[tuple]:
    """(frame, track, sequence, shot frame, kind) of all captures."""
    found = []
    for cells in frames:
        found += capture.process(scripted.frame(*cells)).captures
    if flush:
        found += capture.flush()
    return [(c.frame, c.track_id, c.sequence, c.shot_frame, c.kind) for c in found]


def test_a_face_that_stays_is_emitted_first_and_then_by_the_interval(make):
    capture = make(mode="fast", interval=10, max_captures=3)
    captures = [c for _ in range(60) for c in capture.process(scripted.frame(A)).captures]
    assert [(c.frame, c.track_id, c.sequence, c.shot_frame) for c in captures] == [
        (9, 1, 1, 9),
        (19, 1, 2, 10),
        (29, 1, 3, 20),
    ]
    assert [c.kind for c in captures] == ["first", "periodic", "periodic"]
    for c in captures:
        assert c.quality == pytest.approx(1.358176, abs=1e-4)
        assert c.box == pytest.approx([800, 392, 1000, 592], abs=1e-2)


def test_a_gap_on_probation_starts_the_track_anew(make):
    frames = [(A,)] * 5 + [()] + [(A,)] * 20
    assert events(make(mode="fast", interval=10), frames)[0][:4] == (15, 2, 1, 15)


@pytest.mark.parametrize(("face", "captured"), [(50.1, True), (49, False), (39, False)])
def test_eyes_must_be_far_enough_apart(make, face, captured):
    capture = make(face, mode="fast")
    results = [capture.process(scripted.frame(A)) for _ in range(12)]
    assert bool([c for r in results for c in r.captures]) is captured
    if not captured:
        assert results[-1].faces.reasons == ("eyes_too_close",)


def test_the_best_shot_of_a_visit_comes_when_the_track_is_lost(make):
    capture = make(mode="auto", interval=1000, miss_limit=40)
    assert events(capture, [(A,)] * 30 + [()] * 45) == [(69, 1, 1, 9, "lost")]


@pytest.mark.parametrize(("returns", "track"), [(68, 1), (69, 2)])
def test_a_face_that_returns_in_time_keeps_its_id(make, returns, track):
    capture = make(mode="auto", interval=1000, miss_limit=40)
    for index in range(returns):
        capture.process(scripted.frame(*([A] if index < 30 else [])))
    assert capture.process(scripted.frame(A)).faces.track_ids.tolist() == [track]


def test_a_short_gap_neither_ends_a_visit_nor_repeats_a_capture(make):
    capture = make(mode="fast", interval=10, max_captures=3)
    frames = [(A, B)] * 20 + [(B,)] + [(A, B)] * 29
    by_track: dict[int, list] = {}
    for frame, track, sequence, shot, _ in events(capture, frames):
        by_track.setdefault(track, []).append((frame, sequence, shot))
    assert sorted(by_track.values()) == [
        [(9, 1, 9), (19, 2, 10), (29, 3, 20)],
        [(9, 1, 9), (19, 2, 10), (29, 3, 21)],
    ]


def test_a_frame_in_which_the_detector_fails_changes_nothing():
    capture = scripted_pipeline(facecap.CaptureConfig(mode="fast", interval=10))
    found = events(capture, [(A,)] * 15)
    with pytest.raises(facecap.ModelError, match="a frame painted with fails=True"):
        capture.process(painted_frame(size=scripted.FRAME, fails=True))
    found += events(capture, [(A,)] * 15)
    assert [e[:4] for e in found] == [(9, 1, 1, 9), (19, 1, 2, 10), (29, 1, 3, 20)]


def test_flush_emits_what_waits_and_only_once(make):
    capture = make(mode="auto", interval=1000)
    assert events(capture, [(A,)] * 21, flush=True) == [(20, 1, 1, 9, "flush")]
    assert capture.flush() == []


def test_only_a_captured_face_goes_to_the_classifier(make):
    capture = make(mode="fast", interval=10, max_captures=3)
    results = [capture.process(scripted.frame(A, B)) for _ in range(40)]
    for result in results:
        assert result.classified == int(result.faces.capture.sum())
    # Both faces in frames 9, 10 and 20: the first shot after an event replaces nothing.
    assert sum(r.classified for r in results) == 6
    assert all(len(r.faces) == 2 for r in results)


def test_classify_on_emit_asks_once_a_capture_and_answers_the_same(make):
    def run(classify_on):
        capture = make(mode="auto", interval=15, max_captures=3, classify_on=classify_on)
        results = [capture.process(scripted.frame(A)) for _ in range(60)]
        captures = [c for r in results for c in r.captures]
        return captures, [r.classified for r in results], [len(r.captures) for r in results]

    at_emit, calls, given = run("emit")
    assert calls == given
    at_capture, _, _ = run("capture")
    answers = [(c.frame, c.mask, c.mask_prob) for c in at_capture]
    assert answers and [(c.frame, c.mask, c.mask_prob) for c in at_emit] == answers


def test_the_mask_answer_stays_on_the_track(make):
    capture = make(mode="fast", interval=10)
    results = [capture.process(scripted.frame(A)) for _ in range(15)]
    assert all(np.isnan(r.faces.mask_prob).all() for r in results[:9])
    assert all(np.isfinite(r.faces.mask_prob).all() for r in results[9:])
    first = results[9].captures[0]
    assert results[14].faces.mask_prob[0] == pytest.approx(first.mask_prob)
    assert first.mask == "no_mask"  # a dark crop


def test_a_classifier_that_fails_costs_the_answer_not_the_capture(make, models, caplog):
    capture = make(mode="fast", interval=10, classifier=scripted.mask_classifier(models, fails=True))
    captures = [c for _ in range(12) for c in capture.process(scripted.frame(A)).captures]
    assert [c.mask for c in captures] == ["unknown"]
    assert np.isnan(captures[0].mask_prob)
    assert "a stage failed" in caplog.text
    assert captures[0].to_dict()["mask_prob"] is None


def test_a_classifier_that_fails_at_the_flush_is_logged(make, models, caplog):
    failing = scripted.mask_classifier(models, fails=True)
    capture = make(mode="auto", interval=1000, classifier=failing, classify_on="emit")
    assert events(capture, [(A,)] * 12) == []
    assert [c.mask for c in capture.flush()] == ["unknown"]
    assert "a stage failed" in caplog.text


def test_a_threshold_leaves_no_unknown(models):
    classifier = facecap.MaskClassifier(scripted.mask_classifier(models))
    grey = np.full((1, 112, 112, 3), 128, np.uint8)
    probability = float(classifier.predict(grey)[0])
    assert probability == pytest.approx(0.504, abs=1e-3)
    assert classifier.answer(probability) == "unknown"
    assert classifier.answer(probability, 0.5) == "mask"
    assert classifier.answer(probability, 0.6) == "no_mask"
    assert classifier.answer(float("nan"), 0.5) == "unknown"
    for threshold in (float("nan"), -0.1, 50):
        with pytest.raises(ValueError, match="threshold is"):
            classifier.answer(probability, threshold)


def test_every_face_is_captured_or_has_a_reason(make):
    capture = make(mode="fast", interval=10, slots=1)
    for _ in range(30):
        faces = capture.process(scripted.frame(A, B)).faces
        assert [reason is None for reason in faces.reasons] == faces.capture.tolist()
    assert "no_free_slot" in faces.reasons


def test_crops_are_cut_from_the_shot_frame_in_its_colours(make):
    bgr, rgb = (make(mode="fast", interval=10, max_captures=1) for _ in range(2))
    red = scripted.frame(A)
    red[400:590, 810:990, 2] = np.maximum(red[400:590, 810:990, 2], 90)
    for _ in range(9):
        assert not bgr.process(red).captures
        assert not rgb.process(np.ascontiguousarray(red[:, :, ::-1]), color="rgb").captures
    first = bgr.process(red).captures
    second = rgb.process(np.ascontiguousarray(red[:, :, ::-1]), color="rgb").captures
    assert np.array_equal(first[0].crop, second[0].crop[:, :, ::-1])
    assert np.array_equal(first[0].crop, facecap.crop_face(red, first[0].box))
    assert first[0].mask_prob == second[0].mask_prob


def test_frames_come_in_order_and_a_refused_one_changes_nothing(make):
    capture = make(mode="fast", interval=10)
    for index in range(0, 18, 2):
        capture.process(scripted.frame(A), frame_index=index)
    with pytest.raises(ValueError, match="frame_index is 16, wanted at least 17"):
        capture.process(scripted.frame(), frame_index=16)
    with pytest.raises(ValueError, match="uint8"):
        capture.process(np.zeros((10, 10, 3), np.float32))
    assert capture.process(scripted.frame(A), frame_index=18).captures[0].frame == 18


@pytest.mark.parametrize("timestamp", [math.nan, math.inf, -math.inf, 1.7e12])
def test_a_time_that_is_none_changes_nothing(make, timestamp):
    capture = make(mode="fast", interval_seconds=2.0, min_hits=4)
    capture.process(scripted.frame(A), timestamp=0.0)
    for _ in range(5):
        with pytest.raises(ValueError, match=r"timestamp is .*, wanted seconds"):
            capture.process(scripted.frame(A), timestamp=timestamp)
    assert not capture.process(scripted.frame(A), timestamp=0.1).faces.stable.any()


def test_the_last_frame_number_is_refused_before_it_overflows(make):
    capture = make(mode="fast")
    with pytest.raises(
        ValueError, match="frame_index is 9223372036854775807, wanted 0 to 9223372036854775806"
    ):
        capture.process(scripted.frame(A), frame_index=2**63 - 1)
    assert capture.process(scripted.frame(A), frame_index=2**63 - 2).frame_index == 2**63 - 2
    with pytest.raises(ValueError, match="wanted less"):  # of the frame counted behind it
        capture.process(scripted.frame(A))
    assert capture.flush() == []


@pytest.mark.parametrize("part", ["config", "detector", "classifier", "refiner", "embedder"])
def test_parts_of_another_kind_are_named(part):
    with pytest.raises(TypeError, match=f"{part} is str, wanted .*{part[1:]}"):
        facecap.FaceCapture(**{part: "model.onnx"})


@pytest.mark.parametrize("slots", [0, -1, 2**31 - 1, 2**40])
def test_slots_are_checked_before_memory_is_taken(make, slots):
    with pytest.raises(ValueError, match=f"slots is {slots}, wanted 1 to 1048576"):
        make(slots=slots)


@pytest.mark.parametrize(("mode", "kind"), [("fast", "first"), ("auto", "lost")])
def test_a_person_who_comes_back_is_no_second_capture(mode, kind):
    config = facecap.CaptureConfig(mode=mode, interval=1000, min_hits=3, miss_limit=4)
    capture = scripted_pipeline(config, embedder=embedder_model())
    visit = [(A,)] * 6 + [()] * 6
    assert [event[4] for event in events(capture, visit, flush=True)] == [kind]
    assert events(capture, visit, flush=True) == []
    results = [capture.process(scripted.frame(A)) for _ in range(4)]
    assert results[-1].faces.reasons == ("duplicate_identity",)


def test_an_embedder_of_faces_that_are_not_square_is_refused(models):
    with pytest.raises(ValueError, match="takes crops of 112x96, wanted a square"):
        facecap.FaceCapture(
            detector=facecap.Detector(scripted.detector(models)),
            embedder=facecap.Embedder(scripted.embedder(models, height=96)),
        )


def test_an_interval_in_seconds_needs_time(make):
    capture = make(mode="fast", interval_seconds=2.0)
    with pytest.raises(ValueError, match="timestamp"):
        capture.process(scripted.frame(A))
    results = [capture.process(scripted.frame(A), timestamp=i * 0.1) for i in range(60)]
    times = [c.timestamp for r in results for c in r.captures]
    assert times == pytest.approx([0.9, 1.0, 3.0])  # emitted at 0.9, 2.9 and 4.9 s
    with pytest.raises(ValueError, match="run back"):
        capture.process(scripted.frame(A), timestamp=1.0)


def test_results_can_be_looked_up(make):
    capture = make(mode="fast", interval=10)
    results = [capture.process(scripted.frame(A, B)) for _ in range(10)]
    first, second = results[9].captures
    assert results.index(results[9]) == 9
    assert results[9].captures.index(second) == 1
    assert len({first, second, first}) == 2


def test_crops_unlike_those_of_the_models_training_are_logged(make, caplog):
    make()
    assert not caplog.records
    make(crop_border=0.4)
    assert "trained on crops with 0.15" in caplog.text


def test_reset_is_as_new(make):
    capture = make(mode="fast", interval=10)
    once = events(capture, [(A,)] * 25)
    capture.reset()
    assert events(capture, [(A,)] * 25) == once


def test_results_are_plain_json(make):
    capture = make(mode="fast", interval=10)
    for index in range(10):
        result = capture.process(scripted.frame(A, B), timestamp=1_700_000_000 + index / 4)
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert document["timestamp"] == "2023-11-14T22:13:22.250Z"
    assert document["frame_index"] == 9
    assert len(document["faces"]) == 2
    assert set(document["faces"][0]["pose"]) == {"yaw", "pitch", "roll"}
    assert document["captures"][0]["kind"] == "first"
    assert document["faces"][0]["reason"] is None


def test_one_detector_serves_many_cameras_at_once(make, models):
    detector = facecap.Detector(scripted.detector(models))
    classifier = facecap.MaskClassifier(scripted.mask_classifier(models))
    config = facecap.CaptureConfig(mode="fast", interval=10)
    found: dict[int, list] = {}

    def camera(number: int) -> None:
        capture = facecap.FaceCapture(config, detector=detector, classifier=classifier, refiner=False)
        found[number] = events(capture, [((10 + 10 * number, 20),)] * 40)

    threads = [threading.Thread(target=camera, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(e == found[0] for e in found.values())


def test_a_real_face_is_captured_bare(photo):
    capture = facecap.FaceCapture(facecap.CaptureConfig(mode="fast", min_hits=3, interval=10))
    captures = [c for _ in range(4) for c in capture.process(photo).captures]
    assert [c.mask for c in captures] == ["no_mask"]
    assert captures[0].crop.shape == (112, 112, 3)
