"""Values at the edge of what can be given: they work or are refused by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_models as tiny

import facecap

SLOTS = """
import resource, sys
import facecap
detector, classifier = facecap.Detector(sys.argv[1]), facecap.MaskClassifier(sys.argv[2])
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
facecap.FaceCapture(detector=detector, classifier=classifier, refiner=False, slots=65536)
print((peak() - before) // 1024)
"""


def small_pipeline(folder: Path) -> facecap.FaceCapture:
    return facecap.FaceCapture(
        detector=facecap.Detector(tiny.write_detector(folder, "retinaface")),
        classifier=facecap.MaskClassifier(tiny.write_mask(folder)),
        refiner=False,
    )


@pytest.mark.parametrize("index", [2**63 - 1, 2**63, 2**64, -1, -(2**70)])
def test_a_frame_index_that_nothing_can_follow_is_refused(index: int, tmp_path: Path) -> None:
    capture = small_pipeline(tmp_path)
    image = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(ValueError, match=r"frame_index is -?\d+, wanted 0 to"):
        capture.process(image, frame_index=index)
    with pytest.raises(TypeError, match=r"frame_index is 1\.5, wanted a whole number"):
        capture.process(image, frame_index=1.5)  # type: ignore[arg-type]
    assert capture.process(image).frame_index == 0


def test_numbers_that_no_machine_word_holds_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="threads is 1099511627776, wanted 1 to 256"):
        facecap.Detector(threads=2**40)
    gate = facecap.CaptureGate()
    for timestamp in (10**400, float("nan"), -(10**30)):
        with pytest.raises(ValueError, match="timestamp is"):
            gate.update(0, [], [], timestamp)
    with pytest.raises(TypeError, match="timestamp is 'noon', wanted a number"):
        gate.update(0, [], [], "noon")  # type: ignore[arg-type]


def test_many_slots_take_memory_when_they_are_used(tmp_path: Path) -> None:
    detector, classifier = tiny.write_detector(tmp_path, "retinaface"), tiny.write_mask(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", SLOTS, detector, classifier], capture_output=True, text=True, timeout=120
    )
    assert int(done.stdout) < 64, f"{done.stdout} MiB {done.stderr}"


@pytest.mark.parametrize("shape", [(3, 2**20), (2**20, 3)])
def test_white_stays_white_in_a_crop_that_shrinks_a_million_times(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), 255, np.uint8)
    crop = facecap.crop_face(image, [0, 0, shape[1], shape[0]], size=2, border=0)
    assert (crop == 255).all()


def test_a_crop_of_a_decimal_border_ends_where_the_decimals_say() -> None:
    for width in range(20, 1000, 20):
        for centre in (500, 501, 777):
            box = [centre - width / 2, 100, centre + width / 2, 100 + width]
            left, _, right, _ = facecap.crop_rect(box, (3000, 3000))
            assert (left, right) == (max(0, centre - 13 * width // 20), centre + 13 * width // 20)
