"""Detectors of every family: the core against NumPy, against OpenCV and against the public file, and the
thresholds of a manifest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import tiny_models as tiny
from hypothesis import given, settings
from hypothesis import strategies as st

import facecap
from facecap._model import open_model
from facecap.conversion.detector.families import decode
from facecap.evaluation.detector.average_precision import overlaps

FAMILIES = sorted(tiny.FAMILIES)


@pytest.fixture(scope="module", params=FAMILIES)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    family: str = request.param
    return family, tiny.write_detector(tmp_path_factory.mktemp("families"), family)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**31), st.sampled_from([0.02, 0.5, 0.8]))
@settings(max_examples=20, deadline=None)
def test_the_core_finds_what_numpy_decodes(
    network: tuple[str, Path], columns: int, rows: int, seed: int, threshold: float
) -> None:
    path = network[1]
    image = np.random.default_rng(seed).integers(0, 256, (16 * rows, 16 * columns, 3), dtype=np.uint8)
    model, info = open_model(path, "face_detection")
    blob = (image[None, ..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) - 127.5) / 127.5
    outputs = dict(zip(("level_8", "level_16"), model.run([np.ascontiguousarray(blob)]), strict=True))
    answers = decode(outputs, info["manifest"], (16 * columns, 16 * rows))
    sure = answers.scores[0] > threshold
    boxes, scores, landmarks = (part[0, sure] for part in (answers.boxes, answers.scores, answers.landmarks))
    corner = np.array([16 * columns - 1, 16 * rows - 1] * 2)
    visible = np.clip(boxes, 0, corner)
    seen = (visible[:, 2:] > visible[:, :2]).all(1)
    order = np.argsort(-scores[seen], kind="stable")
    found = facecap.Detector(path, score_threshold=threshold, nms_iou=1, max_faces=5000).detect(image)
    assert len(found) == seen.sum()
    np.testing.assert_allclose(found.scores, scores[seen][order], atol=1e-5)
    close = {"rtol": 1e-3, "atol": 1e-2}
    # Equal scores may change places; everything else must not.
    lonely = np.ones(len(order), bool)
    lonely[:-1] = np.diff(-scores[seen][order]) > 1e-5
    lonely[1:] &= np.diff(-scores[seen][order]) > 1e-5
    np.testing.assert_allclose(found.boxes[lonely], visible[seen][order][lonely], **close)
    np.testing.assert_allclose(found.landmarks[lonely], landmarks[seen][order][lonely], **close)


@pytest.mark.parametrize("family", FAMILIES)
def test_thresholds_are_the_manifests_where_nothing_is_said(family: str, tmp_path: Path) -> None:
    image = np.random.default_rng(3).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    low = tiny.write_detector(tmp_path, family, "low", score_threshold=0.3, nms_iou=1.0)
    high = tiny.write_detector(tmp_path, family, "high", score_threshold=0.9, nms_iou=1.0)
    apart = tiny.write_detector(tmp_path, family, "apart", score_threshold=0.3, nms_iou=0.0)

    def found(path: Path, **asked: float) -> int:
        return len(facecap.Detector(path, max_faces=5000, **asked).detect(image))

    assert found(high) < found(low) and found(apart) < found(low)
    assert found(high) == found(low, score_threshold=0.9)
    assert found(apart) == found(low, nms_iou=0.0)
    assert found(high, score_threshold=0.3) == found(low)


def test_outputs_of_another_family_do_not_fit(tmp_path: Path) -> None:
    data = tiny.detector("scrfd").SerializeToString()
    path = tiny.write(tmp_path, data, tiny.detector_manifest(data, family="yunet"))
    with pytest.raises(facecap.ModelError, match=r"float32 \(1, 16, \?, \?\).*level_8.*\(1, 30,"):
        facecap.Detector(path)


def pictures(shared: Path) -> Iterator[np.ndarray]:
    """Those of wider_dev, black added at the right and below up to multiples of 32."""
    paths = sorted((shared / "data" / "detect" / "wider_dev").rglob("*.jpg"))
    assert paths
    for path in paths:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        assert image is not None
        height, width = image.shape[:2]
        yield np.asarray(cv2.copyMakeBorder(image, 0, -height % 32, 0, -width % 32, cv2.BORDER_CONSTANT))


def imported(shared: Path, name: str, folder: Path) -> Path:
    pytest.importorskip("torch")
    from facecap.conversion.import_model import import_model

    path = folder / name
    import_model(shared / "data" / "weights" / name, path)
    return path


def same_face(box: np.ndarray, points: np.ndarray, boxes: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Which of the faces are within a pixel of this one, all corners and points."""
    corners = np.abs(boxes - box).max(1, initial=0)
    return np.maximum(corners, np.abs(landmarks - points).max((1, 2), initial=0)) <= 1


