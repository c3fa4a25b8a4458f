"""Detection on photographs against a plain NumPy port, both forms of a model, limits and threads."""

from __future__ import annotations

import subprocess
import sys
import threading

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import facecap
from facecap import models
from facecap.benchmark.numpy_retinaface import NumpyRetinaFace
from facecap.evaluation.detector.average_precision import overlaps

RETINAFACE = models.find("retinaface-mobilenet0.25").path


@pytest.fixture(scope="module")
def detector():
    return facecap.Detector()


@pytest.fixture(scope="module")
def astronaut():
    """A portrait in the public domain, 512 x 512 RGB."""
    return pytest.importorskip("skimage.data").astronaut()


def expect_same(found, wanted, pixels=0.01):
    boxes, scores, landmarks = wanted
    assert len(found) == len(scores)
    np.testing.assert_allclose(found.scores, scores, atol=pixels / 100)
    np.testing.assert_allclose(found.boxes, boxes, atol=pixels)
    np.testing.assert_allclose(found.landmarks, landmarks, atol=pixels)


def clipped(faces, image):
    height, width = image.shape[:2]
    boxes, scores, landmarks = faces
    return np.clip(boxes, 0, [width - 1, height - 1, width - 1, height - 1]), scores, landmarks


def crowd(photo, columns=8, rows=6):
    """One portrait many times in 640x480."""
    return np.tile(
        cv2.resize(photo, (640 // columns, 480 // rows), interpolation=cv2.INTER_AREA), (rows, columns, 1)
    )


@pytest.mark.parametrize(("model", "least"), [(None, 0.9), (RETINAFACE, 0.99)])
def test_one_face_is_found_where_it_is(photo, model, least):
    found = facecap.Detector(model).detect(photo)
    x1, y1, x2, y2 = found.boxes[0]
    points = found.landmarks[0]
    assert found.scores[0] > least
    assert ((points > [x1, y1]) & (points < [x2, y2])).all()
    assert points[0, 0] < points[1, 0]
    assert points[3, 0] < points[4, 0]
    assert points[:2, 1].max() < points[2, 1] < points[3:, 1].min()


def test_color_is_what_it_says(detector, astronaut):
    rgb = detector.detect(astronaut, color="rgb")
    bgr = detector.detect(np.ascontiguousarray(astronaut[..., ::-1]))
    assert len(rgb) == 1
    np.testing.assert_array_equal(rgb.boxes, bgr.boxes)
    np.testing.assert_array_equal(rgb.scores, bgr.scores)


@pytest.mark.parametrize("threshold", [0.02, 0.5])
def test_same_faces_as_the_numpy_port(photo, threshold):
    # 640 x 480: neither is resized nor padded, so both networks see the same pixels.
    for image in (cv2.resize(photo, (640, 480)), crowd(photo), crowd(photo, 16, 8)):
        oracle = NumpyRetinaFace(RETINAFACE, score_threshold=threshold)
        detector = facecap.Detector(RETINAFACE, score_threshold=threshold, max_faces=750)
        expect_same(detector.detect(image), clipped(oracle.detect(image), image))


@pytest.mark.parametrize("size", [(900, 700), (333, 411), (1920, 1080), (640, 477)])
def test_fitted_pictures_give_the_same_faces_as_the_numpy_port(photo, size):
    image = cv2.resize(photo, size)
    oracle = NumpyRetinaFace(RETINAFACE, score_threshold=0.6)
    # OpenCV's pixels differ by one grey level at most.
    expect_same(
        facecap.Detector(RETINAFACE, score_threshold=0.6).detect(image),
        clipped(oracle.detect(image), image),
        pixels=1.5,
    )


def test_same_faces_as_the_numpy_port_on_shared_photographs(shared):
    oracle = NumpyRetinaFace(RETINAFACE)
    detector = facecap.Detector(RETINAFACE, max_faces=750)
    faces = 0
    for path in sorted((shared / "data" / "detect" / "fddb" / "images").glob("*.jpg"))[:12]:
        image = cv2.imread(str(path))
        image = np.ascontiguousarray(image[: image.shape[0] // 32 * 32, : image.shape[1] // 32 * 32])
        canvas = np.zeros((640, 640, 3), np.uint8)  # of the box's size, so that nothing is resized
        canvas[: image.shape[0], : image.shape[1]] = image[:640, :640]
        found = detector.detect(canvas)
        expect_same(found, clipped(oracle.detect(canvas), canvas))
        faces += len(found)
    assert faces >= 12


def test_both_forms_of_a_model_give_the_same_faces(tmp_path, photo):
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from facecap.conversion.detector.import_checkpoint import export_network
    from facecap.conversion.detector.priors import FROM_10_PX
    from facecap.training.networks.retinaface import RetinaFace

    torch.manual_seed(0)
    network = RetinaFace().eval()
    found = []
    for form in ("levels", "concatenated"):
        path = tmp_path / f"{form}.onnx"
        about = {"name": form, "licence": "none", "origin": "random"}
        export_network(network, path, about, min_sizes=FROM_10_PX, form=form)
        found.append(facecap.Detector(path, score_threshold=0.3, max_faces=10_000).detect(photo))
    levels, concatenated = found
    assert len(levels) > 0
    # Scores of a network without training lie so close that their order may differ by rounding.
    shared_faces = min(len(levels), len(concatenated))
    assert abs(len(levels) - len(concatenated)) <= 0.02 * shared_faces
    nearest = np.abs(levels.boxes[:, None] - concatenated.boxes[None]).max(-1).min(1)
    assert np.mean(nearest < 0.01) > 0.98


def test_a_small_picture_is_not_enlarged(detector, photo):
    small = cv2.resize(photo, (256, 300), interpolation=cv2.INTER_AREA)
    found = detector.detect(small)
    for size in ((320, 320), (1280, 960)):
        other = facecap.Detector(input_size=size).detect(small)
        np.testing.assert_array_equal(other.boxes, found.boxes)


def test_faces_do_not_depend_on_the_scale_of_a_large_picture(photo):
    detector = facecap.Detector(RETINAFACE)
    height, width = photo.shape[:2]
    base = detector.detect(photo)
    for scale in (1.5, 2, 3.5):
        size = (round(width * scale), round(height * scale))
        found = detector.detect(cv2.resize(photo, size, interpolation=cv2.INTER_AREA))
        assert overlaps(found.boxes[:1] / np.float32(scale), base.boxes[:1])[0, 0] > 0.9


def test_input_size_is_the_box_that_pictures_are_fitted_into(photo):
    small = facecap.Detector(input_size=(320, 320))
    assert small.info["input_size"] == (320, 320)
    found = small.detect(photo)
    assert overlaps(found.boxes[:1], facecap.Detector().detect(photo).boxes[:1])[0, 0] > 0.85


def test_limits(photo):
    image = crowd(photo)
    every = facecap.Detector(score_threshold=0.02, max_faces=750).detect(image)
    assert len(every) >= 40
    assert (np.diff(every.scores) <= 0).all()
    few = facecap.Detector(score_threshold=0.02, max_faces=5).detect(image)
    np.testing.assert_array_equal(few.boxes, every.boxes[:5])
    sure = facecap.Detector(score_threshold=0.5, max_faces=750).detect(image)
    np.testing.assert_array_equal(sure.scores, every.scores[: len(sure)])
    assert sure.scores.min() > 0.5
    assert len(facecap.Detector(score_threshold=1.0).detect(image)) == 0


def test_no_faces_is_empty_typed_arrays(detector):
    found = detector.detect(np.zeros((48, 64, 3), np.uint8))
    assert len(found) == 0
    for array, shape in ((found.boxes, (0, 4)), (found.scores, (0,)), (found.landmarks, (0, 5, 2))):
        assert array.shape == shape
        assert array.dtype == np.float32


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (2, 3), (33, 31), (1080, 1920)])
def test_pictures_of_any_shape(shape):
    found = facecap.Detector(score_threshold=0.01, input_size=(160, 160)).detect(
        np.full((*shape, 3), 90, np.uint8)
    )
    assert (found.boxes[:, :2] < found.boxes[:, 2:]).all()
    assert (found.boxes >= 0).all()
    assert (found.boxes <= [shape[1] - 1, shape[0] - 1, shape[1] - 1, shape[0] - 1]).all()


@given(st.integers(1, 200), st.integers(1, 200), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_noise_gives_boxes_inside_the_picture(noise_detector, width, height, seed):
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = noise_detector.detect(image)
    assert np.isfinite(found.landmarks).all()
    assert (found.boxes[:, :2] < found.boxes[:, 2:]).all()
    assert (found.boxes >= 0).all()
    assert (found.boxes <= [width - 1, height - 1, width - 1, height - 1]).all()


@pytest.fixture(scope="module")
def noise_detector():
    return facecap.Detector(score_threshold=0.0, max_faces=2000, input_size=(96, 96))


def test_results_stay_when_the_detector_goes_on(detector, photo):
    found = detector.detect(photo)
    before = found.boxes.copy()
    detector.detect(np.zeros((64, 64, 3), np.uint8))
    np.testing.assert_array_equal(found.boxes, before)


def test_detectors_in_threads_give_what_one_gives_alone(photo):
    """Each has buffers of its own around shared weights, and the interpreter's lock is released."""
    images = [photo, crowd(photo), cv2.resize(photo, (320, 240))]
    alone = [facecap.Detector(score_threshold=0.02).detect(image) for image in images]
    differing: list[str] = []

    def work():
        own = facecap.Detector(score_threshold=0.02)
        for _ in range(3):
            for image, wanted in zip(images, alone, strict=True):
                found = own.detect(image)
                if not (
                    np.array_equal(found.boxes, wanted.boxes) and np.array_equal(found.scores, wanted.scores)
                ):
                    differing.append(f"{len(found)} faces, wanted {len(wanted)}")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert differing == []


def test_timings_say_where_the_last_call_went(detector, photo):
    detector.detect(photo)
    assert set(detector.timings) == {"preprocess", "inference", "postprocess"}
    assert all(seconds > 0 for seconds in detector.timings.values())


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"score_threshold": 1.5}, ValueError, "score_threshold is 1.5, wanted 0 to 1"),
        ({"score_threshold": float("nan")}, ValueError, "score_threshold is nan"),
        ({"score_threshold": "0.5"}, TypeError, "score_threshold is '0.5'"),
        ({"nms_iou": -0.1}, ValueError, "nms_iou is -0.1"),
        ({"max_faces": 0}, ValueError, "max_faces is 0"),
        ({"max_faces": 2.0}, TypeError, "max_faces is 2.0"),
        ({"input_size": (0, 640)}, ValueError, "input_size width is 0"),
        ({"input_size": (640, 10_000)}, ValueError, "input_size height is 10000, wanted 1 to 8192"),
        ({"input_size": 640}, TypeError, r"input_size is 640, wanted \(width, height\)"),
    ],
)
def test_other_arguments_are_refused(arguments, error, says):
    with pytest.raises(error, match=says):
        facecap.Detector(**arguments)


