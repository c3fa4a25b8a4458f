"""RetinaFace detection in plain NumPy around ONNX Runtime: a peer for the benchmark, an oracle for tests.

Everything of the model is read from the manifest beside it, independently of the core. Priors are kept for
each input size. Box suppression counts pixels as the published code does: a box from 0 to 99 is 100 wide.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        self._priors: dict[tuple[int, int], Floats] = {}

    def detect(self, image: NDArray[np.uint8]) -> tuple[Floats, Floats, Floats]:
        """Faces of one BGR picture, best first, in its pixels."""
        blob, scale, left, top = letterbox(image, self._manifest["input"])
        scores, deltas = self._run(blob)
        faces = self._decode(deltas, self._priors_of(blob.shape[2], blob.shape[3]))
        keep = np.flatnonzero(scores > self._threshold)
        keep = keep[np.argsort(-scores[keep], kind="stable")][:CANDIDATES]
        faces = faces[keep]
        kept = suppress(faces[:, :4], self._iou)[: self._max_faces]
        faces = (faces[kept] - np.tile(np.array([left, top], np.float32), 7)) / np.float32(scale)
        return faces[:, :4], scores[keep][kept], faces[:, 4:].reshape(-1, 5, 2)

    def _run(self, blob: Floats) -> tuple[Floats, Floats]:
        """Scores (N,) and the fourteen deltas (N, 14) of all priors."""
        roles = [(output["role"], output["name"]) for output in self._manifest["outputs"]]
        values = self._session.run([name for _, name in roles], {self._manifest["input"]["name"]: blob})
        if self._manifest["detector"]["form"] == "concatenated":
            named = {role: value[0] for (role, _), value in zip(roles, values, strict=True)}
            return named["scores"][:, 1], np.concatenate([named["boxes"], named["landmarks"]], axis=1)
        scores, deltas = [], []
        for level in values:
            cells = level[0].reshape(level.shape[1], -1).T
            anchors = cells.shape[1] // 15
            scores.append(1 / (1 + np.exp(-cells[:, :anchors].reshape(-1))))
            boxes = cells[:, anchors : 5 * anchors].reshape(-1, 4)
            deltas.append(np.concatenate([boxes, cells[:, 5 * anchors :].reshape(-1, 10)], axis=1))
        return np.concatenate(scores), np.concatenate(deltas)

    def _priors_of(self, height: int, width: int) -> Floats:
        if (height, width) not in self._priors:
            detector, levels = self._manifest["detector"], []
            for stride, sizes in zip(detector["strides"], detector["min_sizes"], strict=True):
                rows, columns = -(-height // stride), -(-width // stride)
                y, x, size = np.meshgrid(np.arange(rows), np.arange(columns), sizes, indexing="ij")
                levels.append(np.stack([(x + 0.5) * stride, (y + 0.5) * stride, size], -1).reshape(-1, 3))
            self._priors[height, width] = np.concatenate(levels).astype(np.float32)
        return self._priors[height, width]

    def _decode(self, deltas: Floats, priors: Floats) -> Floats:
        by_centre, by_size = self._manifest["detector"]["variances"]
        size = priors[:, 2:]
        centre = priors[:, :2] + np.float32(by_centre) * deltas[:, :2] * size
        half = size * np.exp(np.float32(by_size) * deltas[:, 2:4]) / 2
        points = np.tile(priors[:, :2], 5) + np.float32(by_centre) * deltas[:, 4:] * size
        return np.concatenate([centre - half, centre + half, points], axis=1)


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