def whole_pixels(boxes: np.ndarray) -> np.ndarray:
    """Corners and sizes cut to whole pixels, as OpenCV does before it suppresses."""
    corner, size = np.trunc(boxes[:, :2]), np.trunc(boxes[:, 2:] - boxes[:, :2])
    return np.hstack([corner, corner + size])


def test_yunet_agrees_with_opencv(shared: Path, tmp_path: Path) -> None:
    name, iou = "yunet_n_dynamic.onnx", 0.4
    ours = facecap.Detector(
        imported(shared, name, tmp_path),
        score_threshold=0.6,
        nms_iou=iou,
        max_faces=5000,
        input_size=(8192, 8192),
    )
    theirs = cv2.FaceDetectorYN.create(str(shared / "data" / "weights" / name), "", (32, 32), 0.6, iou, 5000)
    faces = theirs_only = ours_only = 0
    for image in pictures(shared):
        found = ours.detect(image)
        theirs.setInputSize((image.shape[1], image.shape[0]))
        _, answer = theirs.detect(image)
        rows = np.zeros((0, 15), np.float32) if answer is None else np.asarray(answer, np.float32)
        boxes = np.hstack([rows[:, :2], rows[:, :2] + rows[:, 2:4]])
        boxes = np.clip(boxes, 0, np.float32([image.shape[1] - 1, image.shape[0] - 1] * 2))
        faces += len(rows)
        points = rows[:, 4:14].reshape(-1, 5, 2)
        for box, spots in zip(boxes, points, strict=True):
            if not same_face(box, spots, found.boxes, found.landmarks).any():
                theirs_only += 1
                # Suppressed here by a box that it does not overlap enough in whole pixels.
                assert overlaps(box[None], found.boxes, pixel=1.0).max() > iou
                assert overlaps(whole_pixels(box[None]), whole_pixels(found.boxes)).max() <= iou
        ours_only += sum(
            not same_face(box, spots, boxes, points).any()
            for box, spots in zip(found.boxes, found.landmarks, strict=True)
        )
    assert faces > 1000
    assert theirs_only <= 0.01 * faces and ours_only <= 0.001 * faces


def test_scrfd_agrees_with_its_public_file(shared: Path, tmp_path: Path) -> None:
    import onnxruntime

    name = "scrfd_2.5g_kps.onnx"
    public = onnxruntime.InferenceSession(
        str(shared / "data" / "weights" / name), providers=["CPUExecutionProvider"]
    )
    ours = facecap.Detector(imported(shared, name, tmp_path), nms_iou=1, max_faces=5000)
    faces = 0
    for image in list(pictures(shared))[:12]:
        square = np.asarray(cv2.resize(image, (640, 640)), np.uint8)
        blob = cv2.dnn.blobFromImage(square, 1 / 128, None, (127.5, 127.5, 127.5), swapRB=True)
        answers = public.run(None, {public.get_inputs()[0].name: blob})
        boxes, scores, landmarks = [], [], []
        for place, stride in enumerate((8, 16, 32)):
            score, sides, points = (answers[3 * part + place][0] for part in range(3))
            cell = np.arange(len(score)) // 2
            centre = np.stack([cell % (640 // stride), cell // (640 // stride)], 1) * stride
            boxes.append(np.hstack([centre - sides[:, :2] * stride, centre + sides[:, 2:] * stride]))
            landmarks.append(centre[:, None] + points.reshape(-1, 5, 2) * stride)
            scores.append(score[:, 0])
        every = np.concatenate(scores)
        sure = np.flatnonzero(every > 0.5)
        sure = sure[np.argsort(-every[sure], kind="stable")]
        found = ours.detect(square)
        assert len(found) == len(sure)
        faces += len(sure)
        np.testing.assert_allclose(found.scores, every[sure], atol=1e-4)
        wanted = np.clip(np.concatenate(boxes)[sure], 0, 639)
        # Equal scores may change places: each face is looked for.
        apart = np.abs(found.boxes[:, None] - wanted[None]).max(-1)
        assert apart.min(0).max(initial=0) < 0.05 and apart.min(1).max(initial=0) < 0.05
        points = np.concatenate(landmarks)[sure][apart.argmin(1)]
        np.testing.assert_allclose(found.landmarks, points, atol=0.1)
    assert faces > 100
