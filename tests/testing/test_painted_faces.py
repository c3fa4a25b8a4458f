"""What is painted is what the scripted models see."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import facecap
from facecap.testing import (
    PaintedFace,
    classifier_model,
    detector_model,
    embedder_model,
    face_landmarks,
    painted_frame,
    painted_frames,
    refiner_model,
    scripted_pipeline,
    walk,
)

AT_ONCE = facecap.CaptureConfig(mode="fast", min_hits=1, max_face=-1)


@pytest.fixture(scope="module")
def detector() -> facecap.Detector:
    return facecap.Detector(detector_model().source)


def corners(face: PaintedFace) -> list[float]:
    assert face.side is not None
    half = face.side / 2
    return [face.x - half, face.y - half, face.x + half, face.y + half]


def test_a_face_is_found_where_it_is_painted(detector):
    face = PaintedFace(211.3, 155.8, side=93.4)
    found = detector.detect(painted_frame(face))
    assert found.boxes == pytest.approx(np.array([corners(face)]), abs=0.01)
    assert found.landmarks[0] == pytest.approx(face_landmarks(corners(face)), abs=0.01)
    assert found.scores[0] == pytest.approx(1, abs=1e-3)
    assert len(detector.detect(painted_frame())) == 0


@settings(max_examples=60)
@given(st.floats(0, 639.9), st.floats(0, 359.9), st.floats(12, 640), st.floats(-57, 57), st.integers(1, 3))
def test_any_face_is_found(detector, x, y, side, yaw, scale):
    face = PaintedFace(x * scale, y * scale, side * scale, yaw=yaw)
    found = detector.detect(painted_frame(face, size=(640 * scale, 360 * scale)))
    box = np.clip(corners(face), 0, [640 * scale - 1, 360 * scale - 1] * 2)
    assert found.boxes[0] == pytest.approx(box, rel=1e-3, abs=0.05 * scale)
    assert found.landmarks[0] == pytest.approx(face_landmarks(corners(face), yaw), abs=0.05 * scale)


def test_landmarks_may_be_anywhere_near(detector):
    points = [(200, 90), (250, 120), (260, 130), (215, 160), (240, 170)]
    found = detector.detect(painted_frame(PaintedFace(230, 130, 100, landmarks=points)))
    assert found.landmarks[0] == pytest.approx(np.array(points), abs=0.02)
    with pytest.raises(ValueError, match=r"a landmark of .* is \[900, 90\], wanted at most 300 pixels"):
        painted_frame(PaintedFace(230, 130, 100, landmarks=[(200, 90), (900, 90), *points[2:]]))


@pytest.mark.parametrize("yaw", [-57, -20, 0, 35, 57])
def test_a_turned_face_has_the_pose_that_it_is_asked_for(yaw):
    found = facecap.face_pose(face_landmarks((0, 0, 200, 200), yaw))
    assert found[0] == pytest.approx(yaw, abs=1)
    assert abs(found[1]) < 5 and found[2] == 0


@pytest.mark.parametrize("score", [0.55, 0.8, 0.99, 1.0])
def test_a_face_has_the_score_that_it_is_painted_with(detector, score):
    assert detector.detect(painted_frame(PaintedFace(300, 200, score=score))).scores[0] == pytest.approx(
        score, abs=0.02
    )


@pytest.mark.parametrize("score", [0.0, 0.3, 0.45])
def test_a_score_of_less_than_a_half_is_not_found(detector, score):
    assert len(detector.detect(painted_frame(PaintedFace(300, 200, score=score)))) == 0


@pytest.mark.parametrize("side", [12, 20, 64, 300])
@pytest.mark.parametrize("place", [(300.5, 180.0), (3.0, 2.0), (637.0, 355.0)])
@pytest.mark.parametrize("mask", ["mask", "no_mask", "unknown"])
def test_the_classifier_answers_what_is_painted(detector, side, place, mask):
    classifier = facecap.MaskClassifier(classifier_model().source)
    frame = painted_frame(PaintedFace(*place, side, mask))
    crop = facecap.crop_face(frame, detector.detect(frame).boxes[0])
    assert classifier.answer(float(classifier.predict(crop[None])[0])) == mask


@pytest.mark.parametrize("side", [12, 20, 64, 300])
@pytest.mark.parametrize("place", [(300.5, 180.0), (3.0, 2.0), (637.0, 355.0)])
@pytest.mark.parametrize("mask", ["mask", "no_mask", "incorrect", "unknown"])
def test_the_classifier_of_three_classes_answers_what_is_painted(detector, side, place, mask):
    classifier = facecap.MaskClassifier(classifier_model(incorrect=True).source)
    frame = painted_frame(PaintedFace(*place, side, mask))
    crop = facecap.crop_face(frame, detector.detect(frame).boxes[0])
    said = classifier.classify(crop[None])
    assert said.answers == (mask,)
    assert said.incorrect_prob[0] == pytest.approx({"incorrect": 0.96, "unknown": 0.5}.get(mask, 0), abs=0.05)


def test_a_mask_worn_wrongly_is_captured_as_such_and_is_a_mask_to_two_classes():
    face = PaintedFace(300, 180, mask="incorrect")
    three = scripted_pipeline(AT_ONCE, classifier=classifier_model(incorrect=True))
    for pipeline, answer, known in ((three, "incorrect", True), (scripted_pipeline(AT_ONCE), "mask", False)):
        result = pipeline.process(painted_frame(face))
        [capture] = result.captures
        assert capture.mask == answer
        assert ("incorrect_prob" in capture.to_dict()) == known
        assert math.isnan(capture.incorrect_prob) != known
        assert np.isnan(result.faces.incorrect_prob[0]) != known


def test_several_faces_have_their_own_answers():
    faces = [PaintedFace(100, 180, mask="mask"), PaintedFace(300, 180), PaintedFace(500, 180, mask="unknown")]
    captures = scripted_pipeline(AT_ONCE).process(painted_frame(*faces)).captures
    by_place = sorted((float(capture.box[0]), capture.mask) for capture in captures)
    assert [mask for _, mask in by_place] == ["mask", "no_mask", "unknown"]


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_a_default_face_survives_jpeg(detector, scale):
    size = (640 * scale, 360 * scale)
    frame = painted_frame(PaintedFace(148 * scale, 92 * scale), size=size)
    _, encoded = cv2.imencode(".jpg", frame)
    found = detector.detect(cv2.imdecode(encoded, cv2.IMREAD_COLOR))
    expected = np.array([116, 60, 180, 124]) * scale
    assert detector.detect(frame).boxes[0] == pytest.approx(expected, abs=0.01)
    assert found.boxes[0] == pytest.approx(expected, abs=scale)


def test_the_detector_fails_in_the_frame_that_says_so(detector):
    face = PaintedFace(4, 4, 30)
    with pytest.raises(facecap.ModelError):
        detector.detect(painted_frame(face, fails=True))
    assert len(detector.detect(painted_frame(face))) == 1


@pytest.mark.parametrize("third", [False, True])
def test_a_failing_classifier_and_a_failing_refiner_cost_their_answers(third):
    capture = scripted_pipeline(
        AT_ONCE, classifier=classifier_model(incorrect=third, fails=True), refiner=refiner_model(fails=True)
    )
    result = capture.process(painted_frame(PaintedFace(300, 180, 100)))
    assert [shot.mask for shot in result.captures] == ["unknown"]
    assert math.isnan(result.captures[0].mask_prob)
    assert result.refined == 0


def test_the_refiner_answers_what_it_was_made_with():
    points = [(0.2, 0.3), (0.8, 0.3), (0.5, 0.5), (0.3, 0.7), (0.7, 0.7)]
    refiner = facecap.Refiner(refiner_model(face_prob=0.8, points=points, blur=0.25).source)
    answer = refiner.refine(painted_frame(), [[100, 100, 200, 200]])
    assert answer.face_prob[0] == pytest.approx(0.8, abs=1e-5)
    assert answer.blur[0] == pytest.approx(0.25, abs=1e-5)
    assert answer.landmarks[0] == pytest.approx(np.array(points) * 100 + 100, abs=0.01)
    capture = scripted_pipeline(AT_ONCE, refiner=refiner_model(face_prob=0))
    assert capture.process(painted_frame(PaintedFace(300, 180))).faces.reasons == ("not_a_face",)


def test_the_embedder_knows_one_person():
    capture = scripted_pipeline(AT_ONCE, embedder=embedder_model())
    first, second = PaintedFace(150, 180), PaintedFace(450, 180)
    assert len(capture.process(painted_frame(first)).captures) == 1
    assert "duplicate_identity" in capture.process(painted_frame(first, second)).faces.reasons


def test_a_walk_goes_from_its_start_to_its_end():
    faces = walk(5, (100, 180), (140, 200), side=60, end_side=80, mask="mask", yaw=-20, end_yaw=20)
    assert [(face.x, face.y, face.side, face.yaw) for face in faces[::2]] == [
        (100, 180, 60, -20),
        (120, 190, 70, 0),
        (140, 200, 80, 20),
    ]
    assert {face.mask for face in faces} == {"mask"}
    assert walk(1, (5, 6), (7, 8)) == [PaintedFace(5, 6)]


def test_a_walk_is_one_track_and_one_that_turns_away_has_a_reason():
    capture = scripted_pipeline(facecap.CaptureConfig(mode="auto", min_hits=3, interval=100, miss_limit=4))
    visitor = walk(20, (80, 180), (300, 180), side=80)
    other = [None] * 5 + walk(10, (500, 100), (560, 100), side=80, yaw=50)
    results = [capture.process(frame) for frame in painted_frames(visitor, other, empty=6)]
    assert len(results) == 26
    assert [len(result.faces) for result in results[::5]] == [1, 2, 2, 1, 0, 0]
    assert "extreme_yaw" in results[10].faces.reasons
    captures = [shot for result in results for shot in result.captures]
    assert [(shot.kind, shot.track_id) for shot in captures] == [("lost", 1)]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: PaintedFace(-1, 5), "x is -1, wanted 0 to"),
        (lambda: PaintedFace(1, math.nan), "y is nan, wanted 0 to"),
        (lambda: PaintedFace(1, "two"), "y is 'two', wanted a number"),
        (lambda: PaintedFace(1, 2, side=0), "side is 0, wanted"),
        (lambda: PaintedFace(1, 2, mask="masked"), "mask is 'masked', wanted one of 'mask', 'no_mask', 'inc"),
        (lambda: PaintedFace(1, 2, score=2), "score is 2, wanted 0 to 1"),
        (lambda: PaintedFace(1, 2, yaw=90), "yaw is 90, wanted -57 to 57"),
        (lambda: PaintedFace(1, 2, landmarks=[1, 2]), r"landmarks has shape \(2,\), wanted \(5, 2\)"),
        (lambda: painted_frame(PaintedFace(640, 5)), "lies outside of a frame of 640x360"),
        (lambda: painted_frame(PaintedFace(5, 5, side=11)), "is 11, wanted 12 to 640 pixels"),
        (lambda: painted_frame((5, 5)), "a face is tuple, wanted a PaintedFace"),
        (lambda: painted_frame(size=(640, 480)), r"size is \(640, 480\), wanted \(640, 360\)"),
        (lambda: painted_frame(PaintedFace(5, 5), PaintedFace(6, 6)), "are in one cell"),
        (lambda: painted_frame(size=None), r"size is None, wanted \(640, 360\)"),
        (lambda: painted_frames(PaintedFace(5, 5)), "a walk is PaintedFace, wanted a list of PaintedFace"),
        (lambda: painted_frames(empty=-1), "empty is -1, wanted 0 to"),
        (lambda: walk(0, (1, 2), (3, 4)), "frames is 0, wanted 1 to"),
        (lambda: walk(3, 5, (3, 4)), r"start is 5, wanted \(x, y\)"),
        (lambda: walk(3, (1, 2), (3, -4)), "end y is -4, wanted 0 to"),
        (lambda: walk(3, (1, 2), (3, 4), end_side=5), "end_side is 5 and side is None, wanted both"),
        (lambda: refiner_model(face_prob=2), "face_prob is 2, wanted 0 to 1"),
        (lambda: refiner_model(points=[1]), r"points has shape \(1,\), wanted \(5, 2\)"),
        (lambda: scripted_pipeline(detector="x.onnx"), "detector is str, wanted a ScriptedModel"),
        (lambda: scripted_pipeline(refiner=True), "refiner is bool, wanted a ScriptedModel"),
    ],
)
def test_bad_input_is_named(call, text):
    with pytest.raises((ValueError, TypeError), match=text):
        call()
