"""The second look at a face: alone, and between the gate's cheap questions and its last ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scripted

import facecap
from facecap import _registry
from facecap.testing import ScriptedModel, embedder_model, refiner_model, scripted_pipeline

A, B = (37, 20), (60, 20)  # two faces, far apart
CORNERS = [(0.0, 0.0), (1.0, 1.0), (0.5, 0.25), (-0.1, 1.1), (0.0, 1.0)]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def make(models: Path) -> Callable[..., facecap.FaceCapture]:
    def build(refiner: Path, face: float = 200, **config) -> facecap.FaceCapture:
        return facecap.FaceCapture(
            facecap.CaptureConfig(**{"mode": "fast", "interval": 10, **config}),
            detector=facecap.Detector(scripted.detector(models, face)),
            classifier=facecap.MaskClassifier(scripted.mask_classifier(models)),
            refiner=facecap.Refiner(refiner),
        )

    return build


def test_a_refiner_tells_probabilities_and_points_of_the_picture(models: Path) -> None:
    refiner = facecap.Refiner(scripted.refiner(models, face=3, points=CORNERS, blur=-1, stem="corners"))
    image = np.zeros((480, 640, 3), np.uint8)
    boxes = [[100, 50, 300, 250], [-60, 400, 140, 600]]
    answers = refiner.refine(image, boxes)
    assert len(answers) == 2
    assert answers.face_prob == pytest.approx([0.952574] * 2, abs=1e-6)
    assert answers.blur == pytest.approx([0.268941] * 2, abs=1e-6)
    assert [a.dtype for a in (answers.face_prob, answers.landmarks, answers.blur)] == [np.float32] * 3
    for box, points in zip(boxes, answers.landmarks, strict=True):
        x1, y1, x2, y2 = facecap.crop_rect(box, (640, 480), 0)
        expected = [(x1 + u * (x2 - x1), y1 + v * (y2 - y1)) for u, v in CORNERS]
        assert points == pytest.approx(np.array(expected), abs=1e-3)
    assert answers.landmarks[0][:2] == pytest.approx(np.array([[100, 50], [300, 250]]), abs=1e-3)
    assert answers.landmarks[1][1] == pytest.approx([140, 479], abs=1e-3)


def test_no_boxes_are_no_answers(models: Path) -> None:
    answers = facecap.Refiner(scripted.refiner(models)).refine(
        np.zeros((48, 64, 3), np.uint8), np.zeros((0, 4), np.float32)
    )
    assert (answers.face_prob.shape, answers.landmarks.shape, answers.blur.shape) == ((0,), (0, 5, 2), (0,))


def test_boxes_that_are_none_are_named(models: Path) -> None:
    refiner = facecap.Refiner(scripted.refiner(models))
    image = np.zeros((48, 64, 3), np.uint8)
    with pytest.raises(ValueError, match=r"boxes has shape \(4,\), wanted \(N, 4\)"):
        refiner.refine(image, [1, 2, 3, 4])
    with pytest.raises(ValueError, match=r"boxes\[1\] is .*wanted finite x1"):
        refiner.refine(image, [[0, 0, 9, 9], [5, 0, 5, 9]])
    with pytest.raises(ValueError, match="covers no pixel of the 64x48 picture"):
        refiner.refine(image, [[70, 0, 90, 9]])
    with pytest.raises(ValueError, match="color is"):
        refiner.refine(image, [[0, 0, 9, 9]], color="grey")


def test_a_model_of_another_task_is_no_refiner(models: Path) -> None:
    with pytest.raises(facecap.ModelError, match="of the task mask, wanted face_refinement"):
        facecap.Refiner(scripted.mask_classifier(models))


@pytest.mark.parametrize("flaw", [float("nan"), float("inf")])
def test_answers_that_are_no_numbers_are_refused(models: Path, flaw: float) -> None:
    refiner = facecap.Refiner(scripted.refiner(models, blur=flaw, stem=f"flaw{flaw}"))
    with pytest.raises(facecap.ModelError, match="not finite in 'blur'"):
        refiner.refine(np.zeros((48, 64, 3), np.uint8), [[0, 0, 30, 30]])


def test_crop_rect_is_what_crop_face_cuts() -> None:
    image = np.random.default_rng(3).integers(0, 256, (90, 120, 3), np.uint8)
    x1, y1, x2, y2 = facecap.crop_rect([20, 10, 60, 50], (120, 90), 0.25)
    assert (x1, y1, x2, y2) == (10, 0, 70, 60)
    crop = facecap.crop_face(image, [20, 10, 60, 50], 60, 0.25)
    assert np.array_equal(crop, image[y1:y2, x1:x2])
    assert facecap.crop_rect([-20, 60, 60, 140], (120, 90), 0.25) == (0, 40, 80, 89)  # clipped
    assert facecap.crop_rect([800, 400, 1000, 600], (1920, 1080)) == (770, 370, 1030, 630)
    with pytest.raises(ValueError, match="covers no pixel"):
        facecap.crop_rect([200, 0, 240, 40], (120, 90))


def test_the_refined_points_go_to_the_capture_and_its_pose(make, models: Path) -> None:
    points = [*scripted.POINTS[:2], (0.60, 0.60), *scripted.POINTS[3:]]
    capture = make(scripted.refiner(models, points=points, stem="nose"))
    results = [capture.process(scripted.frame(A)) for _ in range(10)]
    shot = results[9].captures[0]
    assert results[9].faces.landmarks[0][2] == pytest.approx([900, 512], abs=0.1)
    assert shot.landmarks[2] == pytest.approx([920, 512], abs=1)
    assert shot.pose[0] == pytest.approx(31.7, abs=0.5)
    assert results[9].faces.pose[0][0] == pytest.approx(0, abs=0.1)


def test_refined_eyes_must_be_far_enough_apart(make, models: Path) -> None:
    points = [(0.46, 0.40), (0.54, 0.40), *scripted.POINTS[2:]]
    capture = make(scripted.refiner(models, points=points, stem="close"))
    results = [capture.process(scripted.frame(A)) for _ in range(10)]
    assert results[9].faces.reasons == ("eyes_too_close",)


@pytest.mark.parametrize(
    ("logit", "reason"), [(-3, "not_a_face"), (-2, "low_landmark_confidence"), (0.1, None)]
)
def test_what_is_no_face_differs_from_what_may_be_one(make, models: Path, logit: float, reason) -> None:
    capture = make(scripted.refiner(models, face=logit, stem=f"face{logit}"))
    results = [capture.process(scripted.frame(A)) for _ in range(10)]
    assert results[9].faces.reasons == (reason,)
    assert bool(results[9].captures) is (reason is None)
    # Where it is not captured it has no mask answer either.
    assert np.isnan(results[9].faces.mask_prob[0]) == (reason is not None)


def test_min_landmark_confidence_says_how_sure_a_face_must_be(make, models: Path) -> None:
    capture = make(scripted.refiner(models, face=-2, stem="face-2"), min_landmark_confidence=0.1)
    assert [capture.process(scripted.frame(A)) for _ in range(10)][9].captures


@pytest.mark.parametrize(("blur", "reason"), [(-9, None), (9, "refined_not_better")])
def test_a_blurred_shot_scores_less(make, models: Path, blur: float, reason) -> None:
    # A small face at the border scores 0.19; blur takes 0.2 off.
    capture = make(scripted.refiner(models, blur=blur, stem=f"blur{blur}"), face=50.1)
    results = [capture.process(scripted.frame((1, 20))) for _ in range(10)]
    assert results[9].faces.quality[0] == pytest.approx(0.193, abs=1e-2)
    assert results[9].faces.reasons == (reason,)


def test_only_a_face_that_could_be_kept_is_looked_at(make, models: Path) -> None:
    capture = make(scripted.refiner(models), max_captures=2)
    results = [capture.process(scripted.frame(A, B)) for _ in range(40)]
    # Unconfirmed until frame 9; then the first shot, the first after an event, and no more after the last.
    assert {r.frame_index: r.refined for r in results if r.refined} == {9: 2, 10: 2}
    assert all(r.refined == int(r.faces.capture.sum()) for r in results)
    assert results[39].faces.reasons == ("count_exhausted", "count_exhausted")


def test_a_face_without_a_free_slot_is_not_looked_at() -> None:
    config = facecap.CaptureConfig(mode="fast", min_hits=1)
    capture = scripted_pipeline(config, refiner=refiner_model(), slots=1)
    result = capture.process(scripted.frame(A, B))
    assert result.refined == 1
    assert sorted(result.faces.reasons, key=str) == [None, "no_free_slot"]


def test_a_refiner_that_fails_costs_the_look_not_the_capture(make, models: Path, caplog) -> None:
    capture = make(scripted.refiner(models, fails=True, stem="failing_refiner"))
    results = [capture.process(scripted.frame(A)) for _ in range(10)]
    assert len(results[9].captures) == 1
    assert results[9].refined == 0
    assert results[9].captures[0].landmarks == pytest.approx(results[9].faces.landmarks[0])
    assert "a stage failed" in caplog.text


def test_time_of_the_refiner_is_a_stage_of_its_own(make, models: Path) -> None:
    capture = make(scripted.refiner(models))
    results = [capture.process(scripted.frame(A)) for _ in range(10)]
    assert results[0].timings["refine"] == 0 < results[9].timings["refine"]
    assert results[9].to_dict()["refined"] == 1
    assert "refine" in results[9].to_dict()["timings"]


def test_the_person_is_asked_for_with_the_refined_points_and_no_non_face_is() -> None:
    def reasons(refiner: ScriptedModel) -> tuple[str | None, ...]:
        config = facecap.CaptureConfig(mode="fast", min_hits=1)
        capture = scripted_pipeline(config, refiner=refiner, embedder=embedder_model())
        capture.process(scripted.frame(A))
        return capture.process(scripted.frame(A, B)).faces.reasons

    # The embedder takes everybody for one person: who comes second is a duplicate, but no wall is a person.
    assert "duplicate_identity" in reasons(refiner_model())
    assert set(reasons(refiner_model(face_prob=0))) == {"not_a_face"}


def test_a_refiner_that_ships_is_the_default_and_false_is_none(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = {
        "detector": facecap.Detector(scripted.detector(models)),
        "classifier": facecap.MaskClassifier(scripted.mask_classifier(models)),
    }
    monkeypatch.setattr(_registry, "SHIPPED", tmp_path)
    assert facecap.FaceCapture(**parts).refiner is None
    path = scripted.refiner(tmp_path)
    shipped = facecap.FaceCapture(**parts).refiner
    assert shipped is not None and shipped.info["path"] == str(path)
    assert facecap.FaceCapture(**parts, refiner=False).refiner is None


def test_one_refiner_serves_many_cameras(make, models: Path) -> None:
    refiner = facecap.Refiner(scripted.refiner(models))
    parts = {
        "detector": facecap.Detector(scripted.detector(models)),
        "classifier": facecap.MaskClassifier(scripted.mask_classifier(models)),
        "refiner": refiner,
    }
    config = facecap.CaptureConfig(mode="fast", min_hits=1)
    first, second = (facecap.FaceCapture(config, **parts) for _ in range(2))
    assert first.process(scripted.frame(A)).refined == second.process(scripted.frame(B)).refined == 1
