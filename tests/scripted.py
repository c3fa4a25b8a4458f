"""The scripted models of `facecap.testing` as files, with what our tests alone want of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from facecap import MaskAnswer
from facecap.testing import (
    PaintedFace,
    ScriptedModel,
    classifier_model,
    detector_model,
    embedder_model,
    painted_frame,
    refiner_model,
)

FRAME = (1920, 1080)
SCALE = 3  # the detector sees 640x360
CELL = 8 * SCALE  # the place of one face
POINTS = [(0.30, 0.40), (0.70, 0.40), (0.50, 0.60), (0.35, 0.78), (0.65, 0.78)]  # the canonical face


def detector(folder: Path, face: float = 200.0) -> Path:
    """Finds a face of `face` pixels in every cell of `frame`."""
    model = detector_model(can_fail=False)  # for conversions, which know not all of its operators
    section = {**model.manifest["detector"], "min_sizes": [[face / SCALE]]}
    manifest = {**model.manifest, "detector": section}
    return ScriptedModel(model.data, manifest).write(folder, f"detector{face:g}")


def mask_classifier(folder: Path, *, incorrect: bool = False, fails: bool = False) -> Path:
    """Says mask for a bright or a blue crop. One that fails does so only when it runs."""
    stem = "failing" if fails else "bright"
    return classifier_model(incorrect=incorrect, fails=fails).write(folder, f"{stem}3" if incorrect else stem)


def refiner(
    folder: Path,
    *,
    face: float = 9.0,
    points: list[tuple[float, float]] = POINTS,
    blur: float = -9.0,
    fails: bool = False,
    stem: str = "refiner",
) -> Path:
    """Says the same of every face: the logits `face` and `blur`, which may be no numbers, and `points` as
    fractions of the box. One that fails does so only when it runs."""
    model = refiner_model(points=points, fails=fails)
    graph = onnx.load_from_string(model.data)
    for weights in graph.graph.initializer:
        logit = {"face_value": face, "blur_value": blur}.get(weights.name)
        if logit is not None:
            weights.raw_data = np.float32(logit).tobytes()
    return _changed(model, graph).write(folder, stem)


def embedder(folder: Path, height: int) -> Path:
    """Says one and the same person for every face, which is `height` pixels high and 112 wide."""
    model = embedder_model()
    graph = onnx.load_from_string(model.data)
    graph.graph.input[0].type.tensor_type.shape.dim[2].dim_value = height
    return _changed(model, graph, input={**model.manifest["input"], "height": height}).write(
        folder, f"embedder{height}"
    )


def frame(*cells: tuple[int, int], mask: MaskAnswer = "no_mask") -> NDArray[np.uint8]:
    """A black frame with a face of this answer in each of these cells (column 0..79, row 0..44)."""
    faces = [PaintedFace(CELL * (column + 0.5), CELL * (row + 0.5), mask=mask) for column, row in cells]
    return painted_frame(*faces, size=FRAME)


def _changed(model: ScriptedModel, graph: onnx.ModelProto, **manifest: Any) -> ScriptedModel:
    data = graph.SerializeToString()
    file = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    return ScriptedModel(data, {**model.manifest, **manifest, "file": file})
