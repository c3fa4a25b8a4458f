"""RetinaFace detection in plain NumPy around ONNX Runtime: a peer for the benchmark, an oracle for tests.

Everything of the model is read from the manifest beside it, independently of the core. Box suppression counts
pixels as the published code does: a box from 0 to 99 is 100 wide.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap.conversion.detector.families import decode
from facecap.conversion.network_input import letterbox
from facecap.models import manifest_text

Floats = NDArray[np.float32]
CANDIDATES = 5000  # best scores that reach suppression


class NumpyRetinaFace:
    """A detector for models of both forms; `detect` answers boxes (N, 4), scores (N,), landmarks (N, 5,
    2)."""

    def __init__(
        self, model: Path, *, score_threshold: float = 0.5, nms_iou: float = 0.4, max_faces: int = 750
    ) -> None:
        import onnxruntime

        self._manifest: dict[str, Any] = json.loads(manifest_text(model))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._threshold, self._iou, self._max_faces = score_threshold, nms_iou, max_faces

    def detect(self, image: NDArray[np.uint8]) -> tuple[Floats, Floats, Floats]:
        """Faces of one BGR picture, best first, in its pixels."""
        blob, scale, left, top = letterbox(image, self._manifest["input"])
        names = [output["name"] for output in self._manifest["outputs"]]
        values = self._session.run(names, {self._manifest["input"]["name"]: blob})
        size = (blob.shape[3], blob.shape[2])
        found = decode(dict(zip(names, values, strict=True)), self._manifest, size)
        scores = found.scores[0]
        keep = np.flatnonzero(scores > self._threshold)
        keep = keep[np.argsort(-scores[keep], kind="stable")][:CANDIDATES]
        kept = keep[suppress(found.boxes[0, keep], self._iou)[: self._max_faces]]
        margin = np.array([left, top], np.float32)
        boxes = (found.boxes[0, kept] - np.tile(margin, 2)) / np.float32(scale)
        return boxes, scores[kept], (found.landmarks[0, kept] - margin) / np.float32(scale)


def suppress(boxes: Floats, iou: float) -> list[int]:
    """Indices that survive; boxes are given best first."""
    x1, y1, x2, y2 = boxes.T
    area = (x2 - x1 + 1) * (y2 - y1 + 1)
    order, kept = np.arange(len(boxes)), []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        wide = np.maximum(0, np.minimum(x2[best], x2[rest]) - np.maximum(x1[best], x1[rest]) + 1)
        high = np.maximum(0, np.minimum(y2[best], y2[rest]) - np.maximum(y1[best], y1[rest]) + 1)
        overlap = wide * high
        order = rest[overlap <= iou * (area[best] + area[rest] - overlap)]
    return kept
