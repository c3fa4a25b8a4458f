"""Proof that a converted model answers what the network answers: a detector the same scores and boxes, any
other network the same numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import onnx

from facecap.conversion import run_graph
from facecap.conversion.detector.families import decode
from facecap.conversion.detector.families.answers import Answers
from facecap.conversion.detector.families.retinaface import ROLES
from facecap.conversion.detector.priors import MEAN
from facecap.conversion.graph import Floats
from facecap.demo.portrait import photograph
from facecap.errors import FacecapError

if TYPE_CHECKING:
    from torch import nn

    from facecap.training.networks.retinaface import RetinaFace
    from facecap.training.networks.retinaface_light import LightRetinaFace

SCORE_TOLERANCE = 1e-5
BOX_TOLERANCE = 1e-3  # pixels, on priors that a detector would report
REPORTED = 0.02
OUTPUT_TOLERANCE = 1e-4
NOISY = 8  # pictures of noise
ROWS = [{"role": role, "name": role} for role in ROLES]


class ConversionError(FacecapError):
    """A converted model that does not answer like the network that it came from."""


@dataclass(frozen=True)
class Difference:
    """Largest differences found: probabilities of a face, and corners or landmarks in pixels."""

    score: float
    box: float

    def __str__(self) -> str:
        return f"scores differ by {self.score:.1e}, boxes and points by {self.box:.1e} px at most"


@dataclass(frozen=True)
class OutputDifference:
    """Largest difference found, as a share of the largest answer."""

    share: float

    def __str__(self) -> str:
        return f"outputs differ by {self.share:.1e} of the largest at most"


def check_same(
    network: RetinaFace | LightRetinaFace, model: onnx.ModelProto, manifest: Mapping[str, Any]
) -> Difference:
    """Compare a network with its ONNX file and manifest: on random input and on a photograph.

    Raises:
        ConversionError: a tolerance is passed.
    """

    def pairs() -> Iterator[tuple[Answers, Answers]]:
        for image in _inputs():
            size = (image.shape[3], image.shape[2])
            wanted = decode_rows(rows_of(network, image), manifest, size)
            yield wanted, decode(run_graph.outputs(model, image), manifest, size)

    return check_answers(pairs(), "the network")


def check_answers(pairs: Iterable[tuple[Answers, Answers]], original: str) -> Difference:
    """Hold what a converted detector found against what its `original` did, picture by picture, wherever one
    of both would report a face.

    Raises:
        ConversionError: a tolerance is passed, or neither reports anything.
    """
    worst, reported = Difference(0.0, 0.0), 0
    for wanted, found in pairs:
        seen = np.maximum(wanted.scores, found.scores) >= REPORTED
        reported += int(seen.sum())
        worst = Difference(
            max(worst.score, _apart(wanted.scores[seen], found.scores[seen])),
            max(
                worst.box,
                _apart(wanted.boxes[seen], found.boxes[seen]),
                _apart(wanted.landmarks[seen], found.landmarks[seen]),
            ),
        )
    if not reported:
        raise ConversionError(f"neither {original} nor the converted model sees a face to compare")
    if not (worst.score <= SCORE_TOLERANCE and worst.box <= BOX_TOLERANCE):
        raise ConversionError(
            f"the converted model differs from {original}: "
            f"scores by {worst.score:.2e} (allowed {SCORE_TOLERANCE:g}), "
            f"boxes by {worst.box:.2e} px (allowed {BOX_TOLERANCE:g})"
        )
    return worst


def _apart(wanted: Floats, found: Floats) -> float:
    """The largest difference, infinite where a number is none."""
    return float(np.nan_to_num(np.abs(wanted - found), nan=np.inf).max(initial=0))


def check_same_outputs(
    network: nn.Module, data: bytes, sides: tuple[int, int], batch: int | None = None
) -> OutputDifference:
    """Compare a network's answers (B, N), several in a row, with those of its ONNX file: on noise of falling
    contrast and on a photograph, scaled to -1 to 1; `batch` is that of the file, None for any.

    Raises:
        ConversionError: it is above the tolerance.
    """
    import onnxruntime
    import torch

    width, height = sides
    noise = np.random.default_rng(0).uniform(-1, 1, (NOISY, 3, height, width)).astype(np.float32)
    noise *= np.geomspace(1, 0.02, NOISY, dtype=np.float32).reshape(-1, 1, 1, 1)
    pictures = np.concatenate([portrait_input(width, height) / 127.5 - 1, noise])
    size = len(pictures) if batch is None else batch
    pictures = np.resize(pictures, (-(-len(pictures) // size) * size, *pictures.shape[1:]))
    with torch.inference_mode():
        answers = network(torch.from_numpy(pictures))
        wanted = (torch.cat(answers, 1) if isinstance(answers, tuple) else answers).numpy()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    found = np.concatenate(
        [
            np.concatenate(session.run(None, {name: pictures[i : i + size]}), axis=1)
            for i in range(0, len(pictures), size)
        ]
    )
    if found.shape != wanted.shape:
        raise ConversionError(
            f"the converted model answers {found.shape} where the network answers {wanted.shape}"
        )
    difference = float(np.abs(found - wanted).max() / max(float(np.abs(wanted).max()), 1e-9))
    if not difference <= OUTPUT_TOLERANCE:
        raise ConversionError(
            "the converted model differs from the network: "
            f"outputs by {difference:.2e} of the largest (allowed {OUTPUT_TOLERANCE:g})"
        )
    return OutputDifference(difference)


def _inputs() -> Iterator[Floats]:
    random = np.random.default_rng(0)
    for height, width in ((160, 192), (320, 256)):
        yield random.uniform(-123, 151, (1, 3, height, width)).astype(np.float32)
    yield portrait_input(512, 608) - np.array(MEAN, np.float32)[None, :, None, None]


def portrait_input(width: int, height: int) -> Floats:
    """The demo's photograph, (1, 3, height, width) BGR, 0 to 255."""
    picture = cv2.resize(photograph(), (width, height)).astype(np.float32)
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None])


def rows_of(network: RetinaFace | LightRetinaFace, image: Floats) -> dict[str, Floats]:
    """What the network itself answers to an input (1, 3, H, W), by role: boxes (1, N, 4), scores (1, N, 2)
    and landmarks (1, N, 10)."""
    import torch

    from facecap.training.networks.retinaface import flatten

    with torch.inference_mode():
        boxes, logits, landmarks = flatten(network(torch.from_numpy(image)))
        scores = torch.softmax(logits, -1)
    return {"boxes": boxes.numpy(), "scores": scores.numpy(), "landmarks": landmarks.numpy()}


def decode_rows(rows: Mapping[str, Floats], manifest: Mapping[str, Any], size: tuple[int, int]) -> Answers:
    """The answers of `rows_of` by the priors of a manifest of any form; `size` is that of the input."""
    detector = {**manifest["detector"], "form": "concatenated"}
    return decode(rows, {**manifest, "outputs": ROWS, "detector": detector}, size)
