"""What quantisation did to a network's answers, in the words of its task: the figures that rank layers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from facecap.conversion.cvimodel.variant import Answers, Floats
from facecap.conversion.detector.families import decode
from facecap.conversion.equality import ConversionError

FACE = 0.5  # score from which an answer of the float network counts as a face

Figures = dict[str, float]


class Judge(ABC):
    """Compares answers to the same pictures; `harm` is the figure by which layers are ranked, 0 for none."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._manifest = manifest

    def figures(self, wanted: Answers, found: Answers) -> Figures:
        """Figures of the task, `harm` among them.

        Args:
            wanted: the float network's answers, (N, ...) each, by the names of the toolchain.
            found: those of the same network on the chip.

        Raises:
            ConversionError: an output of the manifest is not among them.
        """
        return self._figures(self._outputs(wanted), self._outputs(found))

    @abstractmethod
    def _figures(self, wanted: list[Floats], found: list[Floats]) -> Figures: ...

    def _outputs(self, answers: Answers) -> list[Floats]:
        """In the manifest's order. The toolchain appends to names what makes and what holds the tensor."""
        return [_named(answers, entry["name"]) for entry in self._manifest["outputs"]]


class LogitJudge(Judge):
    """Of a mask classifier of one logit: how far it moves, and how often it changes sides."""

    def _figures(self, wanted: list[Floats], found: list[Floats]) -> Figures:
        right, other = wanted[0].reshape(-1), found[0].reshape(-1)
        error = float(np.sqrt(np.mean(np.square(right - other, dtype=np.float64))))
        same = float(np.mean((right >= 0) == (other >= 0)))
        return {"harm": error, "logit error": error, "sign agreement": same}


class DetectionJudge(Judge):
    """Of a detector: boxes, scores and landmarks of the answers in which the float network sees a face."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        super().__init__(manifest)
        self._size = (int(manifest["input"]["width"]), int(manifest["input"]["height"]))

    def _figures(self, wanted: list[Floats], found: list[Floats]) -> Figures:
        names = [entry["name"] for entry in self._manifest["outputs"]]
        right, other = (
            decode(dict(zip(names, outputs, strict=True)), self._manifest, self._size)
            for outputs in (wanted, found)
        )
        faces = right.scores >= FACE
        if not faces.any():
            raise ConversionError("the detector sees no face in the pictures that layers are ranked on")
        overlap = float(_overlaps(right.boxes, other.boxes)[faces].mean())
        score = float(np.abs(right.scores - other.scores)[faces].mean())
        distance = np.linalg.norm(right.landmarks - other.landmarks, axis=-1).mean(-1)
        landmarks = float((distance / (right.boxes[..., 2] - right.boxes[..., 0]))[faces].mean())
        harm = 1 - overlap + score + landmarks
        return {"harm": harm, "box IoU": overlap, "score error": score, "landmark error": landmarks}


class OutputJudge(Judge):
    """Of any other network: the root of noise over signal of its outputs."""

    def _figures(self, wanted: list[Floats], found: list[Floats]) -> Figures:
        shares = []
        for right, other in zip(wanted, found, strict=True):
            signal = float(np.square(right, dtype=np.float64).sum())
            noise = float(np.square(np.subtract(right, other, dtype=np.float64)).sum())
            shares.append(noise / max(signal, 1e-30))
        error = float(np.sqrt(max(shares)))
        return {"harm": error, "output error": error}


def judge_of(manifest: Mapping[str, Any]) -> Judge:
    """The judge of a manifest's task."""
    if manifest["task"] == "face_detection":
        return DetectionJudge(manifest)
    if manifest["task"] == "mask" and manifest["classifier"]["output"] == "sigmoid":
        return LogitJudge(manifest)
    return OutputJudge(manifest)


def _named(answers: Answers, name: str) -> Floats:
    for found, value in answers.items():
        if found == name or found.startswith(f"{name}_"):
            return np.asarray(value, np.float32)
    raise ConversionError(f"the toolchain answers {', '.join(answers)}, the manifest wants {name}")


def _overlaps(a: Floats, b: Floats) -> Floats:
    """Intersection over union of boxes (..., 4) at the same places."""
    low, high = np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=-1)
    sizes = [np.prod(box[..., 2:] - box[..., :2], axis=-1) for box in (a, b)]
    return np.asarray(shared / np.maximum(sizes[0] + sizes[1] - shared, 1e-9), np.float32)
