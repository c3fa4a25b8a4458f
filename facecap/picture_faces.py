"""The faces of one picture alone: in plain JSON types, as `facecap detect` and the service answer them, and
as identity vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap import (
    Detections,
    Embedder,
    MaskAnswers,
    MaskClassifier,
    Refiner,
    align_face,
    crop_face,
    face_pose,
    face_quality,
)

_NO_ANSWER = {"mask_prob": None, "mask": "unknown"}


def faces_of(
    image: NDArray[np.uint8],
    detections: Detections,
    classifier: MaskClassifier | None,
    refiner: Refiner | None,
) -> list[dict[str, Any]]:
    """Every face: `box`, `score`, `landmarks`, `quality`, `pose`; with a refiner `face_prob`, `not_a_face`;
    with a classifier `mask_prob`, `mask`, which are None and "unknown" of what is not a face, and
    `incorrect_prob` of a face where the model has this class.

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
    said: MaskAnswers | None = None
    if classifier is not None and len(detections):
        border = classifier.info["manifest"]["classifier"]["crop_border"]
        crops = np.stack([crop_face(image, box, border=border) for box in detections.boxes])
        said = classifier.classify(crops)
    faces = []
    for place, (box, score, landmarks, chance) in enumerate(
        zip(detections.boxes, detections.scores, detections.landmarks, chances, strict=True)
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
        if said is not None:
            face |= _NO_ANSWER if face.get("not_a_face") else _answer(said, place)
        faces.append(face)
    return faces


def _answer(said: MaskAnswers, place: int) -> dict[str, Any]:
    answer: dict[str, Any] = {"mask_prob": _number(said.mask_prob[place])}
    if math.isfinite(said.incorrect_prob[place]):
        answer["incorrect_prob"] = _number(said.incorrect_prob[place])
    return {**answer, "mask": said.answers[place]}


@dataclass(frozen=True)
class FaceVectors:
    """The faces of one picture that have an identity vector, as parallel arrays."""

    boxes: NDArray[np.float32]
    """(N, 4) x1, y1, x2, y2 in pixels."""
    scores: NDArray[np.float32]
    """(N,) the detector's, 0 to 1."""
    vectors: NDArray[np.float32]
    """(N, D) of unit length."""
    left_out: Sequence[str] = ()
    """A sentence about each detection that has none."""

    def __len__(self) -> int:
        return len(self.scores)

    def largest(self) -> FaceVectors:
        """The face of the largest box alone; none where there is none."""
        areas = np.prod(self.boxes[:, 2:] - self.boxes[:, :2], axis=1)
        one = np.argsort(-areas, kind="stable")[:1]
        return FaceVectors(self.boxes[one], self.scores[one], self.vectors[one])


def vectors_of(
    image: NDArray[np.uint8], detections: Detections, embedder: Embedder, refiner: Refiner | None
) -> FaceVectors:
    """The vector of every face, aligned by the refiner's points, where there is one, as in the pipeline.

    Args:
        image: (height, width, 3) uint8, BGR.
        detections: of this image.
        embedder: gives the vectors.
        refiner: gives the points; what it calls no face is left out.
    """
    points, chances, lowest = detections.landmarks, np.ones(len(detections), np.float32), 0.0
    if refiner is not None:
        refined = refiner.refine(image, detections.boxes)
        points, chances = refined.landmarks, refined.face_prob
        lowest = refiner.info["manifest"]["refiner"]["not_a_face"]
    side = embedder.info["input_size"][0]
    kept: list[int] = []
    crops: list[NDArray[np.uint8]] = []
    left_out: list[str] = []
    for place, box in enumerate(detections.boxes):
        try:
            if chances[place] < lowest:
                raise ValueError(f"no face, says the refiner (probability {chances[place]:.2f})")
            crops.append(align_face(image, points[place], side))
            kept.append(place)
        except ValueError as error:
            left_out.append(f"left out the detection at {' '.join(f'{value:.0f}' for value in box)}: {error}")
    aligned = np.stack(crops) if crops else np.zeros((0, side, side, 3), np.uint8)
    return FaceVectors(
        detections.boxes[kept], detections.scores[kept], embedder.embed(aligned), tuple(left_out)
    )


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None
