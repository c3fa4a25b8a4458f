"""`facecap bench detect`: the detector against its own network run alone, and against its peers."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from facecap import _model
from facecap._detector import Detector
from facecap.benchmark import frames
from facecap.benchmark.interleave import Turns, peak_memory_mb, take_turns
from facecap.benchmark.report import machine, table
from facecap.conversion.model_source import as_model

Frame = NDArray[np.uint8]
SIZE = (640, 480)


@dataclass(frozen=True)
class Scene:
    name: str
    faces: int
    threshold: float


SCENES = (
    Scene("40 faces, 0.6", 40, 0.6),
    Scene("crowd of 176, 0.6", 176, 0.6),
    Scene("crowd of 176, 0.02", 176, 0.02),
)


@dataclass(frozen=True)
class Measured:
    """One scene: CPU time of all contenders; of `detect` and of other models through facecap, how many faces
    each finds and the shares of its stages."""

    scene: Scene
    found: dict[str, int]
    turns: Turns
    shares: dict[str, dict[str, float]]


class Timed:
    """A detector that runs on one frame and adds up its stages."""

    def __init__(self, model: str | Path | None, scene: Scene, frame: Frame) -> None:
        self._detector = Detector(model, score_threshold=scene.threshold, max_faces=750, input_size=SIZE)
        self._frame = frame
        self._stages = {"preprocess": 0.0, "inference": 0.0, "postprocess": 0.0}
        self.found = 0

    def __call__(self) -> None:
        self.found = len(self._detector.detect(self._frame))
        for stage, seconds in self._detector.timings.items():
            self._stages[stage] += seconds

    def shares(self) -> dict[str, float]:
        """Of each stage in the time of all runs."""
        total = sum(self._stages.values())
        return {stage: seconds / total for stage, seconds in self._stages.items()}


def measure(
    checkpoint: Path | None,
    yunet: Path | None,
    models: Sequence[str],
    turns: int,
    progress: Callable[[str], None],
) -> list[Measured]:
    """All scenes on 640x480 frames, one thread.

    Args:
        checkpoint: a published mobilenet0.25 `.pth`. With it `detect` runs its rewritten graph, and beside it
            run the original graph, the plain NumPy port and the PyTorch flow; without it, the shipped model
            runs alone.
        yunet: YuNet as `.onnx`, for OpenCV's FaceDetectorYN.
        models: other detectors that run as `detect` does: files, names, or what `models import` takes.
        turns: how often everybody runs in each scene.
        progress: called with what goes on.
    """
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        opened = {name: as_model(name, Path(folder)) for name in models}
        return [_scene(scene, checkpoint, yunet, opened, turns, Path(folder), progress) for scene in SCENES]


def _scene(
    scene: Scene,
    checkpoint: Path | None,
    yunet: Path | None,
    models: Mapping[str, str | Path | None],
    turns: int,
    folder: Path,
    progress: Callable[[str], None],
) -> Measured:
    progress(f"{scene.name}: {turns} turns")
    frame = frames.crowd(scene.faces, *SIZE)
    model = None
    contenders: dict[str, Callable[[], object]] = {}
    if checkpoint is not None:
        from facecap.benchmark import peers

        model, original = peers.both_graphs(checkpoint, folder)
        contenders["Run on the original graph"] = peers.run_alone(original, frame)
        contenders["NumPy + onnxruntime"] = peers.numpy_port(original, frame, scene.threshold)
        contenders["PyTorch flow"] = peers.torch_flow(checkpoint, frame, scene.threshold)
    timed = {name: Timed(path, scene, frame) for name, path in {"detect": model, **models}.items()}
    contenders = {**timed, **contenders}
    if yunet is not None:
        from facecap.benchmark import peers

        contenders["OpenCV FaceDetectorYN"] = peers.yunet(yunet, frame, scene.threshold)
    measured = take_turns(contenders, turns)
    found = {name: one.found for name, one in timed.items()}
    return Measured(scene, found, measured, {name: one.shares() for name, one in timed.items()})


def report(results: list[Measured]) -> str:
    """What `measure` found, as text."""
    parts = []
    for result in results:
        turns = result.turns
        median = turns.median("detect")
        others = [
            (
                name,
                f"{1000 * turns.median(name):.2f}",
                f"{turns.ratio(name, 'detect'):.2f}",
                f"{turns.ratio('detect', name):.2f}",
            )
            for name in turns.seconds
        ]
        shares = [
            f"  {name}: {result.found[name]} found; "
            + ", ".join(f"{stage} {100 * share:.1f} %" for stage, share in stages.items())
            for name, stages in result.shares.items()
        ]
        parts.append(
            "\n".join([f"{result.scene.name}: {1 / median:.0f} frames/s", *shares])
            + "\n"
            + table(("", "CPU ms", "/ detect", "detect /"), others)
        )
    parts.append(
        f"one thread, {SIZE[0]}x{SIZE[1]}; peak memory of everybody together {peak_memory_mb():.0f} MB; "
        f"{machine()['processor']}"
    )
    return "\n\n".join(parts)


def to_json(results: list[Measured]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "machine": machine(),
        "peak_memory_mb": peak_memory_mb(),
        "onnxruntime": _model.onnxruntime_path(),
        "scenes": [
            {
                "scene": r.scene.name,
                "found": r.found,
                "cpu_ms": {name: 1000 * r.turns.median(name) for name in r.turns.seconds},
                "detect_over": {
                    name: r.turns.ratio("detect", name) for name in r.turns.seconds if name != "detect"
                },
                "shares": r.shares,
            }
            for r in results
        ],
    }