def test_other_images_are_refused(detector):
    with pytest.raises(ValueError, match="dtype float64, wanted uint8"):
        detector.detect(np.zeros((8, 8, 3)))
    with pytest.raises(ValueError, match="color is 'grey', wanted"):
        detector.detect(np.zeros((8, 8, 3), np.uint8), color="grey")


def test_detections_check_their_arrays():
    boxes = np.zeros((2, 4), np.float32)
    points = np.zeros((2, 5, 2), np.float32)
    made = facecap.Detections(boxes, np.zeros(2, np.float32), points)
    assert made.bbox is made.boxes
    assert made.kps is made.landmarks
    with pytest.raises(ValueError, match=r"boxes is float32 \(2, 4\), wanted float32 \(3, 4\)"):
        facecap.Detections(boxes, np.zeros(3, np.float32), points)
    with pytest.raises(ValueError, match="boxes is float64"):
        facecap.Detections(boxes.astype(float), np.zeros(2, np.float32), points)


def test_a_daemon_thread_that_still_detects_does_not_abort_the_end_of_the_process():
    program = """
import threading, time
import numpy as np
import facecap

detector = facecap.Detector()
picture = np.zeros((480, 640, 3), np.uint8)
started = threading.Event()


def work():
    while True:
        detector.detect(picture)
        started.set()


threading.Thread(target=work, daemon=True).start()
started.wait()
"""
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
