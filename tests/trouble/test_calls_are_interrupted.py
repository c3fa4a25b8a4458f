"""Ctrl-C while a call is under way: the object goes on working, whatever bytecode the interrupt hit."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import tiny_models as tiny

import facecap

PACKAGE = str(Path(facecap.__file__).parent)
IMAGE = np.zeros((64, 64, 3), np.uint8)


def interrupted(call: Callable[[], object], at: int) -> bool:
    """Runs `call` with an interrupt before the bytecode of this number in the package's own code; False where
    the call ends before."""
    left = at

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def calls(folder: Path) -> dict[str, Callable[[], object]]:
    detector = facecap.Detector(tiny.write_detector(folder, "retinaface"))
    classifier = facecap.MaskClassifier(tiny.write_mask(folder))
    refiner = facecap.Refiner(tiny.write_refiner(folder))
    capture = facecap.FaceCapture(detector=detector, classifier=classifier, refiner=refiner)
    tracker = facecap.Tracker()
    found = facecap.Detections(
        np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32)
    )
    return {
        "Detector.detect": lambda: detector.detect(IMAGE),
        "MaskClassifier.predict": lambda: classifier.predict(np.zeros((1, 8, 8, 3), np.uint8)),
        "Refiner.refine": lambda: refiner.refine(IMAGE, [[8, 8, 40, 40]]),
        "Tracker.update": lambda: tracker.update(found),
        "FaceCapture.process": lambda: capture.process(IMAGE),
        "FaceCapture.flush": capture.flush,
        "FaceCapture.reset": capture.reset,
    }


def test_an_interrupt_at_any_bytecode_leaves_an_object_that_works(tmp_path: Path) -> None:
    for name, call in calls(tmp_path).items():
        at = 1
        while interrupted(call, at):
            try:
                call()
            except facecap.FacecapError as error:
                pytest.fail(f"{name} after an interrupt at bytecode {at}: {error}")
            at += 1
        assert at > 3, f"{name} was never interrupted"


def test_a_second_thread_is_refused() -> None:
    detector = facecap.Detector()
    image = np.zeros((480, 640, 3), np.uint8)
    errors: list[str] = []

    def work() -> None:
        for _ in range(20):
            try:
                detector.detect(image)
            except facecap.FacecapError as error:
                errors.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(errors) == {"this Detector is at work in another thread: give every thread its own"}
    detector.detect(image)
