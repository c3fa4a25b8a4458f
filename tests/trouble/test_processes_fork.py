"""A fork beside threads that open and run models, sub-interpreters, objects that were never initialised."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import facecap
from facecap import _core

FORKS = """
import os, random, sys, threading, time
import numpy as np
import facecap

image = np.zeros((480, 640, 3), np.uint8)
mine = facecap.Detector()

def open_models():
    while True:
        facecap.Detector(threads=random.choice([2, 3, 4, 5]))

def run_models(detector):
    while True:
        detector.detect(image)

for target, arguments in [(open_models, ())] * 2 + [(run_models, (facecap.Detector(),)) for _ in range(2)]:
    threading.Thread(target=target, args=arguments, daemon=True).start()
for _ in range(25):
    time.sleep(random.random() / 50)
    child = os.fork()
    if child == 0:
        facecap.Detector(threads=1).detect(image)
        mine.detect(image)
        os._exit(0)
    end = time.monotonic() + 30
    while os.waitpid(child, os.WNOHANG)[0] == 0:
        if time.monotonic() > end:
            os.kill(child, 9)
            print("a child hangs")
            os._exit(1)
        time.sleep(0.005)
print("all children ended")
sys.stdout.flush()
os._exit(0)
"""

SUB_INTERPRETER = """
import sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
code = "try:\\n import facecap\\nexcept ImportError as error:\\n print(error)\\n"
interpreters.run_string(interpreters.create(), code)
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_forked_beside_threads_that_open_and_run_models_works() -> None:
    done = run(FORKS)
    assert done.stdout == "all children ended\n", done.stderr


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="sub-interpreters have another module there")
def test_a_sub_interpreter_is_refused_with_a_sentence() -> None:
    done = run(SUB_INTERPRETER)
    assert "sub-interpreter" in done.stdout or "subinterpreters" in done.stdout, done.stderr


def test_an_object_that_was_never_initialised_is_refused() -> None:
    for kind in (_core.Detector, _core.Tracker, _core.CaptureGate, _core.FaceCapture, _core.Model):
        empty = kind.__new__(kind)
        for name in ("detect", "update", "flush", "process", "reset", "inputs", "timings", "input_size"):
            if not hasattr(kind, name):
                continue
            with pytest.raises(TypeError):
                attribute = getattr(empty, name)
                attribute() if callable(attribute) else None
    config = _core.CaptureConfig.__new__(_core.CaptureConfig)
    with pytest.raises(TypeError, match="never initialised"):
        _core.CaptureGate(config, 1)
    assert facecap.CaptureGate(facecap.CaptureConfig(), 1).flush(0) == []
