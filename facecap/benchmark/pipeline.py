"""`facecap bench pipeline`: the whole job on frames in memory: stages, frames a second, two cameras."""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap._config import CaptureConfig
from facecap._detector import Detector
from facecap._face_capture import FaceCapture
from facecap._image import crop_face
from facecap._mask_classifier import MaskClassifier
from facecap.benchmark import frames
from facecap.benchmark.interleave import Turns, peak_memory_mb, resident_memory_mb, take_turns
from facecap.benchmark.report import machine, table

Frame = NDArray[np.uint8]
CAMERAS = 2
FRAMES_A_TURN = 200
RUN_ALONE = "Run on the original graph"


@dataclass
class Measured:
    frames: int = 0
    faces: float = 0.0
    captures: int = 0
    refined: int = 0
    classified: int = 0
    seconds: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    side_by_side: float = 0.0
    """Frames a second of two cameras on two threads, over those of one."""
    memory_mb: float = 0.0
    memory_growth_mb: float = 0.0
    peak_memory_mb: float = 0.0
    classify: Turns | None = None
    """Eight crops at once, beside the network alone as PyTorch exports it; None without the extra `train`."""


def clip(length: int = 40, faces: int = 6) -> list[Frame]:
    """640x480 frames in which a few people drift across the picture."""
    still = frames.crowd(faces)
    return [np.roll(still, int(30 * np.sin(2 * np.pi * i / length)), axis=1) for i in range(length)]


def measure(turns: int, count: int, progress: Callable[[str], None]) -> Measured:
    """Runs `count` frames for stages and memory, then `turns` turns of one camera against two."""
    pictures = clip()
    detector, classifier = Detector(), MaskClassifier()
    config = CaptureConfig(mode="auto", interval=25, max_captures=0)

    def camera() -> FaceCapture:
        return FaceCapture(config, detector=detector, classifier=classifier)

    result = Measured(frames=count)
    capture = camera()
    start = 0.0
    warm = min(100, count // 4)
    for index in range(count + warm):
        if index == warm:
            result.memory_mb, start = resident_memory_mb(), time.perf_counter()
        shot = capture.process(pictures[index % len(pictures)])
        if index < warm:
            continue
        result.faces += len(shot.faces) / count
        result.captures += len(shot.captures)
        result.refined += shot.refined
        result.classified += shot.classified
        for stage, seconds in shot.timings.items():
            result.stages[stage] = result.stages.get(stage, 0.0) + seconds
        if index % 500 == 0:
            progress(f"frame {index - warm} of {count}")
    result.seconds = time.perf_counter() - start
    result.memory_growth_mb = resident_memory_mb() - result.memory_mb
    ratios = []
    for turn in range(turns):
        progress(f"one camera against {CAMERAS}: turn {turn + 1} of {turns}")
        ratios.append(rate([camera() for _ in range(CAMERAS)], pictures) / rate([camera()], pictures))
    result.side_by_side = statistics.median(ratios)
    result.peak_memory_mb = peak_memory_mb()
    if importlib.util.find_spec("torch") is not None:
        progress("eight crops")
        result.classify = _classify(classifier, pictures[0], 10 * turns)
    return result


def _classify(classifier: MaskClassifier, picture: Frame, turns: int) -> Turns:
    from facecap.benchmark import peers

    crops = np.stack([crop_face(picture, (60 * i, 100, 60 * i + 150, 300)) for i in range(8)])
    with tempfile.TemporaryDirectory() as folder:
        alone = peers.ghostnet_alone(Path(folder), crops)
        return take_turns({"predict": lambda: classifier.predict(crops), RUN_ALONE: alone}, turns)


def rate(cameras: Sequence[FaceCapture], pictures: Sequence[Frame]) -> float:
    """Frames a second of all cameras together, each on its thread."""

    def work(camera: FaceCapture) -> None:
        for index in range(FRAMES_A_TURN):
            camera.process(pictures[index % len(pictures)])

    threads = [threading.Thread(target=work, args=(camera,)) for camera in cameras]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(cameras) * FRAMES_A_TURN / (time.perf_counter() - start)


def report(result: Measured) -> str:
    """What `measure` found, as text."""
    total = result.stages["total"]
    rows = [
        (stage, f"{1000 * seconds / result.frames:.3f}", f"{100 * seconds / total:.1f}")
        for stage, seconds in result.stages.items()
    ]
    return "\n".join(
        (
            table(("stage", "ms a frame", "% of total"), rows),
            "",
            f"{result.frames} frames of 640x480, {result.faces:.1f} faces a frame, "
            f"{result.captures} captures, {result.refined} faces looked at again, "
            f"{result.classified} crops classified",
            f"{result.frames / result.seconds:.1f} frames/s on one thread",
            f"{CAMERAS} cameras on {CAMERAS} threads / one camera: {result.side_by_side:.2f}",
            f"memory {result.memory_mb:.0f} MB after warm-up, grown by {result.memory_growth_mb:.1f} MB, "
            f"peak {result.peak_memory_mb:.0f} MB",
            f"predict, 8 crops / {RUN_ALONE}: {result.classify.ratio('predict', RUN_ALONE):.2f}"
            if result.classify
            else "predict against the original graph: needs the extra train",
            machine()["processor"],
        )
    )


def to_json(result: Measured) -> dict[str, Any]:
    """The same for programs."""
    return {
        "machine": machine(),
        "frames": result.frames,
        "faces_a_frame": result.faces,
        "captures": result.captures,
        "refined": result.refined,
        "classified": result.classified,
        "frames_per_second": result.frames / result.seconds,
        "seconds_by_stage": result.stages,
        "two_cameras_over_one": result.side_by_side,
        "memory_mb": result.memory_mb,
        "memory_growth_mb": result.memory_growth_mb,
        "peak_memory_mb": result.peak_memory_mb,
        "predict_over_run_alone": result.classify and result.classify.ratio("predict", RUN_ALONE),
    }
