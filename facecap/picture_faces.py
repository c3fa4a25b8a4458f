"""The faces of one picture alone, in plain JSON types, as `facecap detect` and the service answer them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap import Detections, MaskClassifier, Refiner, crop_face, face_pose, face_quality


def faces_of(
    image: NDArray[np.uint8],
    detections: Detections,
    classifier: MaskClassifier | None,
    refiner: Refiner | None,
) -> list[dict[str, Any]]:
    """Every face: `box`, `score`, `landmarks`, `quality`, `pose`; with a refiner `face_prob`, `not_a_face`;
    with a classifier `mask_prob`, `mask`, which are None and "unknown" of what is not a face.

    Args:
        image: (height, width, 3) uint8, BGR.
        detections: of this image.
        classifier: asked about every face, where there is one.
        refiner: asked about every detection, where there is one.
    """
    size = (image.shape[1], image.shape[0])
    chances: Any = [None] * len(detections)
    if refiner is not None:
        chances = refiner.refine(image, detections.boxes).face_prob
        lowest = refiner.info["manifest"]["refiner"]["not_a_face"]
    probabilities: Any = [None] * len(detections)
    if classifier is not None and len(detections):
        border = classifier.info["manifest"]["classifier"]["crop_border"]
        crops = np.stack([crop_face(image, box, border=border) for box in detections.boxes])
        probabilities = classifier.predict(crops)
    faces = []
    for box, score, landmarks, chance, probability in zip(
        detections.boxes, detections.scores, detections.landmarks, chances, probabilities, strict=True
    ):
        pose = face_pose(landmarks)
        face: dict[str, Any] = {
            "box": [round(float(v), 3) for v in box],
            "score": round(float(score), 6),
            "landmarks": [[round(float(v), 3) for v in point] for point in landmarks],
            "quality": _number(face_quality(box, landmarks, size)),
            "pose": {
                name: _number(angle) for name, angle in zip(("yaw", "pitch", "roll"), pose, strict=True)
            },
        }
        if refiner is not None:
            face |= {"face_prob": _number(chance), "not_a_face": bool(chance < lowest)}
        if classifier is not None:
            if face.get("not_a_face"):
                probability = math.nan
            face |= {"mask_prob": _number(probability), "mask": classifier.answer(float(probability))}
        faces.append(face)
    return faces


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None
